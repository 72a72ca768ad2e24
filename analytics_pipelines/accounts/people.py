"""People who sign in: users, one-time login links, browser sessions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from analytics_pipelines.accounts.secret import fingerprint, new_secret
from resources.postgres import Connection, Postgres

LINK_LIFETIME = timedelta(hours=24)
SESSION_LIFETIME = timedelta(days=30)
SESSION_IDLE = timedelta(days=7)


@dataclass(frozen=True)
class User:
    """A signed-in person and the organization they work in."""

    id: int
    email: str
    name: str
    organization_id: int
    organization_name: str
    role: str


class People:
    """Users, and the two secrets by which they are known: a link once, then a session."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def ensure_first(self, organization: str, project_name: str, token: str, email: str) -> None:
        """On an empty store make the first organization, project and admin; otherwise change nothing."""
        now = datetime.now(UTC)
        with self._postgres.transaction() as connection:
            connection.execute("LOCK TABLE organizations IN EXCLUSIVE MODE")
            if connection.execute("SELECT 1 FROM organizations LIMIT 1").fetchone():
                return
            made = connection.execute(
                "INSERT INTO organizations (name, created_at) VALUES (%s, %s) RETURNING id", [organization, now]
            ).fetchone()
            assert made is not None  # noqa: S101  an INSERT … RETURNING
            connection.execute(
                "INSERT INTO projects (organization_id, name, api_token, created_at) VALUES (%s, %s, %s, %s)",
                [made["id"], project_name, token, now],
            )
            _add_user(connection, email, made["id"], "admin", now)

    def login_link_secret(self) -> str | None:
        """A fresh one-time secret for the oldest admin; None when there is none. Older unused ones end."""
        now = datetime.now(UTC)
        secret = new_secret()
        with self._postgres.transaction() as connection:
            admin = connection.execute(
                "SELECT user_id FROM memberships JOIN users ON users.id = user_id"
                " WHERE role = 'admin' AND is_active ORDER BY user_id LIMIT 1"
            ).fetchone()
            if admin is None:
                return None
            connection.execute("DELETE FROM login_links WHERE user_id = %s", [admin["user_id"]])
            connection.execute(
                "INSERT INTO login_links (secret_hash, user_id, expires_at) VALUES (%s, %s, %s)",
                [fingerprint(secret), admin["user_id"], now + LINK_LIFETIME],
            )
        return secret

    def redeem(self, link_secret: str) -> str | None:
        """Use a link up; returns the secret of a new session, or None when the link is used, old or unknown."""
        now = datetime.now(UTC)
        session = new_secret()
        with self._postgres.transaction() as connection:
            link = connection.execute(
                "DELETE FROM login_links WHERE secret_hash = %s RETURNING user_id, expires_at",
                [fingerprint(link_secret)],
            ).fetchone()
            if link is None or link["expires_at"] < now:
                return None
            connection.execute(
                "INSERT INTO browser_sessions (secret_hash, user_id, created_at, last_seen_at) VALUES (%s, %s, %s, %s)",
                [fingerprint(session), link["user_id"], now, now],
            )
        return session

    def by_session(self, session_secret: str) -> User | None:
        """Who this session belongs to; None when it ended."""
        now = datetime.now(UTC)
        row = self._postgres.row(
            "SELECT u.id, u.email, u.name, m.organization_id, o.name AS organization_name, m.role, s.last_seen_at"
            " FROM browser_sessions s JOIN users u ON u.id = s.user_id AND u.is_active"
            " JOIN memberships m ON m.user_id = u.id JOIN organizations o ON o.id = m.organization_id"
            " WHERE s.secret_hash = %s AND s.created_at > %s AND s.last_seen_at > %s"
            " ORDER BY m.organization_id LIMIT 1",
            [fingerprint(session_secret), now - SESSION_LIFETIME, now - SESSION_IDLE],
        )
        if row is None:
            return None
        if now - row.pop("last_seen_at") > timedelta(minutes=5):
            self._postgres.execute(
                "UPDATE browser_sessions SET last_seen_at = %s WHERE secret_hash = %s",
                [now, fingerprint(session_secret)],
            )
        return User(**row)

    def end_session(self, session_secret: str) -> None:
        """Sign out."""
        self._postgres.execute("DELETE FROM browser_sessions WHERE secret_hash = %s", [fingerprint(session_secret)])


def _add_user(connection: Connection, email: str, organization_id: int, role: str, now: datetime) -> None:
    made = connection.execute(
        "INSERT INTO users (email, created_at) VALUES (%s, %s) RETURNING id", [email, now]
    ).fetchone()
    assert made is not None  # noqa: S101  an INSERT … RETURNING
    connection.execute(
        "INSERT INTO memberships (organization_id, user_id, role) VALUES (%s, %s, %s)",
        [organization_id, made["id"], role],
    )
