"""Secrets are kept as hashes: no dump of the database holds one."""

import re
from typing import Any

import pytest

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import fingerprint, mask, new_api_key, new_project_token, new_secret
from resources.postgres import Postgres


def dump(postgres: Postgres) -> str:
    """Everything that all tables hold, as text; bytes in hexadecimal and as they are."""
    tables = postgres.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    rows: list[Any] = []
    for table in tables:
        rows += postgres.rows(f'SELECT * FROM "{table["table_name"]}"')  # type: ignore[arg-type]  # names from the catalogue
    return "\n".join(str(row) for row in rows)


@pytest.mark.engines
def test_no_secret_lies_in_the_database(postgres: Postgres) -> None:
    people, keys = People(postgres), ApiKeys(postgres)
    people.ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    (project,) = Projects(postgres).all()
    used = people.login_link_secret()
    assert used is not None
    session = people.redeem(used)
    assert session is not None
    secrets = [keys.create(project.id, ["*"], "one"), keys.create(project.id, ["query:read"])]
    secrets += [used, session, people.login_link_secret() or ""]
    assert keys.find(secrets[0]) is not None
    assert people.by_session(session) is not None
    found = dump(postgres)
    assert project.api_token in found  # browsers send it: no secret, and the dump does hold text
    for secret in secrets:
        assert len(secret) >= 43
        assert secret not in found
        assert secret[4:] not in found
        assert secret.encode().hex() not in found
    assert repr(fingerprint(secrets[0])) in found


def test_secrets_are_long_differ_and_show_their_kind() -> None:
    for make, form in (
        (new_api_key, r"phx_[A-Za-z0-9]{43}"),
        (new_project_token, r"phc_[A-Za-z0-9]{43}"),
        (new_secret, r"[A-Za-z0-9]{43}"),
    ):
        made = {make() for _ in range(100)}
        assert len(made) == 100
        assert all(re.fullmatch(form, each) for each in made)


def test_a_project_token_fits_what_capture_takes() -> None:
    assert len(new_project_token()) <= 64


def test_a_mask_shows_the_kind_and_the_last_four() -> None:
    key = new_api_key()
    assert mask(key) == f"phx_…{key[-4:]}"
    assert key[4:-4] not in mask(key)


def test_a_fingerprint_is_always_the_same_and_of_one_secret_only() -> None:
    assert fingerprint("a") == fingerprint("a") != fingerprint("b")
    assert len(fingerprint("a")) == 32
