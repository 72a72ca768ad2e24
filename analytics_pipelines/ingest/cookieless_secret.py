"""The secret that cookieless ids are made with: one an installation, in Postgres."""

from analytics_pipelines.accounts.installation_secret import installation_secret
from resources.postgres import Postgres


def cookieless_secret(postgres: Postgres) -> bytes:
    """The secret; made when it is first asked for. Raises PostgresUnavailable."""
    return installation_secret(postgres, "cookieless")
