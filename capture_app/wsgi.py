"""The capture application of this process's settings, for a WSGI server: `granian capture_app.wsgi:app`."""

from analytics_pipelines.logs import configure_logs
from analytics_pipelines.settings import settings_of_process
from capture_app import metrics
from capture_app.app import create_app

configure_logs(settings_of_process())
app = create_app(settings_of_process())
metrics.register(app)
