"""The SQL of a retention: for each actor the rows that it belongs to, and the columns of each in which it came back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analytics_pipelines.insights.asked import ACTOR, EVENTS, TIMESTAMP, both, call, compared, item, mapped, name
from analytics_pipelines.insights.breakdowns import EVERYBODY, OTHER_LABEL, cohort_name, value_of
from analytics_pipelines.insights.dates import DateRange
from analytics_pipelines.insights.filters import all_of, in_cohort
from analytics_pipelines.insights.intervals import place_of, within
from analytics_pipelines.insights.maths import PERSON
from analytics_pipelines.insights.retention.model import RetentionQuery
from analytics_pipelines.insights.series import series_condition, source_condition
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes

ROW, VALUE, COLUMNS = "row", "value", "columns"
_FIRST, _STARTS, _RETURNS, _START = "first_at", "starts", "returns", "start"
_MICROSECONDS_PER_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Returns:
    """What is asked of the events, over the rows of `dates`; of the members of one cohort, or of everybody.

    `source` is what the target is apart from property filters, which are in `target`. Values are texts.
    """

    query: RetentionQuery
    dates: DateRange
    source: nodes.Expr
    target: nodes.Expr
    returning: nodes.Expr
    members: nodes.Expr | None
    cohort: int | str | None
    value: nodes.Expr | None

    def rows(self) -> nodes.Select:
        """`actor_id, row, [value,] columns`: one row for each row of the table (and value) that an actor is in."""
        kept = [ACTOR, ROW, *([VALUE] if self.value else [])]
        return nodes.Select(
            (*(item(each, name(each)) for each in kept), item(COLUMNS, self._columns())),
            nodes.Derived(self._beginnings(), "beginnings"),
        )

    def is_kept(self, value: nodes.Expr) -> nodes.Expr:
        """That a value is among those with the most actors in column 0, of all rows together."""
        most = nodes.Select(
            (item(VALUE, name(VALUE)),),
            nodes.Derived(self._beginnings(), "beginnings"),
            group=(name(VALUE),),
            order=(nodes.Order(call("count"), descending=True), nodes.Order(name(VALUE))),
            limit=self.query.breakdown_filter.limit,
        )
        return nodes.In(value, most)

    @property
    def shown_value(self) -> nodes.Expr:
        return call("if", self.is_kept(name(VALUE)), name(VALUE), OTHER_LABEL)

    @property
    def _anchored(self) -> bool:
        """Whether an actor begins only once."""
        asked = self.query.retention_filter
        return asked.retention_type != "retention_recurring" or asked.rolling

    def _beginnings(self) -> nodes.Select:
        """`actor_id, row, [value,] returns` and for those who begin once `first_at`."""
        actors = nodes.Derived(self._actors(), "actors")
        kept = [item(ACTOR, name(ACTOR)), item(_RETURNS, name(_RETURNS))]
        if self._anchored:
            kept += [item(_FIRST, name(_FIRST)), item(ROW, place_of(self.dates, name(_FIRST)))]
            kept += [item(VALUE, name(VALUE))] if self.value else []
            return nodes.Select(tuple(kept), actors)
        each = nodes.Select((*kept, item(_START, call("arrayJoin", name(_STARTS)))), actors)
        start = name(_START)
        place = call("tupleElement", start, 1) if self.value else start
        kept.append(item(ROW, place))
        kept += [item(VALUE, call("tupleElement", start, 2))] if self.value else []
        return nodes.Select(tuple(kept), nodes.Derived(each, "each"))

    def _actors(self) -> nodes.Select:
        """One row an actor: when it began, and the intervals or moments of its returns. One pass over the events."""
        asked, in_range = self.query.retention_filter, within(self.dates)
        place = place_of(self.dates)
        back = both(self.returning, in_range)
        if asked.rolling:
            returns = call("groupArrayIf", call("toUnixTimestamp64Micro", TIMESTAMP), back)
        else:
            returns = call("groupUniqArrayIf" if asked.minimum_occurrences == 1 else "groupArrayIf", place, back)
        items, having = [item(ACTOR, self.query.who), item(_RETURNS, returns)], None
        if self._anchored:
            items += self._first()
            having = self._began()
        else:
            start = call("tuple", place, self.value) if self.value else place
            items.append(item(_STARTS, call("groupUniqArrayIf", start, self.target)))
        relevant = nodes.Logic("OR", (self._wanted, nodes.Logic("AND", (self.returning, in_range))))
        time = in_range if self._in_range_alone else compared(TIMESTAMP, "<=", nodes.Constant(self.dates.end))
        where = both(time, relevant, self.members, self.query.has_actor())
        return nodes.Select(tuple(items), EVENTS, where=where, group=(name(ACTOR),), having=having)

    @property
    def _wanted(self) -> nodes.Expr:
        """Events that have a say in when an actor began."""
        ever = self.query.retention_filter.retention_type == "retention_first_ever_occurrence"
        return self.source if ever else self.target

    @property
    def _in_range_alone(self) -> bool:
        return self.query.retention_filter.retention_type == "retention_recurring"

    def _first(self) -> Iterator[nodes.Item]:
        yield item(_FIRST, call("minIf", TIMESTAMP, self.target))
        if self.value:
            # Of several at the same moment the least value.
            yield item(VALUE, call("tupleElement", call("minIf", call("tuple", TIMESTAMP, self.value), self.target), 2))

    def _began(self) -> nodes.Expr:
        """That an actor's first target event lies in the range; of those of a name, that it is the very first."""
        first = call("minIf", TIMESTAMP, self.target)
        ever = self.query.retention_filter.retention_type == "retention_first_ever_occurrence"
        return both(
            compared(call("countIf", self.target), ">", 0),
            compared(first, ">=", nodes.Constant(self.dates.start)),
            compared(call("minIf", TIMESTAMP, self.source), "=", first) if ever else None,
        )

    def _columns(self) -> nodes.Expr:
        """0, and the numbers of the columns after it."""
        asked, column = self.query.retention_filter, name("column")
        later = self._later()
        if asked.brackets:
            sizes = enumerate(asked.brackets, 1)
            bracket_of = tuple(place for place, size in sizes for _ in range(size))
            found = mapped("arrayMap", "column", call("arrayElement", nodes.Constant(bracket_of), column), later)
            later = call("arrayDistinct", mapped("arrayFilter", "column", compared(column, ">", 0), found))
        if asked.cumulative:
            later = call("range", 1, call("plus", call("arrayMax", call("arrayPushFront", later, 0)), 1))
        if not asked.brackets:
            later = mapped("arrayFilter", "column", compared(column, "<", asked.total), later)
        return call("arrayConcat", call("array", 0), later)

    def _later(self) -> nodes.Expr:
        """How many intervals after its row an actor came back, each once."""
        asked, row, place, returns = self.query.retention_filter, name(ROW), name("place"), name(_RETURNS)
        if asked.rolling:
            started = call("toUnixTimestamp64Micro", name(_FIRST))
            length = asked.window_hours * _MICROSECONDS_PER_HOUR
            since = call("intDiv", call("minus", name("moment"), started), length)
            after = mapped("arrayFilter", "moment", compared(name("moment"), ">", started), returns)
            found = mapped("arrayMap", "moment", since, after)
            last = call("minus", len(self.dates.buckets) - 1, row)
            seen = both(compared(place, ">", 0), compared(place, "<=", last))
            return _often(mapped("arrayFilter", "place", seen, found), asked.minimum_occurrences)
        found = mapped("arrayFilter", "place", compared(place, ">", row), returns)
        return mapped("arrayMap", "place", call("minus", place, row), _often(found, asked.minimum_occurrences))


