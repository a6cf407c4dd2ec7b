"""Responses that are valid JSON but not as documented: unknown values, missing fields, additional fields."""

KINDS = ("unknown_values", "missing_fields", "extra_fields")
OPEN_FIELDS = ("status", "direction", "provider", "end_reason", "type")  # further values may be added
KEPT_FIELDS = ("id", "status", "phone_number", "pagination", "success", "total", "limit", "offset")


def apply(kind: str, body: object) -> object:
    """The body with that kind of drift; lists and envelopes stay as they are."""
    if isinstance(body, list):
        return [apply(kind, item) for item in body]
    if not isinstance(body, dict):
        return body
    inner = {name: apply(kind, value) for name, value in body.items()}
    if kind == "unknown_values":
        return {name: "of-tomorrow" if name in OPEN_FIELDS and value else value for name, value in inner.items()}
    if kind == "extra_fields":
        return inner | {"added_later": {"by": ["VoiceDock", 2]}}
    return {name: value for name, value in inner.items() if name in KEPT_FIELDS or "id" not in body}
