"""Who asks: by an API key or by a browser session; and what a route lets them do. Default: nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import current_app, g, request

from analytics_pipelines.accounts.keys import ApiKey, ApiKeys
from analytics_pipelines.accounts.people import People, User
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.web.errors import ApiError

SESSION_COOKIE = "analytics_session"
_SAFE = {"GET", "HEAD", "OPTIONS"}
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Asker:
    """A person or a key; exactly one of the two."""

    user: User | None = None
    key: ApiKey | None = None


def public(view: View) -> View:
    """This route answers anyone."""
    view.policy = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """This route answers people who are signed in."""
    view.policy = "signed_in"  # type: ignore[attr-defined]
    return view


def scope(name: str) -> Callable[[View], View]:
    """This route answers members of the organization (for `…:write` not its viewers), and keys with that scope.

    A `project_id` in its path must be a project that the asker may see.
    """

    def mark(view: View) -> View:
        view.policy = name  # type: ignore[attr-defined]
        return view

    return mark


def check_policy() -> None:
    """Before each request: find out who asks and whether the route lets them. Raises ApiError."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None:
        return  # no such route: a 404 for everyone
    policy = getattr(view, "policy", None)
    if policy == "public":
        return
    asker = _asker()
    if policy is None or (policy == "signed_in" and asker.user is None):
        raise ApiError(403, "permission_denied", "An API key can't do this.")
    if asker.key is not None and not asker.key.allows(policy):
        raise ApiError(403, "permission_denied", f"The API key lacks the scope {policy}.")
    if asker.user is not None:
        _refuse_foreign_origin()
        if asker.user.role == "viewer" and policy.endswith(":write"):
            raise ApiError(403, "permission_denied", "Viewers can't change anything; ask an editor or an admin.")
    g.asker = asker
    if request.view_args and "project_id" in request.view_args:
        g.project = _visible_project(asker, request.view_args["project_id"])


def asker() -> Asker:
    """Who asks in this request."""
    found: Asker = g.asker
    return found


def project() -> Project:
    """The project of this request's path."""
    found: Project = g.project
    return found


def _asker() -> Asker:
    services = current_app.extensions["analytics"]
    header = request.headers.get("Authorization", "")
    if header:
        kind, _, key = header.partition(" ")
        found = ApiKeys(services.postgres).find(key.strip()) if kind.lower() == "bearer" else None
        if found is None:
            raise ApiError(401, "authentication_failed", "The API key is wrong.", kind="authentication_error")
        return Asker(key=found)
    cookie = request.cookies.get(SESSION_COOKIE)
    user = People(services.postgres).by_session(cookie) if cookie else None
    if user is None:
        raise ApiError(
            401,
            "not_authenticated",
            "Send a personal API key (Authorization: Bearer phx_…) or sign in.",
            kind="authentication_error",
        )
    return Asker(user=user)


def _visible_project(asker: Asker, project_id: int) -> Project:
    found = Projects(current_app.extensions["analytics"].postgres).get(project_id)
    if asker.key is not None and asker.key.project_id != project_id:
        raise ApiError(403, "permission_denied", "The API key is for another project.")
    if found is None or (asker.user is not None and found.organization_id != asker.user.organization_id):
        raise ApiError(404, "not_found", "There is no such project.")
    return found


def _refuse_foreign_origin() -> None:
    """A browser says where a request comes from; cookies only count for our own pages."""
    if request.method in _SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        allowed = site in {"same-origin", "none"}
    else:
        origin = request.headers.get("Origin")
        allowed = origin is None or origin.split("://", 1)[-1] == request.host
    if not allowed:
        raise ApiError(403, "permission_denied", "Requests from other sites are refused.")
