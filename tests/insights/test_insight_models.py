"""Which questions are taken, and which are refused before they could be answered wrongly."""

from typing import Any

import pytest

from analytics_pipelines.insights.kinds import parse_insight
from analytics_pipelines.insights.trends import TrendsQuery
from analytics_pipelines.sql.errors import QueryError

SERIES = [{"kind": "EventsNode", "event": "$pageview"}]


def trends(**more: Any) -> dict[str, Any]:
    return {"kind": "TrendsQuery", "series": SERIES, **more}


def test_a_question_as_clients_send_it() -> None:
    _, query = parse_insight(
        {
            "kind": "TrendsQuery",
            "series": [
                {"kind": "EventsNode", "event": "$pageview", "name": "$pageview", "math": "dau", "properties": []},
                {"kind": "EventsNode", "event": None, "custom_name": "Everything"},
            ],
            "interval": "week",
            "dateRange": {"date_from": "-30d", "date_to": None, "explicitDate": False},
            "trendsFilter": {"display": "ActionsBar", "showLegend": True, "formula": None, "smoothingIntervals": 1},
            "breakdownFilter": None,
            "compareFilter": {},
            "filterTestAccounts": False,
            "samplingFactor": 1,
            "properties": [],
            "tags": {"name": "x"},
            "version": 2,
        }
    )
    assert isinstance(query, TrendsQuery)
    assert query.interval == "week"
    assert [series.label for series in query.series] == ["$pageview", "All events"]


def test_nulls_of_clients_mean_nothing() -> None:
    breakdown = {"property": "a", "type": None, "group_type_index": None, "histogram_bin_count": None}
    nothing = {"breakdown": None, "breakdown_type": None, "breakdown_limit": None, "breakdown_group_type_index": None}
    _, query = parse_insight(
        trends(
            breakdownFilter={**nothing, "breakdowns": [breakdown]},
            compareFilter={"compare": False, "compare_to": None},
            trendsFilter={"display": None, "formula": None, "formulaNodes": None, "smoothingIntervals": None},
            aggregation_group_type_index=None,
        )
    )
    assert [each.type for each in query.breakdown_filter.all()] == ["event"]
    assert query.trends_filter.all_formulas == []


def test_what_is_absent_has_its_default() -> None:
    _, query = parse_insight(trends(interval=None, dateRange=None, trendsFilter=None))
    assert isinstance(query, TrendsQuery)
    assert (query.interval, query.dates.date_from, query.trends_filter.display) == ("day", None, None)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (trends(samplingFactor=0.1), "samplingFactor"),
        (trends(breakdownFilter={"breakdown_path_cleaning": True}), "breakdown_path_cleaning"),
        (trends(breakdownFilter={"breakdowns": [{"property": "a"}] * 4}), "breakdowns"),
        (trends(breakdownFilter={"breakdown": "a", "breakdown_type": "mood"}), "breakdown_type"),
        (trends(compareFilter={"compare_with": "-1w"}), "compare_with"),
        (trends(trendsFilter={"smoothingIntervals": 0}), "smoothingIntervals"),
        (trends(trendsFilter={"display": "Hologram"}), "display"),
        (trends(aggregation_group_type_index=7), "aggregation_group_type_index"),
        (trends(somethingNew=True), "somethingNew"),
        (trends(interval="fortnight"), "interval"),
        (trends(series=[]), "series"),
        (trends(series=SERIES * 27), "series"),
        (trends(dateRange={"date_from": 7}), "date"),
        ({"kind": "SurveysQuery"}, "kind must be one of"),
        ({"kind": ["TrendsQuery"]}, "kind must be one of"),
        ({}, "kind must be one of"),
        (None, "kind must be one of"),
    ],
)
def test_what_would_change_the_answer_is_refused(question: Any, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        parse_insight(question)
