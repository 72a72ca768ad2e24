"""The web application of this process's settings, for a WSGI server: `granian analytics_pipelines.web.wsgi:app`."""

from analytics_pipelines.settings import settings_of_process
from analytics_pipelines.web.app import create_app

app = create_app(settings_of_process())
