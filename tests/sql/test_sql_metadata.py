"""What is said of a query that isn't run, and what may be written next."""

from dataclasses import replace
from typing import Any

import pytest
from two_teams import TEAM

from analytics_pipelines.sql.autocomplete import MOST, Vocabulary, complete
from analytics_pipelines.sql.database import database_schema
from analytics_pipelines.sql.metadata import metadata
from analytics_pipelines.sql.schema import SCHEMA
from analytics_pipelines.sql.scope import SavedAction

SCOPE = replace(TEAM.scope(), variables={"country": "DE"}, actions={3: SavedAction("Signed up", lambda: None)})
KNOWN = {"event": ["price", "$browser", "odd name"], "person": ["email", "age"], "group_0": ["seats"]}
VOCABULARY = Vocabulary(KNOWN, ["view", "buy", "Signed up"])


def marked(text: str, remarks: Any) -> list[tuple[str, str | None]]:
    return [(each.message, None if each.start is None else text[each.start : each.end]) for each in remarks]


def test_a_valid_query_names_its_tables() -> None:
    found = metadata("SELECT event, person.properties.email AS email FROM events LIMIT 1", SCOPE, known=KNOWN).answer()
    assert found["isValid"] is True
    assert found["isValidView"] is True
    assert found["table_names"] == ["events", "persons"]
    assert (found["errors"], found["warnings"], found["notices"]) == ([], [], [])


def test_a_view_needs_a_name_for_each_column() -> None:
    assert metadata("SELECT count() FROM events LIMIT 1", SCOPE).answer()["isValidView"] is False
    assert metadata("SELECT count() AS n FROM events UNION ALL SELECT 1 LIMIT 1", SCOPE).every_column_is_named is False


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("SELECT evnt FROM events", "unknown column “evnt”. Did you mean “event”?", "evnt"),
        ("SELECT unqi(event) FROM events", "unknown function “unqi”. Did you mean “uniq”?", "unqi"),
        ("SELECT event FROM events WHERE", "unexpected end of query", "WHERE"),
        ("DROP TABLE events", "only SELECT is allowed", "DROP TABLE events"),
        ("SELECT person.emial FROM events", "unknown column “emial”.", "person.emial"),
    ],
)
def test_an_error_has_its_place(text: str, message: str, place: str) -> None:
    found = metadata(text, SCOPE)
    assert marked(text, found.errors) == [(message, place)]
    assert found.answer()["isValid"] is False


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("evnt = 'a'", "unknown column “evnt”. Did you mean “event”?", "evnt"),
        ("event = ", "unexpected end of query", "="),
        ("event, uuid", "this must be one expression", None),
    ],
)
def test_an_expression_has_its_own_places(text: str, message: str, place: str | None) -> None:
    assert marked(text, metadata(text, SCOPE, language="hogQLExpr").errors) == [(message, place)]


def test_an_expression_may_be_about_another_query() -> None:
    source = "SELECT properties.email AS email, count() FROM persons GROUP BY email"
    assert not metadata("properties.age > 3", SCOPE, language="hogQLExpr", source=source).errors
    assert metadata("event", SCOPE, language="hogQLExpr", source=source).errors


def test_properties_that_nobody_sent_are_warned_of() -> None:
    asked = "properties.pric, person.properties.age, properties['$browser'], e.person.properties['emial']"
    text = f"SELECT {asked} FROM events e"
    found = metadata(text, SCOPE, known=KNOWN)
    assert marked(text, found.warnings) == [
        ("the property “pric” was never seen. Did you mean “price”?", "properties.pric"),
        ("the property “emial” was never seen. Did you mean “email”?", "e.person.properties['emial'"),
    ]
    assert [each.fix for each in found.warnings] == ["price", "email"]


def test_types_and_limits_are_told() -> None:
    text = "SELECT properties.price FROM events"
    assert marked(text, metadata(text, SCOPE).notices) == [
        ("“price” is read as Numeric", "properties.price"),
        ("at most 100 rows are shown; set a LIMIT of up to 50000", None),
    ]


def labels(text: str, **more: Any) -> list[str]:
    """At the sign | in the text."""
    before, _, after = text.partition("|")
    return [each.label for each in complete(before + after, len(before), SCOPE, VOCABULARY, **more).suggestions]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("SELECT * FROM ev|", ["events"]),
        ("SELECT * FROM |", [*SCHEMA, "numbers"]),
        ("WITH mine AS (SELECT 1) SELECT * FROM m|", ["mine", "numbers"]),
        ("SELECT eve| FROM events", ["event", "events", "$event_count"][:2]),
        ("SELECT e.distinct| FROM events e", ["distinct_id"]),
        ("SELECT e.person.| FROM events AS e", ["id", "created_at", "properties", "is_identified", "pdi"]),
        ("SELECT person.properties.| FROM events", ["email", "age"]),
        ("SELECT poe.properties.e| FROM events", ["email"]),
        ("SELECT properties.| FROM events", ["price", "$browser", "odd name"]),
        ("SELECT properties.| FROM persons", ["email", "age"]),
        ("SELECT group_0.properties.| FROM events", ["seats"]),
        ("SELECT session.person.properties.a| FROM events", ["age", "email"]),
        ("SELECT nothing.| FROM events", []),
        ("SELECT 1 FROM events WHERE event = 'S|", ["Signed up"]),
        ("SELECT 1 FROM events WHERE event IN ('|", ["view", "buy", "Signed up"]),
        ("SELECT 1 FROM events WHERE event = 'x' AND person_id IN COHORT |", ["Grown-ups", "Nobody"]),
        ("SELECT 1 FROM events WHERE matchesAction('|", ["Signed up"]),
        ("SELECT 1 FROM events WHERE {v|", ["variables.country"]),
        ("SELECT quantileExactL|", ["quantileExactLow"]),
    ],
)
def test_what_may_come_next(text: str, first: list[str]) -> None:
    assert labels(text)[: max(len(first), 1)] == first


def test_an_expression_is_about_events() -> None:
    assert labels("distin|", language="hogQLExpr")[0] == "distinct_id"


def test_odd_names_are_written_in_backticks() -> None:
    [odd] = complete("SELECT properties.odd FROM events", 21, SCOPE, VOCABULARY).suggestions
    assert (odd.label, odd.insert) == ("odd name", "`odd name`")


def test_long_lists_are_cut_and_say_so() -> None:
    many = Vocabulary({"event": [f"p{number}" for number in range(MOST + 1)]})
    found = complete("SELECT properties. FROM events", 18, SCOPE, many)
    assert (len(found.suggestions), found.incomplete) == (MOST, True)
    assert found.answer()["incomplete_list"] is True


def test_completion_never_fails() -> None:
    for text in ("", "'", "`", "SELECT ((", "\\", "{", "FROM", "a." * 500, "e\u0301."):
        for end in (0, len(text)):
            complete(text, end, SCOPE, VOCABULARY)


def test_the_schema_lists_every_table_and_what_stands_beside() -> None:
    tables = database_schema()["tables"]
    assert set(tables) == set(SCHEMA)
    fields = tables["events"]["fields"]
    assert fields["timestamp"]["type"] == "datetime"
    assert fields["person"] == {
        "name": "person",
        "hogql_value": "person",
        "type": "lazy_table",
        "schema_valid": True,
        "table": "persons",
        "fields": ["id", "created_at", "properties", "is_identified"],
    }
    assert "team_id" not in str(tables)
