"""What is read as criteria, and what is refused, with the reason."""

from datetime import UTC, datetime
from typing import Any

import pytest

from analytics_pipelines.cohorts.criteria import Behavioral, Group, InCohort, PersonIs, read_criteria
from analytics_pipelines.cohorts.membership import MOST_CRITERIA, Definition, members
from analytics_pipelines.cohorts.windows import ago, last, periods, window
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.sql.errors import QueryError

CONTEXT = Context(Team(1, "US/Pacific"), datetime(2024, 3, 31, 5, 20, tzinfo=UTC))  # still the 30th there
DID: dict[str, Any] = {"type": "behavioral", "key": "buy", "event_type": "events"}
LATELY: dict[str, Any] = {**DID, "value": "performed_event", "time_value": 30, "time_interval": "day"}
RECENTLY = {"seq_time_value": 7, "seq_time_interval": "day"}


def tree(*leaves: Any, operator: str = "AND") -> dict[str, Any]:
    return {"properties": {"type": operator, "values": list(leaves)}}


def test_a_tree_is_read_as_clients_send_it() -> None:
    person = {"type": "person", "key": "email", "operator": "icontains", "value": "@", "negation": True, "bytecode": []}
    in_cohort = {"type": "cohort", "key": "id", "value": "7", "operator": "not_in"}
    found = read_criteria(tree({"type": "OR", "values": [{**LATELY, "conditionHash": "x"}, person]}, in_cohort))
    assert isinstance(found, Group)
    inner, other = found.parts
    assert other == InCohort(7, True)
    assert isinstance(inner, Group)
    did, is_ = inner.parts
    assert isinstance(did, Behavioral)
    assert (did.key, did.time_value, did.negation) == ("buy", 30, False)
    assert isinstance(is_, PersonIs)
    assert (is_.filter.key, is_.negation) == ("email", True)
    assert read_criteria({"properties": [in_cohort]}) == Group("AND", (other,))


