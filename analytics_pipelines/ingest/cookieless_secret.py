"""The secret that cookieless ids are made with: one an installation, in Postgres."""

import secrets

from resources.postgres import Postgres

_BYTES = 32


def cookieless_secret(postgres: Postgres) -> bytes:
    """The secret; made when it is first asked for. Raises PostgresUnavailable."""
    with postgres.transaction() as connection:
        connection.execute(
            "INSERT INTO installation_secrets (name, secret) VALUES ('cookieless', %s) ON CONFLICT DO NOTHING",
            [secrets.token_bytes(_BYTES)],
        )
        row = connection.execute("SELECT secret FROM installation_secrets WHERE name = 'cookieless'").fetchone()
    assert row is not None  # noqa: S101  just made sure
    return bytes(row["secret"])
