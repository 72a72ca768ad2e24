"""API keys: secrets for scripts, each for one project and some scopes."""

from dataclasses import dataclass
from datetime import UTC, datetime

from analytics_pipelines.accounts.secret import fingerprint, mask, new_api_key
from analytics_pipelines.problems import Problem
from resources.postgres import Postgres

_OBJECTS = (
    "action",
    "annotation",
    "batch_export",
    "cohort",
    "dashboard",
    "event_definition",
    "export",
    "feature_flag",
    "group",
    "hog_function",
    "insight",
    "organization",
    "person",
    "project",
    "property_definition",
    "query",
    "session_recording",
    "user",
    "webhook",
)
SCOPES = frozenset(f"{name}:{verb}" for name in _OBJECTS for verb in ("read", "write")) | {"*"}


@dataclass(frozen=True)
class ApiKey:
    """What a presented key allows."""

    id: int
    project_id: int
    scopes: frozenset[str]

    def allows(self, scope: str) -> bool:
        """Whether the key covers `object:verb`; writing includes reading."""
        wider = {"*", scope, scope.replace(":read", ":write")}
        return bool(self.scopes & wider)


class ApiKeys:
    """Makes and checks keys; only their hashes are stored."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def create(self, project_id: int, scopes: list[str], label: str = "") -> str:
        """Make a key and return it, for the only time. Raises Problem."""
        unknown = sorted(set(scopes) - SCOPES)
        if unknown or not scopes:
            raise Problem(
                f"No such scope: {', '.join(unknown)}." if unknown else "A key needs a scope.",
                f"Scopes are {', '.join(sorted(SCOPES))}.",
            )
        key = new_api_key()
        made = self._postgres.execute(
            "INSERT INTO api_keys (project_id, label, secret_hash, mask, scopes, created_at)"
            " SELECT id, %s, %s, %s, %s, %s FROM projects WHERE id = %s",
            [label, fingerprint(key), mask(key), scopes, datetime.now(UTC), project_id],
        )
        if not made:
            raise Problem(f"There is no project {project_id}.", "`analytics project list` shows them.")
        return key

    def find(self, key: str) -> ApiKey | None:
        """What this key allows, or None; notes its use, at most once a minute."""
        row = self._postgres.row(
            "SELECT id, project_id, scopes, last_used_at FROM api_keys WHERE secret_hash = %s", [fingerprint(key)]
        )
        if row is None:
            return None
        now = datetime.now(UTC)
        if row["last_used_at"] is None or (now - row["last_used_at"]).total_seconds() > 60:
            self._postgres.execute("UPDATE api_keys SET last_used_at = %s WHERE id = %s", [now, row["id"]])
        return ApiKey(row["id"], row["project_id"], frozenset(row["scopes"]))
