"""Secrets of an installation, in its Postgres: each is made when it is first asked for."""

import secrets

from resources.postgres import Postgres

_BYTES = 32


def installation_secret(postgres: Postgres, name: str) -> bytes:
    """32 random bytes, the same ones from then on. Raises PostgresUnavailable."""
    with postgres.transaction() as connection:
        connection.execute(
            "INSERT INTO installation_secrets (name, secret) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [name, secrets.token_bytes(_BYTES)],
        )
        row = connection.execute("SELECT secret FROM installation_secrets WHERE name = %s", [name]).fetchone()
    assert row is not None  # noqa: S101  just made sure
    return bytes(row["secret"])
