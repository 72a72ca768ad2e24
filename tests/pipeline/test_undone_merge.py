"""Two people that were merged by mistake, a week of events after it, and the merge taken back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from histories import Send, Sender
from installation import Installation

from analytics_pipelines.insights.team import Team
from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines

FIRST = datetime(2026, 11, 16, 12, tzinfo=UTC)
DAYS = 8
PEOPLE = {"ada": "laptop", "bob": "phone"}


def event(number: int, day: int, name: str, distinct_id: str, **properties: Any) -> tuple[dict[str, Any], None]:
    fields = {"event": name, "distinct_id": distinct_id, "properties": properties}
    at = FIRST + timedelta(days=day, minutes=number % 50)
    uuid = f"00000000-0000-4000-8000-{number:012}"
    return {"sent_at": None, "project": 1, "uuid": uuid, "event": {**fields, "timestamp": at.isoformat()}}, None


@pytest.fixture
def questions(reader: ClickHouse) -> Questions:
    return Questions(reader, Settings(), now=lambda: FIRST + timedelta(days=DAYS))


def unique_people(questions: Questions) -> list[int]:
    answer = questions.ask(
        {
            "kind": "TrendsQuery",
            "series": [{"kind": "EventsNode", "event": "page", "math": "dau"}],
            "interval": "day",
            "dateRange": {"date_from": "2026-11-16", "date_to": "2026-11-23"},
        },
        Team(1),
    )
    data: list[int] = answer["results"][0]["data"]
    return data


def histories(questions: Questions, living: Installation) -> dict[str, list[str]]:
    """What each person's events say of their ids and names, by the name that the person goes by."""
    rows = questions.ask(
        {
            "kind": "HogQLQuery",
            "query": "select person_id, arraySort(groupArray(concat(distinct_id, ' ', event))) from events group by 1",
        },
        Team(1),
    )["results"]
    names = {str(person): properties["name"] for (_, person), (_, properties, _) in living.tables().persons.items()}
    return {names[str(person)]: texts for person, texts in rows}


def live_a_week(living: Installation) -> None:
    """Two people with two ids each; on the second day somebody logs in as ada at bob's, and goes on as bob."""
    sender = Sender(living.store, 1)
    for number, (name, device) in enumerate(PEOPLE.items(), 1):
        sender.send(
            Send(
                (
                    event(number * 100, 0, "page", device),
                    event(
                        number * 100 + 1, 0, "$identify", name, **{"$anon_distinct_id": device, "$set": {"name": name}}
                    ),
                    event(number * 100 + 2, 0, "page", name),
                )
            )
        )
    living.drain()
    sender.send(Send((event(1, 1, "$merge_dangerously", "ada", alias="bob"),)))
    living.drain()
    for day in range(1, DAYS):
        sent = [event(1000 * day + n, day, "page", each) for n, each in enumerate([*PEOPLE, *PEOPLE.values()], 2)]
        sender.send(Send(tuple(sent)))
    living.drain()


@pytest.mark.parametrize("squashes", [0, 2])
def test_both_histories_and_the_chart_are_right_after_a_merge_is_taken_back(
    living: Installation, questions: Questions, squashes: int
) -> None:
    live_a_week(living)
    assert unique_people(questions) == [1] * DAYS
    assert len(histories(questions, living)) == 1
    if squashes:
        living.squash()
        assert unique_people(questions) == [1] * DAYS
    (edge,) = [each for each in living.edges() if each[1].int & 0xFFFF == 1]
    living.unmerge(*edge)
    if squashes > 1:
        living.squash()
    assert unique_people(questions) == [2] * DAYS
    assert histories(questions, living) == {
        name: sorted(
            [f"{name} $identify", *([f"{name} $merge_dangerously"] if name == "ada" else [])]
            + [f"{each} page" for each in (name, device) for _ in range(DAYS)]
        )
        for name, device in PEOPLE.items()
    }
    found, expected = living.tables(), living.expected()
    assert (found.events, found.persons, found.ids) == (expected.events, expected.persons, expected.ids)
    living.remerge(*edge)
    assert unique_people(questions) == [1] * DAYS
