"""One supervised process: how it is started, known to be well, and stopped."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import IO

from analytics_pipelines.embedded.sandbox import before_exec


@dataclass(frozen=True)
class Service:
    """`healthy` is asked again and again: it must answer within a second or so and never raise."""

    name: str
    command: list[str]
    env: Mapping[str, str]
    healthy: Callable[[], bool]
    url: str = ""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10
    appear_unprivileged: bool = False
    signal_group: bool = False  # tell its children too, and wait for them
    engine: bool = False  # others need it while they end, so it is stopped after them
    mend: str = ""

    def spawn(self, output: IO[bytes] | int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Start the process in a group of its own; it dies with the thread that started it."""
        return subprocess.Popen(
            self.command,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=before_exec(self.stop_signal, appear_unprivileged=self.appear_unprivileged),
        )


def stop_group(process: subprocess.Popen[bytes], how: signal.Signals, seconds: float) -> None:
    """Ask a process to end, then end it and whatever it left behind in its group."""
    if process.poll() is None:
        process.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    kill_group(process.pid)
    process.wait()


def kill_group(group: int) -> None:
    """End every process of a group at once; fine when there is none."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def wait_until(healthy: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the process became healthy in time; gives up at once when it dies."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if healthy():
            return True
        time.sleep(0.05)
    return False


def answers_http(port: int, path: str, host: str = "127.0.0.1") -> Callable[[], bool]:
    """A check: GET answers 200; what listens everywhere is asked on loopback."""
    asked = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104

    def check() -> bool:
        connection = HTTPConnection(asked, port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return check


def listens(port: int) -> Callable[[], bool]:
    """A check: something accepts connections on loopback."""

    def check() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        except OSError:
            return False

    return check


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(host: str, port: int) -> bool:
    """Whether one could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def process_lives(process_id: int) -> bool:
    """Whether there is a process with this id, whoever it belongs to."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
