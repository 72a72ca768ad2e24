"""Asking for an erasure: who is meant, found by what people know of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from analytics_pipelines.erasures.component import component, ids_of_person
from analytics_pipelines.erasures.subject import EventFilter, Subject
from analytics_pipelines.erasures.victims import filter_query
from analytics_pipelines.groups.types import GroupTypes
from analytics_pipelines.insights.team import Context
from analytics_pipelines.problems import Problem
from analytics_pipelines.sql.compiler import compile_query
from resources.postgres import Postgres


def person_of_id(postgres: Postgres, team_id: int, distinct_id: str, now: datetime) -> Subject:
    """The person that this id belongs to; one that was never sent with a person is a person of its own here."""
    return Subject("person", component(postgres, team_id, [distinct_id], now))


def person(postgres: Postgres, team_id: int, person_id: UUID, now: datetime) -> Subject:
    """The person of this id. Raises Problem when there is none."""
    ids = ids_of_person(postgres, team_id, person_id)
    if not ids:
        raise Problem(f"Project {team_id} has no person {person_id}.", "Name one of its distinct ids.")
    return Subject("person", component(postgres, team_id, ids, now))


def group(postgres: Postgres, team_id: int, index: int, key: str) -> Subject:
    """The group of this kind and key. Raises Problem when there is no such kind."""
    types = {each.index: each.name for each in GroupTypes(postgres).of([team_id])}
    if index not in types:
        raise Problem(f"Project {team_id} has no kind of groups with the index {index}.", "Kinds are numbered from 0.")
    return Subject("group", group_type=types[index], group_key=key)


def events(
    context: Context,
    names: Sequence[str],
    date_from: datetime | None,
    date_to: datetime | None,
    properties: Sequence[Mapping[str, Any]],
) -> Subject:
    """Events that match all that is said. Raises Problem when nothing is said, QueryError for filters that can't be."""
    if not names and date_from is None and date_to is None and not properties:
        raise Problem("Which events?", "Name events, a span of time or property filters; or erase the project.")
    wanted = EventFilter(tuple(names), date_from, date_to, tuple(properties))
    compile_query(filter_query(wanted, context), context.scope())
    return Subject("events", filter=wanted)
