"""Distinct ids that stem from a mistake in somebody's code: to merge with one would make one person of many."""

_IN_ANY_CASE = (
    *("anonymous", "guest", "distinctid", "distinct_id", "id", "not_authenticated", "email"),
    *("undefined", "true", "false"),
)
_AS_WRITTEN = ("[object Object]", "NaN", "None", "none", "null", "0", "undefined")
_LONGEST = 400


def _and_quoted(ids: tuple[str, ...]) -> frozenset[str]:
    return frozenset(f"{quote}{each}{quote}" for each in ids for quote in ("", "'", '"'))


_ILLEGAL_IN_ANY_CASE = _and_quoted(_IN_ANY_CASE)
_ILLEGAL_AS_WRITTEN = _and_quoted(_AS_WRITTEN)


def is_illegal(distinct_id: str) -> bool:
    """Whether this id can't be merged. It still has events and a person of its own.

    >>> [is_illegal(each) for each in ("Guest", "'null'", " ", "nan", "ada")]
    [True, True, True, False, False]
    """
    return (
        not distinct_id.strip()
        or "\0" in distinct_id
        or len(distinct_id) > _LONGEST
        or distinct_id.lower() in _ILLEGAL_IN_ANY_CASE
        or distinct_id in _ILLEGAL_AS_WRITTEN
    )