def _often(places: nodes.Expr, least: int) -> nodes.Expr:
    """Each place once that is there so often."""
    each = call("arrayDistinct", places)
    if least == 1:
        return each
    enough = compared(call("countEqual", places, name("each_place")), ">=", least)
    return mapped("arrayFilter", "each_place", enough, each)


def returns(query: RetentionQuery, context: Context) -> tuple[Returns, ...]:
    """One for each cohort that the question is broken down by, or just one. QueryError for what can't be asked."""
    dates, asked, common = query.intervals(context), query.retention_filter, query.filters(context)
    target, returning = asked.target.series, asked.returning.series
    found = []
    for cohort in query.breakdown_filter.cohorts() or (None,):
        if cohort is not None:
            cohort_name(cohort, context)
        one = Returns(
            query=query,
            dates=dates,
            source=both(source_condition(target, context)),
            target=both(series_condition(target, context), common),
            returning=both(series_condition(returning, context), common),
            members=None if cohort in (None, EVERYBODY) else in_cohort(PERSON, int(cohort)),
            cohort=cohort,
            value=_value(query, all_of(within(dates), series_condition(target, context), common)),
        )
        found.append(one)
    return tuple(found)


def _value(query: RetentionQuery, among: nodes.Expr | None) -> nodes.Expr | None:
    """What a target event is broken down by; of several properties the texts with `::` between."""
    values = [value_of(each, both(among)) for each in query.breakdown_filter.all()]
    if len(values) > 1:
        parts = [part for value in values for part in (nodes.Constant("::"), value)]
        return call("concat", *parts[1:])
    return values[0] if values else None
