"""The capture application of this process's settings, for any WSGI server. `granian capture_app.rsgi:app` is faster."""

import atexit

from analytics_pipelines.logs import configure_logs
from analytics_pipelines.settings import settings_of_process
from capture_app.app import create_app
from capture_app.process import running

configure_logs(settings_of_process())
_running = running(settings_of_process())
app = create_app(_running.__enter__())
atexit.register(_running.__exit__, None, None, None)
