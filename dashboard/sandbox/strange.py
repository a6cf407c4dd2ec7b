"""Answers that can be read but are not as documented: values nobody knows, fields that are gone, fields that came."""

KINDS = ("unknown_values", "missing_fields", "extra_fields")
OPEN_LISTS = ("status", "direction", "provider", "end_reason", "type")  # fields whose values may grow
NEEDED = ("id", "status", "phone_number", "pagination", "success", "total", "limit", "offset")


def made(kind: str, body: object) -> object:
    """The same answer in its strange form; lists and envelopes stay what they are."""
    if isinstance(body, list):
        return [made(kind, one) for one in body]
    if not isinstance(body, dict):
        return body
    inner = {name: made(kind, value) for name, value in body.items()}
    if kind == "unknown_values":
        return {name: "of-tomorrow" if name in OPEN_LISTS and value else value for name, value in inner.items()}
    if kind == "extra_fields":
        return inner | {"added_later": {"by": ["VoiceDock", 2]}}
    return {name: value for name, value in inner.items() if name in NEEDED or "id" not in body}
