"""The capture application of this process's settings, for a WSGI server: `granian capture_app.wsgi:app`."""

from analytics_pipelines.settings import settings_of_process
from capture_app.app import create_app

app = create_app(settings_of_process())
