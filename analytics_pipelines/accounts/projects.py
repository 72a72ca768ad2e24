"""Projects: whose events are whose. A project's id is `team_id` in every ClickHouse table."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.problems import Problem
from resources.postgres import Postgres


@dataclass(frozen=True)
class Project:
    """`week_start_day`: 0 Sunday, 1 Monday. `api_token` is public: browsers send it."""

    id: int
    organization_id: int
    name: str
    api_token: str
    timezone: str
    week_start_day: int
    is_demo: bool
    created_at: datetime

    def public(self) -> dict[str, Any]:
        """As the API shows it."""
        return {**asdict(self), "created_at": self.created_at.isoformat()}


class Projects:
    """Reads and makes projects."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def create(
        self, name: str, *, timezone: str = "UTC", is_demo: bool = False, organization_id: int | None = None
    ) -> Project:
        """Make a project; without `organization_id` in the oldest organization. Raises Problem."""
        if not name.strip():
            raise Problem("A project needs a name.")
        if timezone not in available_timezones():
            raise Problem(f"{timezone!r} is no time zone.", "Use an IANA name such as Europe/Berlin.")
        if organization_id is None and not self._postgres.row("SELECT 1 FROM organizations LIMIT 1"):
            raise Problem("There is no organization yet.", "`analytics start` makes the first one.")
        row = self._postgres.row(
            "INSERT INTO projects (organization_id, name, api_token, timezone, is_demo, created_at)"
            " SELECT coalesce(%s, (SELECT min(id) FROM organizations)), %s, %s, %s, %s, %s"
            " RETURNING id, organization_id, name, api_token, timezone, week_start_day, is_demo, created_at",
            [organization_id, name.strip(), new_project_token(), timezone, is_demo, datetime.now(UTC)],
        )
        assert row is not None  # noqa: S101  an INSERT … RETURNING
        return Project(**row)

    def get(self, project_id: int) -> Project | None:
        """The project of that id."""
        row = self._postgres.row(
            "SELECT id, organization_id, name, api_token, timezone, week_start_day, is_demo, created_at"
            " FROM projects WHERE id = %s",
            [project_id],
        )
        return Project(**row) if row else None

    def all(self, *, organization_id: int | None = None) -> list[Project]:
        """All projects (of one organization), oldest first."""
        rows = self._postgres.rows(
            "SELECT id, organization_id, name, api_token, timezone, week_start_day, is_demo, created_at"
            " FROM projects WHERE organization_id = %(organization)s OR %(organization)s::bigint IS NULL ORDER BY id",
            {"organization": organization_id},
        )
        return [Project(**row) for row in rows]

    def delete(self, project_id: int) -> None:
        """Remove the project and what people made in it; its events are not touched."""
        self._postgres.execute("DELETE FROM projects WHERE id = %s", [project_id])
