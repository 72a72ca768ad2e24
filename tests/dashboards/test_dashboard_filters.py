"""A dashboard's filters on the question of a tile."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from analytics_pipelines.accounts.projects import Project
from analytics_pipelines.dashboards.overrides import question_key, question_of, with_filters

TRENDS = {"kind": "TrendsQuery", "series": [{"kind": "EventsNode"}]}
ONE, TWO = {"type": "event", "key": "a", "value": "1"}, {"type": "event", "key": "b", "value": "2"}
PROJECT = Project(
    id=1,
    organization_id=1,
    name="Shop",
    api_token="phc_x",
    timezone="UTC",
    week_start_day=0,
    is_demo=False,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    test_account_filters=[],
    path_cleaning_filters=[],
    anonymize_ips=False,
    denied_properties=[],
    denied_events=[],
    allowed_events=[],
    denied_distinct_ids=[],
    daily_event_quota=None,
    autocapture_opt_out=False,
    session_recording_opt_in=False,
    event_retention_days=None,
    recording_retention_days=None,
    dead_letter_retention_days=None,
    export_retention_days=None,
)


@pytest.mark.parametrize("wrapper", ["InsightVizNode", "DataTableNode", "DataVisualizationNode"])
def test_the_question_is_in_the_source_of_what_shows_it(wrapper: str) -> None:
    assert question_of({"kind": wrapper, "source": TRENDS}) == TRENDS
    assert question_of({"kind": wrapper, "source": {"kind": wrapper, "source": TRENDS}}) == TRENDS
    assert question_of({"kind": wrapper}) == {"kind": wrapper}
    assert question_of(TRENDS) == TRENDS


@pytest.mark.parametrize("filters", [{}, {"date_from": None, "date_to": ""}, {"properties": []}, {"properties": None}])
def test_no_filters_change_nothing(filters: dict[str, Any]) -> None:
    asked = {**TRENDS, "dateRange": {"date_from": "-7d"}, "properties": [ONE]}
    assert with_filters(asked, filters) == asked


def test_dates_replace_the_whole_range() -> None:
    asked = {**TRENDS, "dateRange": {"date_from": "-7d", "date_to": "-1d"}}
    assert with_filters(asked, {"date_from": "-30d"})["dateRange"] == {"date_from": "-30d", "date_to": None}
    assert with_filters(TRENDS, {"date_to": "2026-01-01"})["dateRange"] == {"date_from": None, "date_to": "2026-01-01"}


@pytest.mark.parametrize(
    ("own", "combined"),
    [
        (None, [TWO]),
        ([], [TWO]),
        ([ONE], [ONE, TWO]),
        (
            {"type": "OR", "values": [{"type": "AND", "values": [ONE]}]},
            {
                "type": "AND",
                "values": [
                    {"type": "OR", "values": [{"type": "AND", "values": [ONE]}]},
                    {"type": "AND", "values": [TWO]},
                ],
            },
        ),
    ],
)
def test_properties_are_anded(own: Any, combined: Any) -> None:
    asked = {**TRENDS, "properties": own}
    assert with_filters(asked, {"properties": [TWO]})["properties"] == combined
    assert asked["properties"] == own, "the insight itself stays as it is"


def test_sql_takes_them_where_it_says_filters() -> None:
    asked = {"kind": "HogQLQuery", "query": "select 1", "filters": {"properties": [ONE], "dateRange": {"date_to": "x"}}}
    assert with_filters(asked, {"properties": [TWO], "date_from": "-7d"}) == {
        **asked,
        "filters": {"properties": [ONE, TWO], "dateRange": {"date_from": "-7d", "date_to": None}},
    }


def test_lists_of_events_have_other_names_for_their_dates() -> None:
    asked = {"kind": "EventsQuery", "select": ["*"], "after": "-24h"}
    assert with_filters(asked, {"date_from": "-7d", "properties": [TWO]}) == {
        **asked,
        "after": "-7d",
        "before": None,
        "properties": [TWO],
    }


def test_a_key_knows_the_same_question_again_and_no_other() -> None:
    key = question_key({"kind": "TrendsQuery", "interval": "day"}, PROJECT)
    assert question_key({"interval": "day", "kind": "TrendsQuery"}, PROJECT) == key
    others = [
        question_key({"kind": "TrendsQuery", "interval": "week"}, PROJECT),
        question_key({"kind": "TrendsQuery", "interval": "day"}, replace(PROJECT, timezone="Asia/Tokyo")),
        question_key({"kind": "TrendsQuery", "interval": "day"}, replace(PROJECT, week_start_day=1)),
        question_key({"kind": "TrendsQuery", "interval": "day"}, replace(PROJECT, test_account_filters=[ONE])),
        question_key({"kind": "TrendsQuery", "interval": "day"}, replace(PROJECT, path_cleaning_filters=[ONE])),
    ]
    assert len({key, *others}) == 6
    assert question_key({"kind": "TrendsQuery", "interval": "day"}, replace(PROJECT, name="Another")) == key
