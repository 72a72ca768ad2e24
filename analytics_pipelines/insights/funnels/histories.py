"""What each actor did, as two arrays in order of time: `times` and `marks`.

A time is in microseconds from the funnel's origin, a mark a set of bits: of which steps the event is, what it excludes,
and whether a path may start with it. Events of one moment stand in the order of the first step that they are of; among
those of the same first step, one that is of further steps comes later, the sooner these steps come. What is of no step
comes last.

Time, order and mark travel through the grouping as one number, since arrays of numbers are gathered and sorted many
times faster than arrays of tuples.
"""

from __future__ import annotations

from dataclasses import dataclass

from analytics_pipelines.insights.breakdowns import EVERYBODY, NULL_LABEL, value_of
from analytics_pipelines.insights.filters import all_of, in_cohort
from analytics_pipelines.insights.funnels.funnel import Funnel
from analytics_pipelines.insights.funnels.terms import (
    Expr,
    arrow,
    call,
    either,
    element,
    every,
    further,
    has,
    item,
    name,
    over,
    total,
    value,
)
from analytics_pipelines.insights.series import series_condition
from analytics_pipelines.sql import nodes

_ALWAYS = nodes.Constant(1)
_WORD = 62
"""How many bits a number of 64 holds for us."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Which bit of a mark says what. Steps are counted from 1; the first has the highest bit, for the order."""

    steps: int
    excluding: bool
    ordered: bool

    def step(self, step: int) -> int:
        return 1 << (self._below + self.steps - step)

    def exclusion(self, done: int) -> int:
        """Set on what spoils a path that has done so many steps."""
        return 1 << (done - 1)

    @property
    def start(self) -> int:
        """Set on events with which a path may start."""
        return self.step(1) if self.ordered else 1 << (self._below + self.steps)

    @property
    def all_steps(self) -> int:
        return sum(self.step(step) for step in range(1, self.steps + 1))

    @property
    def width(self) -> int:
        return self._below + self.steps + (not self.ordered)

    @property
    def _below(self) -> int:
        return self.steps if self.excluding else 0


def marks_of(funnel: Funnel) -> Marks:
    return Marks(len(funnel.steps), bool(funnel.exclusions), funnel.ordered)


def keys_of(funnel: Funnel) -> tuple[str, ...]:
    """The columns that say whose path it is: `actor`, with a breakdown `value`, and in trends `bucket`."""
    bucket = ("bucket",) if funnel.trends else ()
    return ("actor", *(("value",) if broken_down(funnel) else ()), *bucket)


def broken_down(funnel: Funnel) -> bool:
    """Times to convert are of all actors together."""
    asked = funnel.query.breakdown_filter
    return funnel.filter.viz != "time_to_convert" and bool(asked.all() or asked.cohorts())


def histories(funnel: Funnel) -> nodes.Select:
    """`actor[, value][, bucket], times, marks`: each of what is named by `keys_of` once.

    For the buckets of trends, the events with which a path may start are only those of the bucket.
    """
    marks = marks_of(funnel)
    shift = marks.width + len(funnel.steps).bit_length()
    keys = tuple(key for key in keys_of(funnel) if key != "bucket")
    by_step = "value" in keys and funnel.filter.attribution == "step" and not funnel.query.breakdown_filter.cohorts()
    if by_step:
        found = _by_step(funnel, _gathered(funnel, marks, shift), marks, shift)
    else:
        gathered = _gathered(funnel, marks, shift)
        found = further(
            gathered,
            keys,
            item("times", over("c", _time(name("c"), shift), name("codes"))),
            item("marks", over("c", _mark(name("c"), marks), name("codes"))),
        )
    return _by_bucket(funnel, found, keys, marks) if funnel.trends else found


def _time(code: Expr, shift: int) -> Expr:
    return call("toInt64", call("bitShiftRight", code, shift))


def _mark(code: Expr, marks: Marks) -> Expr:
    return call("toInt64", call("bitAnd", code, (1 << marks.width) - 1))


