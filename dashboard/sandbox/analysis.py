"""The analysis of an ended call by its assistant's `analysis_plan` (voicedock-api.md §8, §17 13).

The sandbox's own choice: a plan without `enabled` is off; a property without a value in the conversation is left
out, or empty where the schema requires it.
"""

from typing import Any

from .records import Call

DEFAULT_THRESHOLD = 2
EMPTY: dict[str, Any] = {"boolean": False, "integer": 0, "number": 0, "array": [], "object": {}}


def result(call: Call, found: dict[str, Any]) -> dict[str, Any] | None:
    """`found` in the shape of the plan's schema; None without a plan, or with fewer messages than it asks for."""
    plan = call.config.get("analysis_plan") or {}
    structured = plan.get("structured_data_plan") or {}
    if not structured.get("enabled"):
        return None
    if len(call.messages) < (plan.get("min_messages_threshold") or DEFAULT_THRESHOLD):
        return None
    schema = structured.get("schema") or {}
    properties = schema.get("properties")
    return found if properties is None else _shaped(found, properties, schema.get("required") or [])


def _shaped(found: dict[str, Any], properties: dict[str, dict[str, Any]], required: list[str]) -> dict[str, Any]:
    shaped: dict[str, Any] = {}
    for name, rule in properties.items():
        if name in found:
            shaped[name] = _of_type(found[name], rule)
        elif name in required:
            shaped[name] = rule["enum"][0] if rule.get("enum") else EMPTY.get(str(rule.get("type")), "")
    return shaped


def _of_type(value: object, rule: dict[str, Any]) -> object:
    """The value as the type that the rule asks for, and one of its `enum` where there is one."""
    kind = rule.get("type")
    if kind == "string":
        value = value if isinstance(value, str) else str(value)
    elif kind == "boolean":
        value = bool(value)
    elif kind in ("integer", "number"):
        digits = "".join(character for character in str(value) if character.isdigit())
        value = int(digits or 0)
    elif kind in EMPTY and type(value) is not type(EMPTY[kind]):
        value = EMPTY[kind]
    return value if not rule.get("enum") or value in rule["enum"] else rule["enum"][0]
