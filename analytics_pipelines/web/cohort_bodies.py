"""What is sent of a cohort, as JSON or as a form with a file, and what is shown of it."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from flask import request
from pydantic import BaseModel

from analytics_pipelines.cohorts.static import WrongCsv, ids_in_csv
from analytics_pipelines.cohorts.store import Cohort
from analytics_pipelines.insights.team import Team
from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.web.bodies import body_as, checked
from analytics_pipelines.web.errors import ApiError

_MOST_FORM_BYTES = 64 * 1024 * 1024
_ACTORS_AT_ONCE = 50_000
_MOST_ACTORS = 5_000_000
_Body = TypeVar("_Body", bound=BaseModel)


def sent(model: type[_Body]) -> _Body:
    """The body, checked; in a form, objects and lists are JSON. Raises ApiError."""
    if not _is_form():
        return body_as(model)
    request.max_content_length = _MOST_FORM_BYTES
    return checked(model, {name: _field(value) for name, value in request.form.items()})


def listed_ids() -> tuple[list[str], list[UUID]]:
    """Distinct ids, and ids of persons, of the file `csv`, if one was sent. Raises ApiError."""
    file = request.files.get("csv") if _is_form() else None
    if file is None:
        return [], []
    try:
        return ids_in_csv(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ApiError(400, "invalid_input", "The file must be text in UTF-8.", attr="csv") from None
    except WrongCsv as error:
        raise ApiError(400, "invalid_input", str(error), attr="csv") from None


def actors_of(query: Mapping[str, Any], team: Team, questions: Questions) -> list[UUID]:
    """The persons behind an `ActorsQuery`, or behind a point of an insight. Raises QueryFailed and ApiError."""
    question = dict(query) if query.get("kind") == "ActorsQuery" else {"kind": "ActorsQuery", "source": dict(query)}
    found: list[UUID] = []
    while len(found) < _MOST_ACTORS:
        page = {"select": ["id"], "orderBy": ["id"], "limit": _ACTORS_AT_ONCE, "offset": len(found)}
        rows = questions.ask({**question, **page}, team)["results"]
        try:
            found += [UUID(str(row[0])) for row in rows]
        except ValueError:
            raise ApiError(400, "invalid_input", "The query's actors must be persons.", attr="query") from None
        if len(rows) < _ACTORS_AT_ONCE:
            break
    return found


def cohort_body(cohort: Cohort) -> dict[str, Any]:
    """A cohort as the API shows it."""
    return {
        "id": cohort.id,
        "name": cohort.name,
        "description": cohort.description,
        "is_static": cohort.is_static,
        "filters": cohort.filters,
        "groups": [],
        "is_calculating": cohort.is_calculating,
        "count": cohort.count,
        "last_calculation": cohort.last_calculation.isoformat() if cohort.last_calculation else None,
        "errors_calculating": cohort.errors_calculating,
        "last_error_message": cohort.last_error,
        "last_error_at": cohort.last_error_at.isoformat() if cohort.last_error_at else None,
        "version": cohort.version,
        "pending_version": cohort.pending_version,
        "deleted": cohort.deleted,
        "created_at": cohort.created_at.isoformat(),
        "created_by": cohort.created_by,
    }


def _is_form() -> bool:
    return request.mimetype == "multipart/form-data"


def _field(text: str) -> Any:
    """A field of a form."""
    if text[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
