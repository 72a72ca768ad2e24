"""Secrets that are read again."""

import pytest

from analytics_pipelines.accounts.sealed import Sealer
from analytics_pipelines.problems import Problem
from resources.postgres import Postgres


def test_what_is_sealed_opens_for_its_purpose_and_holds_nothing_of_the_text(postgres: Postgres) -> None:
    sealed = Sealer.of(postgres).seal("s3cret-key", "destination 1")
    assert b"s3cret" not in sealed
    assert Sealer.of(postgres).open(sealed, "destination 1") == "s3cret-key"
    assert Sealer.of(postgres).seal("s3cret-key", "destination 1") != sealed


@pytest.mark.parametrize("change", ["purpose", "bytes", "key", "cut"])
def test_a_sealed_value_that_was_moved_or_changed_does_not_open(change: str) -> None:
    sealer = Sealer(b"k" * 32)
    sealed, purpose = sealer.seal("secret", "destination 1"), "destination 1"
    if change == "purpose":
        purpose = "destination 2"
    elif change == "bytes":
        sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    elif change == "key":
        sealer = Sealer(b"x" * 32)
    else:
        sealed = sealed[:5]
    with pytest.raises(Problem, match="can't be opened"):
        sealer.open(sealed, purpose)