def _gathered(funnel: Funnel, marks: Marks, shift: int) -> nodes.Select:
    """`actor[, value], codes`, or with a breakdown by step `actor, pairs` of (code, value)."""
    steps = [funnel.condition(step) for step in funnel.steps]
    excluded = [series_condition(each, funnel.context) for each in funnel.exclusions]
    where = _where(funnel, [*steps, *excluded])
    code = _code(funnel, steps, excluded, marks, shift)
    actor = item("actor", funnel.actor)
    if not broken_down(funnel):
        return _grouped((actor,), (item("codes", _sorted(code)),), where)
    cohorts = funnel.query.breakdown_filter.cohorts()
    if cohorts:
        rows = nodes.Select(
            (actor, item("code", code), item("value", _memberships(cohorts))), nodes.TableName("events"), where=where
        )
        keys = (item("actor", name("actor")), item("value", name("value")))
        return _grouped(keys, (item("codes", _sorted(name("code"))),), None, nodes.Derived(rows, None))
    found = [value_of(each, where) for each in funnel.query.breakdown_filter.all()]
    values = found[0] if len(found) == 1 else call("array", *found)
    match funnel.filter.attribution:
        case "all_events":
            return _grouped((actor, item("value", values)), (item("codes", _sorted(code)),), where)
        case "step":
            return _grouped((actor,), (item("pairs", _sorted(call("tuple", code, values))),), where)
        case touch:
            known = [nodes.Compare("!=", each, value(NULL_LABEL)) for each in found]
            of_step = [each for each in steps if each is not None]
            counts = either(known) if len(of_step) < len(steps) else every(either(known), either(of_step))
            which = "argMinIf" if touch == "first_touch" else "argMaxIf"
            touched = call(which, values, call("tuple", name("timestamp"), values), counts)
            return _grouped((actor,), (item("value", touched), item("codes", _sorted(code))), where)


def _sorted(what: Expr) -> Expr:
    return call("arraySort", call("groupArray", what))


def _grouped(
    keys: tuple[nodes.Item, ...],
    found: tuple[nodes.Item, ...],
    where: Expr | None,
    source: nodes.Source = nodes.TableName("events"),  # noqa: B008 - it never changes
) -> nodes.Select:
    return nodes.Select((*keys, *found), source, where=where, group=tuple(name(key.name) for key in keys))


def _where(funnel: Funnel, wanted: list[Expr | None]) -> Expr:
    """Strict funnels look at everything that the actors did."""
    dates, query = funnel.dates, funnel.query
    start = dates.filter_start if funnel.trends else dates.start
    known = [each for each in dict.fromkeys(wanted) if each is not None]
    narrower = all_of(
        query.filters(funnel.context),
        either(known) if known and None not in wanted and funnel.filter.order != "strict" else None,
        call("isNotNull", funnel.actor) if isinstance(funnel.actor, nodes.Call) else None,
    )
    within = (
        nodes.Compare(">=", name("timestamp"), value(start)),
        nodes.Compare("<=", name("timestamp"), value(dates.end)),
    )
    return every(*within, *([] if narrower is None else [narrower]))


def _code(funnel: Funnel, steps: list[Expr | None], excluded: list[Expr | None], marks: Marks, shift: int) -> Expr:
    time = call("minus", call("toUnixTimestamp64Micro", name("timestamp")), funnel.origin)
    longest = round(funnel.dates.end.timestamp() * 1_000_000) - funnel.origin
    if longest.bit_length() + shift > _WORD:
        time = call("toInt128", time)
    parts = [call("multiply", time, 1 << shift), call("multiply", _place(steps), 1 << marks.width)]
    parts += [_bit(each, marks.step(step)) for step, each in enumerate(steps, 1)]
    if not funnel.ordered:
        parts.append(_bit(_any(steps), marks.start))
    for done in range(1, len(steps)):
        spoiling = [
            each
            for each, exclusion in zip(excluded, funnel.exclusions, strict=True)
            if exclusion.from_step < done <= exclusion.to_step
        ]
        if spoiling:
            parts.append(_bit(_any(spoiling), marks.exclusion(done)))
    return total(parts)


def _bit(when: Expr | None, bit: int) -> Expr:
    return value(bit) if when is None else call("if", when, bit, 0)


def _any(conditions: list[Expr | None]) -> Expr | None:
    known = [each for each in conditions if each is not None]
    return either(known) if len(known) == len(conditions) else None


