"""The web application of this process's settings, for any WSGI server; those can't tell that a client has gone, and its
questions go on (`analytics_pipelines.web.asgi:app` ends them)."""

from analytics_pipelines.logs import configure_logs
from analytics_pipelines.settings import settings_of_process
from analytics_pipelines.web.app import create_app

configure_logs(settings_of_process())
app = create_app(settings_of_process())
