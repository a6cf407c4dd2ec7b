"""API errors and the four shapes of their bodies (voicedock-api.md §2.2): A is the current one, D is empty."""

from typing import Any

SHAPES = ("A", "B", "C", "D")

TITLES = {
    400: ("invalid_request", "Invalid request"),
    401: ("unauthorized", "Invalid API key"),
    402: ("insufficient_credits", "Insufficient credits"),
    403: ("forbidden", "Forbidden"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "Method not allowed"),
    409: ("conflict", "Conflict"),
    422: ("unprocessable", "Unprocessable"),
    429: ("rate_limit_exceeded", "Rate limit exceeded"),
    500: ("internal_error", "Internal server error"),
    502: ("bad_gateway", "Bad gateway"),
    503: ("service_unavailable", "Service unavailable"),
    504: ("gateway_timeout", "Gateway timeout"),
}


class ApiError(Exception):
    """The request is answered with this error. `field` names the invalid input, `extra` is added to a shape A body,
    a `code` in it to a shape C body as well."""

    def __init__(
        self,
        status: int,
        message: str = "",
        *,
        code: str = "",
        title: str = "",
        field: str = "",
        extra: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        default_code, default_title = TITLES.get(status, ("error", "Error"))
        super().__init__(message or default_title)
        self.status, self.message, self.field = status, message, field
        self.code, self.title = code or default_code, title or default_title
        self.extra, self.retry_after = extra or {}, retry_after

    def body(self, shape: str) -> dict[str, Any] | None:
        field = {"param": self.field, "type": "validation"} if self.field else {}
        if shape == "D":
            return None
        if shape == "B":
            return {"error": {"code": self.code, "message": self.message or self.title} | field}
        if shape == "C":
            code = {"code": self.extra["code"]} if "code" in self.extra else {}
            return {"error": self.message or self.title} | code | field
        body: dict[str, Any] = {"error": self.title}
        if self.message:
            body["message"] = self.message
        if self.field:
            body["details"] = [f"{self.field}: {self.message}"]
        return body | self.extra


def invalid(field: str, message: str) -> ApiError:
    """A 400 that names the field."""
    return ApiError(400, f"{field} {message}", field=field)


def missing(field: str) -> ApiError:
    return ApiError(400, f"{field} is required", field=field, code="missing_field")


def not_found(what: str, field: str = "") -> ApiError:
    """A 404; `field` where the body names the missing record."""
    return ApiError(
        404, f"{field} names none of this organization" if field else "", title=f"{what} not found", field=field
    )
