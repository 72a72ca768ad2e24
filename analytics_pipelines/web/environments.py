"""PostHog's clients know projects by a second name."""

from collections.abc import Callable, Iterable
from typing import Any

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_THEIRS, _OURS = "/api/environments/", "/api/projects/"


class EnvironmentsAreProjects:
    """Whatever lies under `/api/environments/` is answered as under `/api/projects/`."""

    def __init__(self, application: Wsgi) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(_THEIRS):
            environ = {**environ, "PATH_INFO": _OURS + path.removeprefix(_THEIRS)}
        return self._application(environ, start_response)
