"""Projects: whose events are whose. A project's id is `team_id` in every ClickHouse table."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from analytics_pipelines.accounts.project_changes import OBJECTS, checked, checked_name, checked_timezone
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.problems import Problem
from resources.postgres import Postgres


@dataclass(frozen=True)
class Project:
    """`week_start_day`: 0 Sunday, 1 Monday. `api_token` is public: browsers send it.

    `test_account_filters` are property filters, in PostHog's shape, that leave out the people who build the product.
    `path_cleaning_filters` are rules (`regex`, `alias`) for pages that count as one in paths.
    From `anonymize_ips` on, the rules that capture follows. `daily_event_quota` counts events of a UTC day of arrival.
    How many days are kept of what `…_retention_days` say; None: for ever. `alert_url` and `alert_mail` (addresses with
    commas between them) are told of what goes wrong in the project.
    """

    id: int
    organization_id: int
    name: str
    api_token: str
    timezone: str
    week_start_day: int
    is_demo: bool
    created_at: datetime
    test_account_filters: list[dict[str, Any]]
    path_cleaning_filters: list[dict[str, Any]]
    anonymize_ips: bool
    denied_properties: list[str]
    denied_events: list[str]
    allowed_events: list[str]
    denied_distinct_ids: list[str]
    daily_event_quota: int | None
    autocapture_opt_out: bool
    session_recording_opt_in: bool
    event_retention_days: int | None
    recording_retention_days: int | None
    dead_letter_retention_days: int | None
    export_retention_days: int | None
    alert_url: str | None = field(default=None, repr=False)  # of chats a secret by itself
    alert_mail: str | None = field(default=None, repr=False)

    def public(self) -> dict[str, Any]:
        """As the API shows it."""
        return {**asdict(self), "created_at": self.created_at.isoformat()}


_COLUMNS: LiteralString = (
    "id, organization_id, name, api_token, timezone, week_start_day, is_demo, created_at, test_account_filters,"
    " path_cleaning_filters, anonymize_ips, denied_properties, denied_events, allowed_events, denied_distinct_ids,"
    " daily_event_quota, autocapture_opt_out, session_recording_opt_in, event_retention_days, recording_retention_days,"
    " dead_letter_retention_days, export_retention_days, alert_url, alert_mail"
)


class Projects:
    """Reads, makes and changes projects."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def create(
        self, name: str, *, timezone: str = "UTC", is_demo: bool = False, organization_id: int | None = None
    ) -> Project:
        """Make a project; without `organization_id` in the oldest organization. Raises Problem."""
        name, timezone = checked_name(name), checked_timezone(timezone)
        if organization_id is None and not self._postgres.row("SELECT 1 FROM organizations LIMIT 1"):
            raise Problem("There is no organization yet.", "`analytics start` makes the first one.")
        row = self._postgres.row(
            "INSERT INTO projects (organization_id, name, api_token, timezone, is_demo, created_at)"
            " SELECT coalesce(%s, (SELECT min(id) FROM organizations)), %s, %s, %s, %s, %s"
            f" RETURNING {_COLUMNS}",
            [organization_id, name, new_project_token(), timezone, is_demo, datetime.now(UTC)],
        )
        assert row is not None  # noqa: S101  an INSERT … RETURNING
        return Project(**row)

    def get(self, project_id: int) -> Project | None:
        """The project of that id."""
        row = self._postgres.row(f"SELECT {_COLUMNS} FROM projects WHERE id = %s", [project_id])
        return Project(**row) if row else None

    def all(self, *, organization_id: int | None = None) -> list[Project]:
        """All projects (of one organization), oldest first."""
        rows = self._postgres.rows(
            f"SELECT {_COLUMNS} FROM projects"
            " WHERE organization_id = %(organization)s OR %(organization)s::bigint IS NULL ORDER BY id",
            {"organization": organization_id},
        )
        return [Project(**row) for row in rows]

    def update(self, project_id: int, changes: Mapping[str, Any]) -> Project | None:
        """Write what these changes change, and return the project as it is then; None when there is none of that id.

        Raises WrongChange, a Problem that names the field; then nothing is written.
        """
        wanted = checked(changes)
        with self._postgres.transaction() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM projects WHERE id = %s FOR UPDATE", [project_id]
            ).fetchone()
            if row is None:
                return None
            changed = {name: value for name, value in wanted.items() if row[name] != value}
            if changed:
                columns = ", ".join(f"{name} = %({name})s" for name in changed)  # of the closed set that was checked
                values = {name: Jsonb(value) if name in OBJECTS else value for name, value in changed.items()}
                connection.execute(f"UPDATE projects SET {columns} WHERE id = %(id)s", {**values, "id": project_id})
        return Project(**{**row, **changed})

    def events_of_day(self, project_id: int, day: date) -> int:
        """How many events the project sent on a UTC day of arrival, as far as capture has written it down."""
        row = self._postgres.row("SELECT events FROM event_usage WHERE project_id = %s AND day = %s", [project_id, day])
        return int(row["events"]) if row else 0

    def delete(self, project_id: int) -> None:
        """Remove the project and what people made in it; its events are not touched."""
        self._postgres.execute("DELETE FROM projects WHERE id = %s", [project_id])
