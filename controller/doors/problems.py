"""A problem as RFC 9457 tells it: the same shape at every door."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from controller.errors import Problem

MEDIA_TYPE = "application/problem+json"
LONGEST_FIELD = 200
_CUT_OFF = frozenset({"E_SLOW", "E_TOO_LARGE"})
_STATUS = {
    400: "E_BODY",
    401: "E_SESSION",
    403: "E_RIGHT",
    404: "E_NOT_FOUND",
    405: "E_METHOD",
    413: "E_TOO_LARGE",
}


def trace_of(request: Request) -> str:
    """The number under which this request is found in the log."""
    return str(request.scope.get("state", {}).get("trace_id", ""))


def problem_json(problem: Problem, trace_id: str) -> Response:
    """The answer of every door that speaks JSON."""
    body: dict[str, object] = {
        key: value for key, value in problem.extra.items() if isinstance(value, str | int | float | dict)
    }
    body |= {
        "type": f"urn:loa:problem:{problem.code}",
        "title": problem.code,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.vi,
        "detail_en": problem.en,
        "trace_id": trace_id,
    }
    if problem.field is not None:
        body["field"] = problem.field
    return JSONResponse(body, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers_of(problem))


def headers_of(problem: Problem) -> dict[str, str]:
    """What a problem says beside its body."""
    found = {}
    if "retry_after" in problem.extra:
        found["Retry-After"] = str(problem.extra["retry_after"])
    if "size" in problem.extra:
        found["Content-Range"] = f"bytes */{problem.extra['size']}"
    if problem.code in _CUT_OFF:
        # the rest of such a body may never end: nobody reads on for it
        found["Connection"] = "close"
    return found


def from_status(status: int) -> Problem:
    """The problem for what the framework itself refused."""
    return Problem(_STATUS.get(status, "E_REFUSED" if status < 500 else "E_INTERNAL"), status=status)


def from_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem for a body, path or query that does not fit: the first fault, with its exact field."""
    first = errors[0] if errors else {"loc": (), "type": ""}
    parts = [str(part) for part in first["loc"]]
    field = ".".join(parts[1:] if len(parts) > 1 else parts)[:LONGEST_FIELD]
    if first["type"] == "extra_forbidden":
        return Problem("E_FIELD", field=field, vi=f"Không có mục {field}.", en=f"There is no field {field}.")
    if first["type"] == "missing":
        return Problem(
            "E_FIELD", field=field, vi=f"Còn thiếu mục {field}.", en=f"The field {field} is missing."
        )
    return Problem(
        "E_FIELD", field=field, vi=f"Mục {field} chưa đúng.", en=f"The field {field} is not right."
    )
