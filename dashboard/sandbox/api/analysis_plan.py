"""An assistant's `analysis_plan` (voicedock-api.md §8): what is found out of a call once it is over.

The sandbox's own choice: a threshold is at least one message.
"""

from ..errors import invalid
from . import validation


def check(body: dict, where: str = "") -> None:
    plan, inside = validation.mapping(body, "analysis_plan", where), f"{where}analysis_plan."
    validation.whole(plan, "min_messages_threshold", 1, 1000, inside)
    structured, deeper = validation.mapping(plan, "structured_data_plan", inside), f"{inside}structured_data_plan."
    validation.boolean(structured, "enabled", deeper)
    schema = validation.mapping(structured, "schema", deeper)
    properties = validation.mapping(schema, "properties", f"{deeper}schema.")
    if not all(isinstance(one, dict) for one in properties.values()):
        raise invalid(f"{deeper}schema.properties", "must be objects")
    for at, message in enumerate(validation.listing(structured, "messages", where=deeper)):
        if not isinstance(message, dict):
            raise invalid(f"{deeper}messages[{at}]", "must be an object")
        for name in ("role", "content"):
            validation.text(message, name, required=True, where=f"{deeper}messages[{at}].")