@pytest.mark.parametrize(
    ("leaf", "said"),
    [
        ({**LATELY, "value": "performed_event_multiple"}, "operator_value"),
        ({**LATELY, "value": "performed_event_multiple", "operator_value": 0}, "greater than or equal to 1"),
        ({**LATELY, "value": "performed_event_multiple", "operator_value": -1}, "greater than or equal to 1"),
        ({**LATELY, "value": "performed_event_multiple", "operator_value": 1, "operator": "around"}, "operator"),
        ({**LATELY, "time_value": 0}, "time_value"),
        ({**LATELY, "time_value": "soon"}, "time_value"),
        ({**LATELY, "time_interval": "fortnight"}, "time_interval"),
        ({**LATELY, "time_value": None}, "time_value"),
        ({**LATELY, "explicit_datetime": "someday"}, "someday"),
        ({**LATELY, "explicit_datetime": "2024-02-02", "explicit_datetime_to": "2024-02-01"}, "before"),
        ({**LATELY, "key": ""}, "key"),
        ({**LATELY, "value": "thought_of"}, "value"),
        ({**LATELY, "event_type": "actions", "key": 5}, "no action 5"),
        ({**LATELY, "event_type": "actions", "key": "buy"}, "no action buy"),
        ({**LATELY, "surprise": 1}, "surprise"),
        ({**LATELY, "negation": "perhaps"}, "negation"),
        ({**LATELY, "event_filters": [{"key": "a", "value": 1, "operator": "around"}]}, "around"),
        ({**LATELY, "value": "performed_event_sequence", **RECENTLY}, "seq_event"),
        ({**LATELY, "value": "performed_event_sequence", "seq_event": "x"}, "seq_time_value"),
        ({**LATELY, "value": "stopped_performing_event"}, "seq_time_value"),
        ({**LATELY, "time_value": 3, "value": "stopped_performing_event", **RECENTLY}, "longer"),
        ({**LATELY, "time_value": 3, "value": "restarted_performing_event", **RECENTLY}, "longer"),
        ({**LATELY, "value": "performed_event_regularly", "min_periods": 3}, "total_periods"),
        ({**LATELY, "value": "performed_event_regularly", "min_periods": 3, "total_periods": 2}, "min_periods"),
        ({"type": "person", "key": "a", "operator": "exact", "value": None}, "needs a value"),
        ({"type": "person", "key": "a", "operator": "exact", "value": "b", "negation": 2}, "negation"),
        ({"type": "event", "key": "a", "value": "b"}, "type"),
        ({"type": "cohort", "key": "id", "value": "seven"}, "id of a cohort"),
        ({"type": "cohort", "key": "id", "value": 8}, "no cohort 8"),
        ({"type": "OR", "values": []}, "at least one"),
        ({"type": "XOR", "values": [LATELY]}, "AND or OR"),
        (5, "object"),
    ],
)
def test_what_is_no_criterion_is_refused(leaf: Any, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        members(tree(leaf), CONTEXT, {})


@pytest.mark.parametrize("filters", [{}, {"properties": {}}, {"properties": []}, {"properties": "all"}])
def test_a_cohort_without_criteria_is_refused(filters: dict[str, Any]) -> None:
    with pytest.raises(QueryError, match="needs criteria"):
        members(filters, CONTEXT, {})


def test_cohorts_that_name_each_other_are_refused() -> None:
    def of(cohort: int) -> dict[str, Any]:
        return tree({"type": "cohort", "key": "id", "value": cohort})

    others = {1: Definition(of(2)), 2: Definition(of(3)), 3: Definition(of(1)), 4: Definition(of(4))}
    for first in (1, 4):
        with pytest.raises(QueryError, match="circle"):
            members(of(first), CONTEXT, others)
    others[3] = Definition(tree(LATELY))
    assert members(of(1), CONTEXT, others) == members(tree(LATELY), CONTEXT, {})


def test_cohorts_that_grow_when_they_are_nested_end_somewhere() -> None:
    others = {0: Definition(tree(LATELY))}
    for cohort in range(1, 12):
        nested = {"type": "cohort", "key": "id", "value": cohort - 1}
        others[cohort] = Definition(tree(nested, nested))
    with pytest.raises(QueryError, match=str(MOST_CRITERIA)):
        members(others[11].filters, CONTEXT, others)


def test_too_deep_is_refused() -> None:
    leaf: dict[str, Any] = LATELY
    for _ in range(30):
        leaf = {"type": "AND", "values": [leaf]}
    with pytest.raises(QueryError, match="deep"):
        members(tree(leaf), CONTEXT, {})


def behaviour(**said: Any) -> Behavioral:
    return Behavioral.model_validate({**LATELY, **said})


def test_windows_begin_at_midnight_and_end_with_today() -> None:
    found = window(behaviour(time_value=21), CONTEXT)  # the clocks changed on the 10th
    assert found.start == datetime(2024, 3, 9, 8, tzinfo=UTC)
    assert found.end == datetime(2024, 3, 31, 6, 59, 59, 999999, tzinfo=UTC)
    assert last(1, "month", CONTEXT).start == datetime(2024, 2, 29, 8, tzinfo=UTC)
    assert last(1, "week", CONTEXT).start == datetime(2024, 3, 23, 7, tzinfo=UTC)
    assert last(1, "year", CONTEXT).start == datetime(2023, 3, 30, 7, tzinfo=UTC)
    assert ago(3, "hour", CONTEXT) == datetime(2024, 3, 31, 2, tzinfo=UTC)


def test_explicit_windows_take_whole_days_or_exact_times() -> None:
    days = window(behaviour(explicit_datetime="2024-03-01", explicit_datetime_to="2024-03-02"), CONTEXT)
    assert days.start == datetime(2024, 3, 1, 8, tzinfo=UTC)
    assert days.end == datetime(2024, 3, 3, 7, 59, 59, 999999, tzinfo=UTC)
    times = window(behaviour(explicit_datetime="-3d", explicit_datetime_to="2024-03-30T10:00:00"), CONTEXT)
    assert times.start == datetime(2024, 3, 27, 7, tzinfo=UTC)
    assert times.end == datetime(2024, 3, 30, 17, tzinfo=UTC)
    assert window(behaviour(explicit_datetime="all"), CONTEXT).start is None


def test_periods_end_with_yesterday() -> None:
    found = periods(behaviour(total_periods=2, time_value=2), CONTEXT)
    assert found == tuple(datetime(2024, 3, day, 7, tzinfo=UTC) for day in (26, 28, 30))
