"""Runs services: in order, watched, restarted when they die, stopped in reverse, leaving nothing behind."""

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from analytics_pipelines.embedded.instance import write_private
from analytics_pipelines.embedded.janitor import Janitor
from analytics_pipelines.embedded.logbook import Logbook
from analytics_pipelines.embedded.service import Service, kill_group
from analytics_pipelines.problems import Problem

START_SECONDS = 120.0
CHECK_SECONDS = 5.0
UNHEALTHY_SECONDS = 60.0
STOP_BUDGET_SECONDS = 18.0
BACKOFF_SECONDS = (0.5, 1, 2, 5, 10, 30)
# A service that lived shorter than this has failed; so many failures in a row, and restarting is no cure.
SHORT_LIFE_SECONDS = 30.0
MOST_FAILURES = 6


class StopRequested(BaseException):
    """Someone asked the supervisor to end (Ctrl-C, SIGTERM)."""


@dataclass
class _Running:
    service: Service
    process: subprocess.Popen[bytes]
    started: float
    state: str = "starting"
    failures: int = 0
    restart_at: float | None = None
    last_healthy: float = field(default_factory=time.monotonic)


class Supervisor:
    """Everything happens on the thread that made it: a child's leash is tied to the thread that forked it."""

    def __init__(self, state_file: Path, logbook: Logbook, tell: Callable[[str], None]) -> None:
        self._state_file = state_file
        self._logbook = logbook
        self._tell = tell
        self._running: dict[str, _Running] = {}
        self._given: dict[str, str] = {}
        self._selector = selectors.DefaultSelector()
        self._next_check = 0.0
        self._janitor = Janitor()
        self._begun = time.monotonic()
        self._closed = False

    def catch_signals(self) -> None:
        """From now on SIGINT, SIGTERM and SIGHUP raise StopRequested."""

        def request_stop(number: int, _: FrameType | None) -> None:
            for handled in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(handled, signal.SIG_IGN)  # once is enough; stopping must not be interrupted
            raise StopRequested(number)

        for handled in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(handled, request_stop)

    def note_given(self, name: str, url: str) -> None:
        """An engine that someone else runs; shown, not touched."""
        self._given[name] = url
        self._publish()

    def start(self, *services: Service) -> None:
        """Start services together and return when all are healthy. Raises Problem when one does not come up."""
        begun = time.monotonic()
        for service in services:
            self._spawn(service)
        waiting = {service.name for service in services}
        while waiting:
            self._pump(0.05)
            for name in sorted(waiting):
                running = self._running[name]
                if running.process.poll() is not None:
                    raise self._death(running)
                if running.service.healthy():
                    waiting.discard(name)
                    self._set_state(running, "healthy")
                    self._tell(
                        f"{name:<19} {running.service.url or 'running':<42} {time.monotonic() - self._begun:5.1f} s"
                    )
                elif time.monotonic() - begun > START_SECONDS:
                    raise Problem(
                        f"{name} did not come up within {START_SECONDS:g} s: {self._logbook.last_words(name)}",
                        f"See {self._logbook.file}.",
                    )

    def watch(self) -> None:
        """Keep everything running until StopRequested. Raises Problem when a service can't be kept alive."""
        while True:
            self._pump(0.2)
            for running in list(self._running.values()):
                self._look_after(running)
            if time.monotonic() >= self._next_check:
                self._next_check = time.monotonic() + CHECK_SECONDS
                self._check_health()

    def stop(self) -> None:
        """Stop everything within the budget, engines last; then nothing of it is left."""
        end = time.monotonic() + STOP_BUDGET_SECONDS
        for engines in (False, True):
            wave = [running for running in self._running.values() if running.service.engine is engines]
            self._stop_together(wave, end)
        self._running.clear()
        if not self._closed:
            self._closed = True
            self._selector.close()
            self._janitor.close()
            self._logbook.close()
        self._state_file.unlink(missing_ok=True)

    def _spawn(self, service: Service) -> None:
        process = service.spawn(subprocess.PIPE)
        self._janitor.watch(process.pid, service.stop_signal)
        assert process.stdout is not None  # noqa: S101  it is a pipe
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, service.name)
        before = self._running.get(service.name)
        failures = before.failures if before else 0
        self._running[service.name] = _Running(service, process, time.monotonic(), failures=failures)
        self._publish()

    def _pump(self, timeout: float) -> None:
        """Move what services say into the log; sleeps at most `timeout` seconds."""
        for key, _ in self._selector.select(timeout):
            data = os.read(key.fd, 65536)
            if data:
                self._logbook.feed(key.data, data)
            else:
                self._selector.unregister(key.fileobj)
        if not self._selector.get_map():
            time.sleep(timeout)

    def _look_after(self, running: _Running) -> None:
        now = time.monotonic()
        name = running.service.name
        if running.restart_at is not None:
            if now >= running.restart_at:
                self._spawn(running.service)
            return
        if running.process.poll() is None:
            return
        self._bury(running)
        running.failures = running.failures + 1 if now - running.started < SHORT_LIFE_SECONDS else 1
        if running.failures > MOST_FAILURES:
            raise self._death(running)
        pause = BACKOFF_SECONDS[min(running.failures, len(BACKOFF_SECONDS)) - 1]
        running.restart_at = now + pause
        self._set_state(running, "restarting")
        self._tell(f"{name} ended ({_how(running.process)}): {self._logbook.last_words(name)}; again in {pause:g} s")

    def _check_health(self) -> None:
        for running in self._running.values():
            if running.restart_at is not None:
                continue
            now = time.monotonic()
            if running.service.healthy():
                if running.state != "healthy":
                    self._tell(f"{running.service.name} is healthy")
                running.last_healthy = now
                self._set_state(running, "healthy")
            elif now - running.last_healthy > UNHEALTHY_SECONDS and now - running.started > UNHEALTHY_SECONDS:
                self._tell(f"{running.service.name} has not answered for {UNHEALTHY_SECONDS:g} s; it is started again")
                kill_group(running.process.pid)
            elif running.state == "healthy":
                self._set_state(running, "unhealthy")

    def _stop_together(self, wave: list[_Running], end: float) -> None:
        begun = time.monotonic()
        for running in wave:
            if running.process.poll() is None:
                send = os.killpg if running.service.signal_group else os.kill
                with suppress(ProcessLookupError):
                    send(running.process.pid, running.service.stop_signal)
        waiting = list(wave)
        while waiting:
            self._pump(0.05)
            now = time.monotonic()
            for running in list(waiting):
                ended = running.process.poll() is not None and not _group_lives(running)
                if ended or now >= end or now - begun >= running.service.stop_seconds:
                    self._bury(running)
                    waiting.remove(running)

    def _bury(self, running: _Running) -> None:
        """After its end: nothing of its group stays, and its last output is in the log."""
        kill_group(running.process.pid)
        running.process.wait()
        self._janitor.forget(running.process.pid)
        self._pump(0)
        if running.process.stdout is not None and not running.process.stdout.closed:
            if running.process.stdout.fileno() in self._selector.get_map():
                self._selector.unregister(running.process.stdout)
            running.process.stdout.close()

    def _death(self, running: _Running) -> Problem:
        self._pump(0.1)
        name = running.service.name
        return Problem(
            f"{name} ended ({_how(running.process)}): {self._logbook.last_words(name)}",
            running.service.mend or f"See {self._logbook.file}.",
        )

    def _set_state(self, running: _Running, state: str) -> None:
        if running.state != state:
            running.state = state
            self._publish()

    def _publish(self) -> None:
        """What `analytics status` reads."""
        services: dict[str, dict[str, object]] = {
            name: {"url": url, "pid": None, "state": "given"} for name, url in self._given.items()
        }
        for name, running in self._running.items():
            services[name] = {"url": running.service.url, "pid": running.process.pid, "state": running.state}
        write_private(self._state_file, json.dumps({"pid": os.getpid(), "services": services}, indent=2))


def _group_lives(running: _Running) -> bool:
    if not running.service.signal_group:
        return False
    try:
        os.killpg(running.process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _how(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
