"""Paths of a funnel with strict steps, exclusions or optional steps: one fold over each actor's events.

For each step the fold holds the latest path that reached it, as the times of its steps (0 for one that was left out),
and beside them the best path so far, the first to get so far. An event takes a path from one step to the next only,
for all steps are looked at as they were before it. What breaks or spoils comes into effect when its moment is over, so
that what happens at the same moment neither breaks nor spoils a step of that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from analytics_pipelines.insights.funnels.funnel import Funnel
from analytics_pipelines.insights.funnels.histories import Marks
from analytics_pipelines.insights.funnels.terms import (
    NONE,
    Expr,
    arrow,
    call,
    either,
    element,
    every,
    further,
    has,
    held,
    item,
    name,
    over,
    shifted,
    value,
)
from analytics_pipelines.sql import nodes

_T, _M = name("t"), name("m")
_NO, _YES = call("toUInt8", 0), call("toUInt8", 1)
_OVER = -1
"""The mark that says, before the first event of a moment, that the one before is over."""


def paths(funnel: Funnel, histories: nodes.Select, marks: Marks, keys: tuple[str, ...]) -> nodes.Select:
    """`keys, path`: the times of the steps as far as the actor got, empty for those whose best path was spoiled."""
    fold = _Fold(funnel, marks)
    if fold.strict:
        histories = _without_idle(histories, marks, keys)
    times, found_marks = _by_moments() if fold.by_moments else (name("times"), name("marks"))
    folded = call("arrayFold", arrow("s t m", fold.next()), times, found_marks, fold.initial())
    found = further(histories, keys, item("state", folded))
    return further(found, keys, item("path", fold.result(name("state"))))


def _without_idle(histories: nodes.Select, marks: Marks, keys: tuple[str, ...]) -> nodes.Select:
    """The same without events that change nothing: those of no step at the moment of a step, and those after another
    that broke all paths already. In strict funnels, which look at everything, that is most of them."""
    times, found_marks, last = name("times"), name("marks"), name("last")
    of_step = call("notEquals", call("bitAnd", _M, marks.all_steps), 0)
    stepped = item("last", held(over("t m", call("if", of_step, _T, 0), times, found_marks)))
    found = further(histories, (*keys, "times", "marks"), stepped)
    blank = every(call("equals", _M, 0), call("notEquals", _T, name("at")))
    breaks = item("breaks", over("t m at", call("if", blank, 1, 0), times, found_marks, last))
    found = further(found, (*keys, "times", "marks"), breaks)
    first = every(call("equals", name("b"), 1), call("equals", name("before"), 0))
    kept = either([call("notEquals", _M, 0), first])
    needed = item("needed", over("m b before", kept, found_marks, name("breaks"), shifted(name("breaks"))))
    found = further(found, (*keys, "times", "marks"), needed)
    arrays = [
        item(each, call("arrayFilter", arrow("x n", name("n")), name(each), name("needed")))
        for each in ("times", "marks")
    ]
    return further(found, keys, *arrays)


def _by_moments() -> tuple[Expr, Expr]:
    """Times and marks, with an end to each moment."""
    times, marks = name("times"), name("marks")
    begins = call("notEquals", _T, name("before"))
    doubled = over("t before", call("if", begins, call("array", _T, _T), call("array", _T)), times, shifted(times))
    ended = call("if", begins, call("array", value(_OVER), _M), call("array", _M))
    marked = over("t before m", ended, times, shifted(times), marks)
    last = call("array", element(times, -1))
    return (
        call("arrayConcat", call("arrayFlatten", doubled), last),
        call("arrayConcat", call("arrayFlatten", marked), call("array", value(_OVER))),
    )


@dataclass(frozen=True, slots=True)
class _Fold:
    """The state: a path for each step, and the best; where something can break or spoil, the moment and the marks seen
    at it; where something can spoil, whether each path and the best are spoiled, and the first path that got as far as
    the best at this moment: it takes its place if the moment spoils the best; where something can do both, whether the
    best was broken where it is, and is spoiled no more."""

    funnel: Funnel
    marks: Marks

    @property
    def steps(self) -> int:
        return len(self.funnel.steps)

    @property
    def strict(self) -> bool:
        return self.funnel.filter.order == "strict"

    @property
    def by_moments(self) -> bool:
        return self.strict or self.marks.excluding

    @property
    def settles(self) -> bool:
        return self.strict and self.marks.excluding

    def initial(self) -> Expr:
        moments = (call("toInt64", 0),) * 2 if self.by_moments else ()
        spoiled = (*(_NO,) * (self.steps + 1), NONE) if self.marks.excluding else ()
        settled = (_NO,) if self.settles else ()
        return call("tuple", *(NONE,) * (self.steps + 1), *moments, *spoiled, *settled)

    def result(self, state: Expr) -> Expr:
        best = call("tupleElement", state, self.steps + 1)
        if not self.marks.excluding:
            return best
        return call("if", call("tupleElement", state, 2 * self.steps + 4), NONE, best)

    def next(self) -> Expr:
        """The state after an event, or after the end of a moment."""
        moved = [*map(self._moved, self._all), self._of_better(self._taken, self._best)]
        if not self.by_moments:
            return call("tuple", *moved)
        moved += [_T, call("bitOr", self._seen, _M)]
        ended = [*map(self._kept, self._all), self._best_kept if self.marks.excluding else self._best]
        ended += [self._moment, call("toInt64", 0)]
        if self.marks.excluding:
            moved += [self._moved_spoiled(step) for step in self._all]
            moved += [self._of_better(self._taken_is_spoiled, self._best_is_spoiled), self._next_spare()]
            ended += [self._kept_spoiled(step) for step in self._all]
            ended += [self._best_kept_spoiled, self._spare]
        if self.settles:
            moved.append(self._of_better(lambda _: _NO, self._is_settled))
            ended.append(self._settled)
        is_end = call("equals", _M, value(_OVER))
        return call("tuple", *(call("if", is_end, *both) for both in zip(ended, moved, strict=True)))

    @property
    def _all(self) -> range:
        return range(1, self.steps + 1)

    def _part(self, place: int) -> Expr:
        return call("tupleElement", name("s"), place)

    def _path(self, step: int) -> Expr:
        return self._part(step)

    @property
    def _best(self) -> Expr:
        return self._part(self.steps + 1)

    @property
    def _moment(self) -> Expr:
        return self._part(self.steps + 2)

    @property
    def _seen(self) -> Expr:
        return self._part(self.steps + 3)

    def _is_spoiled(self, step: int) -> Expr:
        return self._part(self.steps + 3 + step)

    @property
    def _best_is_spoiled(self) -> Expr:
        return self._part(2 * self.steps + 4)

    @property
    def _spare(self) -> Expr:
        return self._part(2 * self.steps + 5)

    @property
    def _is_settled(self) -> Expr:
        return self._part(2 * self.steps + 6)

    # An event.

    def _within(self, path: Expr, moment: Expr) -> Expr:
        passed = call("minus", moment, element(path, 1))
        return every(call("notEmpty", path), call("lessOrEquals", passed, self.funnel.filter.microseconds))

    def _sources(self, step: int) -> Iterator[int]:
        """The steps from which a path can go on to a step, the nearest first."""
        for before in range(step - 1, 0, -1):
            yield before
            if before not in self.funnel.optional:
                return

    def _from_nearest(self, step: int, found: Callable[[int], Expr]) -> Expr:
        """Something of the nearest step from which a path goes on to a step; of the last, if it goes on from none."""
        *nearer, last = self._sources(step)
        branches: list[Expr] = []
        for before in nearer:
            branches += (self._within(self._path(before), _T), found(before))
        return call("multiIf", *branches, found(last)) if branches else found(last)

    def _taken(self, step: int) -> Expr:
        """The path that an event of a step goes on with."""
        if step == 1:
            return call("array", _T)

        def longer(before: int) -> Expr:
            path = self._path(before)
            for _ in range(step - 1 - before):
                path = call("arrayPushBack", path, 0)
            return call("arrayPushBack", path, _T)

        return self._from_nearest(step, longer)

    def _taken_is_spoiled(self, step: int) -> Expr:
        return value(0) if step == 1 else self._from_nearest(step, self._is_spoiled)

    def _advances(self, step: int) -> Expr:
        """Whether the event brings another start to a step than the one that is there."""
        there = element(self._path(step), 1)
        matches = has(_M, self.marks.step(step))
        if step == 1:
            return every(matches, call("notEquals", _T, there))
        start = self._from_nearest(step, lambda before: element(self._path(before), 1))
        ways = [self._within(self._path(before), _T) for before in self._sources(step)]
        return every(matches, either(ways), call("notEquals", start, there))

    def _advances_clean(self, step: int) -> Expr:
        goes = self._advances(step)
        if not self.marks.excluding or step == 1:
            return goes
        return every(goes, call("equals", self._taken_is_spoiled(step), 0))

    def _moved(self, step: int) -> Expr:
        return call("if", self._advances_clean(step), self._taken(step), self._path(step))

    def _moved_spoiled(self, step: int) -> Expr:
        return call("if", self._advances_clean(step), _NO, self._is_spoiled(step))

    def _of_better(self, found: Callable[[int], Expr], otherwise: Expr) -> Expr:
        """Something of the furthest step to which the event brings a path that is better than the best."""
        length = call("length", self._best)
        branches: list[Expr] = []
        for step in reversed(self._all):
            better = call("less", length, step)
            if self.marks.excluding:
                instead = every(call("equals", length, step), call("equals", self._best_is_spoiled, 1))
                better = either([better, instead])
            branches += (every(self._advances(step), better), found(step))
        return call("multiIf", *branches, otherwise)

    def _next_spare(self) -> Expr:
        branches: list[Expr] = []
        for step in self._all:
            as_far = call("equals", call("length", self._best), step)
            none_yet = nodes.Not(self._is_spare(step, _T))
            branches += (every(self._advances_clean(step), as_far, none_yet), self._taken(step))
        return call("multiIf", *branches, self._spare)

    def _is_spare(self, length: Expr | int, moment: Expr) -> Expr:
        as_far = call("equals", call("length", self._spare), length)
        return every(as_far, call("equals", element(self._spare, -1), moment))

    # The end of a moment.

    def _kept(self, step: int) -> Expr:
        """The path to a step; broken, in a strict funnel, by a moment without an event of that step."""
        if not self.strict:
            return self._path(step)
        return call("if", has(self._seen, self.marks.step(step)), self._path(step), NONE)

    def _spoils(self, step: int, path: Expr) -> Expr:
        """Whether what the moment excludes falls into a path that waits at a step: after its last event, and within
        its window."""
        return every(
            has(self._seen, self.marks.exclusion(step)),
            call("notEmpty", self._path(step)),
            call("less", element(path, -1), self._moment),
            self._within(path, self._moment),
        )

    def _kept_spoiled(self, step: int) -> Expr:
        if step == self.steps:
            return self._is_spoiled(step)
        waits = call("notEquals", element(self._path(step + 1), 1), element(self._path(step), 1))
        spoiled = every(self._spoils(step, self._path(step)), waits)
        return call("if", spoiled, _YES, self._is_spoiled(step))

    @property
    def _best_falls(self) -> Expr:
        length = call("length", self._best)
        spoils = [every(call("equals", length, step), self._spoils(step, self._best)) for step in self._all[:-1]]
        falls = either(spoils) if spoils else value(0)
        return every(falls, call("equals", self._is_settled, 0)) if self.settles else falls

    @property
    def _settled(self) -> Expr:
        """A moment without an event of the best's step breaks it there, and what it excludes spoils it all the same."""
        length = call("length", self._best)
        breaks = [
            every(call("equals", length, step), nodes.Not(has(self._seen, self.marks.step(step)))) for step in self._all
        ]
        replaced = every(self._best_falls, self._replaced)
        return call("multiIf", replaced, _NO, either(breaks), _YES, self._is_settled)

    @property
    def _replaced(self) -> Expr:
        return self._is_spare(call("length", self._best), self._moment)

    @property
    def _best_kept(self) -> Expr:
        return call("if", every(self._best_falls, self._replaced), self._spare, self._best)

    @property
    def _best_kept_spoiled(self) -> Expr:
        lost = every(self._best_falls, nodes.Not(self._replaced))
        return call("if", lost, _YES, self._best_is_spoiled)