def _place(steps: list[Expr | None]) -> Expr:
    """Where among the events of its moment an event stands: by the first step that it is of."""
    branches: list[Expr] = []
    for place, each in enumerate(steps):
        branches += (_ALWAYS if each is None else each, value(place))
    return call("multiIf", *branches, len(steps))


def _memberships(cohorts: list[int | str]) -> Expr:
    """Each of the cohorts that a person is in, as a row of its own."""
    person = name("person_id")
    members = [
        call("array", value(EVERYBODY))
        if cohort == EVERYBODY
        else call(
            "if",
            in_cohort(person, int(cohort)),
            call("array", value(str(cohort))),
            call("arrayResize", call("array", value("")), 0),
        )
        for cohort in cohorts
    ]
    return call("arrayJoin", call("arrayConcat", *members))


def _by_step(funnel: Funnel, gathered: nodes.Select, marks: Marks, shift: int) -> nodes.Select:
    """A history for each value that an event of the step has: those with another value are not of the step.

    Without an order, the step is the event that a path starts with: of its moment it comes first.
    """
    bit = marks.step(funnel.filter.attribution_step + 1) if funnel.ordered else marks.start
    code, found = (call("tupleElement", name("pair"), place) for place in (1, 2))
    mark = _mark(code, marks)
    decisive = call("arrayFilter", arrow("pair", has(mark, bit)), name("pairs"))
    values = call("arrayJoin", call("arrayDistinct", over("pair", found, decisive)))
    exploded = further(gathered, ("actor", "pairs"), item("value", values))
    other = every(has(mark, bit), call("notEquals", found, name("value")))
    seen = over(
        "pair",
        call("tuple", _time(code, shift), call("if", other, call("minus", mark, bit), mark)),
        name("pairs"),
    )
    time, left = (call("tupleElement", name("event"), place) for place in (1, 2))
    place = _place([has(left, marks.step(step)) for step in range(1, marks.steps + 1)])
    starts = [] if funnel.ordered else [call("not", has(left, marks.start))]
    anew = call("arraySort", arrow("event", call("tuple", time, *starts, place, left)), name("seen"))
    ordered = further(further(exploded, ("actor", "value"), item("seen", seen)), ("actor", "value"), item("seen", anew))
    return further(
        ordered,
        ("actor", "value"),
        item("times", over("event", time, name("seen"))),
        item("marks", over("event", left, name("seen"))),
    )


def _by_bucket(funnel: Funnel, found: nodes.Select, keys: tuple[str, ...], marks: Marks) -> nodes.Select:
    """A history for each bucket in which a path may start: from its first such event to the end of its last one's
    window."""
    edges = value(tuple(round(bucket.timestamp() * 1_000_000) - funnel.origin for bucket in funnel.dates.buckets))
    bucket = call("roundDown", name("t"), edges)
    starting = has(name("m"), marks.start)
    starts = call("arrayFilter", arrow("t m", starting), name("times"), name("marks"))
    buckets = call("arrayJoin", call("arrayDistinct", over("t", bucket, name("starts"))))
    exploded = further(
        further(found, (*keys, "times", "marks"), item("starts", starts)),
        (*keys, "times", "marks", "starts"),
        item("bucket", buckets),
    )
    own = call("arrayFilter", arrow("t", call("equals", bucket, name("bucket"))), name("starts"))
    bounded = further(
        further(exploded, (*keys, "bucket", "times", "marks"), item("own", own)),
        (*keys, "bucket", "times", "marks"),
        item("opened", element(name("own"), 1)),
        item("closed", call("plus", element(name("own"), -1), funnel.filter.microseconds)),
    )
    inside = every(call("greaterOrEquals", name("t"), name("opened")), call("lessOrEquals", name("t"), name("closed")))
    foreign = every(starting, call("notEquals", bucket, name("bucket")))
    mark = call("if", foreign, call("minus", name("m"), marks.start), name("m"))
    return further(
        bounded,
        (*keys, "bucket"),
        item("times", call("arrayFilter", arrow("t", inside), name("times"))),
        item(
            "marks",
            over(
                "t m",
                mark,
                call("arrayFilter", arrow("t", inside), name("times")),
                call("arrayFilter", arrow("m t", inside), name("marks"), name("times")),
            ),
        ),
    )
