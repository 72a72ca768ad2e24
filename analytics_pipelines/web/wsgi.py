"""The web application of this process's settings, for a WSGI server: `granian analytics_pipelines.web.wsgi:app`."""

from analytics_pipelines.logs import configure_logs
from analytics_pipelines.settings import settings_of_process
from analytics_pipelines.web.app import create_app

configure_logs(settings_of_process())
app = create_app(settings_of_process())
