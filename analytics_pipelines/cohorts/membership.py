"""Who is a member of a dynamic cohort: its criteria → one query over persons.

Members are persons, so what is negated is true of every other person; ids that were only ever used without a person
profile are members of nothing. The criteria of other dynamic cohorts stand in place of their names, so that a cohort
never waits for another one; of static ones the published members are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analytics_pipelines.cohorts.behaviour import Behaviour, time_condition
from analytics_pipelines.cohorts.criteria import Behavioral, Criterion, Group, InCohort, PersonIs, read_criteria
from analytics_pipelines.cohorts.windows import Window
from analytics_pipelines.insights.filters import PropertyFilter, all_of, condition, in_cohort, joined
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError

MOST_CRITERIA = 200
_PERSON = nodes.Name(("persons", "id"))
_DID = "did"


@dataclass(frozen=True, slots=True)
class Definition:
    """A cohort that is or was there, as it is stored."""

    filters: Mapping[str, Any]
    is_static: bool = False
    deleted: bool = False


def members(filters: Mapping[str, Any], context: Context, others: Mapping[int, Definition]) -> nodes.Query:
    """The query of the members' ids, `person_id`, each once. `others` are the project's cohorts, deleted ones too.

    QueryError for criteria that can't be understood, an action or cohort that doesn't exist, and cohorts that name
    each other in a circle.
    """
    compiler = _Compiler(context, others)
    where = all_of(compiler.criterion(read_criteria(filters)), _test_accounts(filters, context))
    source = nodes.TableName("persons")
    item = nodes.Item(_PERSON, "person_id", "person_id")
    if not compiler.behaviours:
        return nodes.Select((item,), source, where=where)
    same = nodes.Compare("=", _PERSON, nodes.Name((_DID, "who")))
    join = nodes.Join("LEFT", nodes.Derived(_did(list(compiler.behaviours.values())), _DID), same)
    return nodes.Select((item,), source, (join,), where)


def dependents(cohort_id: int, definitions: Mapping[int, Definition]) -> list[int]:
    """The dynamic cohorts whose members follow from that one's, directly or through others."""
    found: list[int] = []
    waiting = [cohort_id]
    while waiting:
        wanted = waiting.pop()
        for other, definition in definitions.items():
            if other not in (cohort_id, *found) and not definition.deleted and wanted in _named(definition):
                found.append(other)
                waiting.append(other)
    return found


def _named(definition: Definition) -> set[int]:
    """The cohorts that a definition names itself."""
    if definition.is_static:
        return set()
    try:
        waiting = [read_criteria(definition.filters)]
    except QueryError:  # of another release
        return set()
    found = set()
    while waiting:
        match waiting.pop():
            case Group(_, parts):
                waiting += parts
            case InCohort(cohort_id):
                found.add(cohort_id)
    return found


@dataclass
class _Compiler:
    """`behaviours` are those met so far, each once; `inside` are the cohorts whose criteria are being read."""

    context: Context
    others: Mapping[int, Definition]
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    inside: tuple[int, ...] = ()
    count: int = 0

    def criterion(self, one: Criterion) -> nodes.Expr:
        self.count += 1
        if self.count > MOST_CRITERIA:
            raise QueryError(f"the cohort has more than {MOST_CRITERIA} criteria, those of nested cohorts included")
        match one:
            case Group(operator, parts):
                found = joined(operator, [self.criterion(part) for part in parts])
                assert found is not None  # noqa: S101  groups have parts
                return found
            case PersonIs(filter, negation):
                return _negated(self._person(filter), negation)
            case InCohort(cohort_id, negation):
                return _negated(self._cohort(cohort_id), negation)
            case Behavioral():
                return _negated(self._behaviour(one), one.negation)

    def _person(self, filter_: PropertyFilter) -> nodes.Expr:
        found = condition(filter_, self.context, "persons")
        if found is None:
            raise QueryError(f"the criterion on “{filter_.key}” needs a value")
        return found

    def _cohort(self, cohort_id: int) -> nodes.Expr:
        if cohort_id in self.inside:
            raise QueryError(f"the criteria go in a circle: cohort {cohort_id} is made of itself")
        other = self.others.get(cohort_id)
        if other is None:
            raise QueryError(f"there is no cohort {cohort_id}")
        if other.deleted:
            return nodes.Constant(False)
        if other.is_static:
            return in_cohort(_PERSON, cohort_id)
        self.inside = (*self.inside, cohort_id)
        found = all_of(self.criterion(read_criteria(other.filters)), _test_accounts(other.filters, self.context))
        self.inside = self.inside[:-1]
        assert found is not None  # noqa: S101  there is a criterion
        return found

    def _behaviour(self, one: Behavioral) -> nodes.Expr:
        key = _key(one)
        if key not in self.behaviours:
            self.behaviours[key] = Behaviour(one, self.context)
        place = list(self.behaviours).index(key)
        return nodes.Compare("=", nodes.Name((_DID, f"it_{place}")), nodes.Constant(1))


def _key(one: Behavioral) -> str:
    """The same for a criterion and its negation."""
    return one.model_copy(update={"negation": False}).model_dump_json()


def _did(behaviours: list[Behaviour]) -> nodes.Query:
    """One row a person with any event that matters: `who`, and for each behaviour whether it is theirs."""
    who = nodes.Item(nodes.Name(("person_id",)), "who", "who")
    items = [
        nodes.Item(
            nodes.Call("if", (each.aggregate, nodes.Constant(1), nodes.Constant(0))), f"it_{place}", f"it_{place}"
        )
        for place, each in enumerate(behaviours)
    ]
    starts = [each.span.start for each in behaviours]
    earliest = None if None in starts else min(start for start in starts if start is not None)
    whole = Window(earliest, max(each.span.end for each in behaviours))
    matching = joined("OR", dict.fromkeys(each.matching for each in behaviours))
    where = all_of(time_condition(whole), matching)
    return nodes.Select((who, *items), nodes.TableName("events"), where=where, group=(nodes.Name(("who",)),))


def _test_accounts(filters: Mapping[str, Any], context: Context) -> nodes.Expr | None:
    """With `filterTestAccounts`, those of the project's filters that are about persons."""
    if not (filters.get("filterTestAccounts") or filters.get("filter_test_accounts")):
        return None
    about_persons = [each for each in context.team.test_account_filters if each.get("type") in ("person", "cohort")]
    return condition([PropertyFilter.model_validate(each) for each in about_persons], context, "persons")


def _negated(found: nodes.Expr, negation: bool) -> nodes.Expr:
    return nodes.Not(found) if negation else found
