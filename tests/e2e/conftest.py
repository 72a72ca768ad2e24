"""The whole platform as a user starts it, in a folder of its own, on free ports."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

START_SECONDS = 150


class Stack:
    """One installation: started, spoken to by its command line and HTTP, stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.output = folder / "start.log"
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")},
            "ANALYTICS_DATA_DIR": str(self.data_dir),
            "PYTHONWARNINGS": "ignore",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        ports = [f"--{name}-port=0" for name in ("capture", "web", "dagster", "clickhouse")]
        with self.output.open("wb") as log:
            self.process = subprocess.Popen(
                [*self._analytics, "start", *ports, *arguments], env=self.env, cwd=self.folder, stdout=log, stderr=log
            )
        self.wait(lambda: "everything is up" in self.said(), START_SECONDS, "the stack to come up")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(30)

    def said(self) -> str:
        assert self.process is not None
        text = self.output.read_text(errors="replace")
        assert self.process.poll() is None or "everything is up" in text, text
        return text

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*self._analytics, *arguments], env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=180
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)

    def count(self, project: int = 1) -> int:
        found: int = self.json("sql", "--project", str(project), "select count() from events")["results"][0][0]
        return found

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("status", "--json", check=False).stdout)
        return found

    def services(self) -> dict[str, dict[str, Any]]:
        services: dict[str, dict[str, Any]] = self.status()["services"]
        return services

    def wait(self, what: Callable[[], object], seconds: float, name: str) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if what():
                return
            time.sleep(0.3)
        raise AssertionError(f"waited {seconds} s for {name}:\n{self.output.read_text()}\n{self.log_tail()}")

    def log_tail(self) -> str:
        log = self.data_dir / "logs" / "analytics.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-40:]) if log.exists() else ""

    @property
    def capture_url(self) -> str:
        return self._printed(r"Capture +(\S+)")

    @property
    def web_url(self) -> str:
        return self._printed(r"Dashboards +(\S+)/login")

    @property
    def login_url(self) -> str:
        return self._printed(r"Dashboards +(\S+)")

    @property
    def dagster_url(self) -> str:
        return self._printed(r"Dagster +(http\S+)")

    @property
    def api_token(self) -> str:
        return self._printed(r"Project key (\S+)")

    def _printed(self, pattern: str) -> str:
        match = re.search(pattern, re.sub(r"\x1b\[[0-9;]*m", "", self.output.read_text()))
        assert match, self.output.read_text()
        return match[1]

    @property
    def _analytics(self) -> list[str]:
        return [sys.executable, "-m", "analytics_pipelines.cli"]


def request(url: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
    """Status and JSON (or text) of one request."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=60) as answer:
            text, status = answer.read().decode(), answer.status
    except urllib.error.HTTPError as error:
        text, status = error.read().decode(), error.code
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


def processes_below(folder: Path) -> dict[int, str]:
    """Processes that belong to the stack in this folder, by its name in their environment."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            mine = f"ANALYTICS_DATA_DIR={folder}".encode() in (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if (mine or str(folder) in command) and command:
            found[int(entry.name)] = command
    return found


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("stack"))
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()
