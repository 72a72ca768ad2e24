"""Two projects with the same ids everywhere and different values: whatever team 2 has says “secret”."""

import json
from typing import Any
from uuid import UUID

from analytics_pipelines.insights.team import Team
from resources.clickhouse import ClickHouse

ANN, BOB, OLD_ANN = (UUID(int=number) for number in (1, 2, 3))
SESSION = "01900000-0000-7000-8000-000000000001"

CHAIN = (
    r'span.b:text="Buy \"now\""nth-child="1";'
    r'a.c:attr_id="go"href="/buy?a=\"text=\""nth-child="2"text="Buy \"now\"";body:'
)

TEAM = Team(
    id=1,
    timezone="America/Sao_Paulo",
    property_types={
        ("event", "price"): "Numeric",
        ("event", "paid"): "Boolean",
        ("event", "at"): "DateTime",
        ("person", "age"): "Numeric",
        ("group_0", "seats"): "Numeric",
    },
    group_types={0: "company", 1: "project"},
    cohorts={5: "Grown-ups", 6: "Nobody"},
)


def _events(team: int) -> list[dict[str, Any]]:
    """Ann views and buys, first as an id that had a person of its own; Bob views; somebody unknown views."""
    hidden = "secret" if team == 2 else ""
    rows: list[tuple[str, str, UUID, str, dict[str, Any], dict[str, str]]] = [
        ("view", "old-ann", OLD_ANN, "10:00", {"price": 5, "$set": {"plan": "free"}}, {"company": "acme"}),
        ("buy", "ann", ANN, "11:00", {"price": "12.5", "paid": True, "at": "2024-05-01"}, {"company": "acme"}),
        ("view", "bob", BOB, "12:00", {"price": "?", "paid": "false", "$set_once": {"plan": "pro"}}, {}),
        ("view", "nobody", UUID(int=9), "13:00", {"paid": "maybe"}, {"project": "p1"}),
    ]
    return [
        {
            "team_id": team,
            "uuid": str(UUID(int=100 * team + number)),
            "event": hidden or event,
            "distinct_id": distinct_id,
            "person_id": str(person),
            "timestamp": f"2024-05-05 {at}:00.000000",
            "properties": json.dumps({**properties, **({"secret": hidden} if hidden else {})}),
            "groups": groups,
            "elements_chain": CHAIN if event == "buy" else "",
            "$session_id": SESSION if event != "buy" else None,
            "received_at": "2024-05-06 00:00:00.000",
        }
        for number, (event, distinct_id, person, at, properties, groups) in enumerate(rows)
    ]


def _persons(team: int) -> list[dict[str, Any]]:
    hidden = "secret" if team == 2 else ""
    people = [
        (ANN, {"email": hidden or "ann@example.com", "age": 40}, 2, 0),
        (ANN, {"email": hidden or "outdated", "age": 39}, 1, 0),
        (BOB, {"email": hidden or "bob@example.com", "age": 17 if team == 1 else 99}, 1, 0),
        (UUID(int=4), {"email": hidden or "deleted"}, 1, 1),
    ]
    return [
        {
            "team_id": team,
            "id": str(person),
            "created_at": f"202{team}-01-01 00:00:00.000000",
            "properties": json.dumps(properties),
            "is_identified": True,
            "version": version,
            "is_deleted": deleted,
        }
        for person, properties, version, deleted in people
    ]


def _ids(team: int) -> list[dict[str, Any]]:
    ids = [("ann", ANN, 0), ("old-ann", ANN, 0), ("bob", BOB, 0), ("gone", BOB, 1)]
    extra = [("secret", BOB, 0)] if team == 2 else []
    return [
        {"team_id": team, "distinct_id": name, "person_id": str(person), "version": 1, "is_deleted": deleted}
        for name, person, deleted in ids + extra
    ]


def _overrides(team: int) -> list[dict[str, Any]]:
    current = ANN if team == 1 else BOB
    row = {"distinct_id": "old-ann", "stored_person_id": str(OLD_ANN), "person_id": str(current)}
    return [{"team_id": team, **row, "version": 1, "is_deleted": 0}]


def _facts(team: int) -> list[dict[str, Any]]:
    hidden = "secret" if team == 2 else ""
    values = {"name": f'"{hidden or "Acme"}"', "seats": "7" if team == 1 else "99"}
    row = {"team_id": team, "index": 0, "type": "company", "key": "acme"}
    at = f"202{team}-02-02 00:00:00.000000"
    facts = [{**row, "is_property": False, "property": "", "written": [at, 0, ""], "first_seen": at}]
    for name, value in values.items():
        facts.append({**row, "is_property": True, "property": name, "written": [at, 1, value], "first_seen": at})
    return facts


def _sessions(team: int) -> list[dict[str, Any]]:
    hidden = "secret" if team == 2 else ""
    return [
        {
            "team_id": team,
            "session_id": SESSION,
            "day": "2024-05-05",
            "distinct_id": hidden or "bob",
            "person_id": str(OLD_ANN),
            "start": "2024-05-05 10:00:00.000000",
            "end": "2024-05-05 12:30:00.000000",
            "duration": 9000 if team == 1 else 1,
            "events": 3,
            "pageviews": 2,
            "entry_pathname": hidden or "/home",
            "channel_type": hidden or "Direct",
        }
    ]


def _cohorts(team: int) -> list[dict[str, Any]]:
    members = [(5, OLD_ANN)] if team == 1 else [(5, BOB), (6, BOB)]
    return [{"team_id": team, "cohort_id": cohort, "person_id": str(person)} for cohort, person in members]


_TABLES = {
    "events": _events,
    "persons": _persons,
    "person_distinct_ids": _ids,
    "person_overrides": _overrides,
    "group_facts": _facts,
    "sessions": _sessions,
    "cohort_people": _cohorts,
}


_ROLLUPS = (
    "INSERT INTO event_counts_hourly SELECT team_id, toDate32(timestamp), event, toStartOfHour(timestamp), count(),"
    " uniqExactState(person_id) FROM events GROUP BY ALL",
    "INSERT INTO active_people_daily SELECT team_id, toDate32(timestamp), event, person_id, count(), true"
    " FROM events GROUP BY ALL",
    "INSERT INTO web_stats_daily SELECT team_id, day, 'path', ifNull(entry_pathname, ''), uniqExactState(person_id),"
    " sum(pageviews), count(), sum(duration), 0, 0 FROM sessions GROUP BY ALL",
)


def fill(clickhouse: ClickHouse, teams: tuple[int, ...] = (1, 2)) -> None:
    for table, rows in _TABLES.items():
        lines = "\n".join(json.dumps(row) for team in teams for row in rows(team))
        clickhouse.command(f"INSERT INTO {table} FORMAT JSONEachRow {lines}")
    for statement in _ROLLUPS:
        clickhouse.command(statement)
