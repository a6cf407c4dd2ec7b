"""An assistant's `analysis_plan` (voicedock-api.md §8): the analysis of an ended call.

The sandbox's own choice: a threshold is at least one message.
"""

from typing import Any

from ..errors import invalid
from . import validation


def check(body: dict[str, Any], where: str = "") -> None:
    plan = validation.mapping(body, "analysis_plan", where)
    path = f"{where}analysis_plan."
    validation.integer(plan, "min_messages_threshold", 1, 1000, path)
    structured = validation.mapping(plan, "structured_data_plan", path)
    structured_path = f"{path}structured_data_plan."
    validation.boolean(structured, "enabled", structured_path)
    schema = validation.mapping(structured, "schema", structured_path)
    properties = validation.mapping(schema, "properties", f"{structured_path}schema.")
    if not all(isinstance(rule, dict) for rule in properties.values()):
        raise invalid(f"{structured_path}schema.properties", "must be objects")
    for index, message in enumerate(validation.listing(structured, "messages", where=structured_path)):
        if not isinstance(message, dict):
            raise invalid(f"{structured_path}messages[{index}]", "must be an object")
        for name in ("role", "content"):
            validation.text(message, name, required=True, where=f"{structured_path}messages[{index}].")
