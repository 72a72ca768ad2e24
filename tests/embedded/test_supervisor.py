"""Supervision of small programs: order, restarts, and an end that leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analytics_pipelines.embedded import supervisor as module
from analytics_pipelines.embedded.logbook import Logbook
from analytics_pipelines.embedded.service import Service, port_is_free
from analytics_pipelines.embedded.supervisor import StopRequested, Supervisor
from analytics_pipelines.problems import Problem

pytestmark = pytest.mark.engines


def program(tmp_path: Path, name: str, code: str, **more: object) -> Service:
    return Service(
        name=name,
        command=[sys.executable, "-c", code, str(tmp_path)],
        env=os.environ,
        healthy=lambda: (tmp_path / f"{name}.up").exists(),
        **more,  # type: ignore[arg-type]
    )


LIVES = (
    "import sys, pathlib, time; pathlib.Path(sys.argv[1], '{name}.up').touch(); print('hello', flush=True); "
    "time.sleep(60)"
)


def lives(tmp_path: Path, name: str, **more: object) -> Service:
    return program(tmp_path, name, LIVES.format(name=name), **more)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, told: list[str]):  # type: ignore[no-untyped-def]
    made = Supervisor(tmp_path / "services.json", Logbook(tmp_path / "logs" / "all.log"), told.append)
    yield made
    made.stop()


def until(supervisor: Supervisor, done: Callable[[], bool], seconds: float = 20) -> None:
    """Run the watching loop until something is so."""
    end = time.monotonic() + seconds

    def look(_: float) -> None:
        pump(_)
        if done() or time.monotonic() > end:
            raise StopRequested

    pump = supervisor._pump
    supervisor._pump = look  # type: ignore[method-assign]
    with pytest.raises(StopRequested):
        supervisor.watch()
    supervisor._pump = pump  # type: ignore[method-assign]
    assert done()


def test_started_services_are_healthy_and_written_down(tmp_path: Path, supervisor: Supervisor, told: list[str]) -> None:
    supervisor.start(lives(tmp_path, "one"), lives(tmp_path, "two"))
    written = json.loads((tmp_path / "services.json").read_text())
    assert written["pid"] == os.getpid()
    assert {name: service["state"] for name, service in written["services"].items()} == {
        "one": "healthy",
        "two": "healthy",
    }
    assert len(told) == 2


def test_what_services_say_is_in_one_log_under_their_names(tmp_path: Path, supervisor: Supervisor) -> None:
    supervisor.start(lives(tmp_path, "one"), lives(tmp_path, "two"))
    until(supervisor, lambda: (tmp_path / "logs" / "all.log").read_text().count("hello") == 2)
    log = (tmp_path / "logs" / "all.log").read_text()
    assert "[one] hello" in log
    assert "[two] hello" in log


def test_a_service_that_dies_is_started_again(tmp_path: Path, supervisor: Supervisor, told: list[str]) -> None:
    supervisor.start(lives(tmp_path, "one"))
    first = json.loads((tmp_path / "services.json").read_text())["services"]["one"]["pid"]
    os.kill(first, signal.SIGKILL)

    def healed() -> bool:
        now = json.loads((tmp_path / "services.json").read_text())["services"]["one"]
        return now["pid"] != first and now["state"] == "healthy"

    until(supervisor, healed)
    assert any("SIGKILL" in line for line in told)


def test_a_service_that_does_not_come_up_is_one_line_with_its_last_words(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    broken = program(tmp_path, "broken", "print('noise'); raise SystemExit('the disk is upside down')")
    with pytest.raises(Problem, match=r"broken ended \(exit code 1\): the disk is upside down"):
        supervisor.start(broken)


def test_a_service_that_keeps_dying_ends_the_supervision(
    tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKOFF_SECONDS", (0.01,))
    code = "import sys, pathlib, time; pathlib.Path(sys.argv[1], 'sick.up').touch(); time.sleep(.3); sys.exit('ill')"
    supervisor.start(program(tmp_path, "sick", code))
    with pytest.raises(Problem, match="ill"):
        supervisor.watch()


def test_one_that_does_not_answer_any_more_is_started_again(
    tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNHEALTHY_SECONDS", 0.3)
    monkeypatch.setattr(module, "CHECK_SECONDS", 0.1)
    supervisor.start(lives(tmp_path, "one"))
    first = json.loads((tmp_path / "services.json").read_text())["services"]["one"]["pid"]
    (tmp_path / "one.up").unlink()

    def replaced() -> bool:
        now = json.loads((tmp_path / "services.json").read_text())["services"]["one"]
        return now["pid"] != first and now["state"] == "healthy"

    until(supervisor, replaced)


def test_engines_end_after_the_services_that_need_them(tmp_path: Path, supervisor: Supervisor) -> None:
    code = (
        "import sys, pathlib, signal, time\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "def end(*_):\n"
        "    (folder / 'ends').open('a').write('{name} '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "(folder / '{name}.up').touch()\n"
        "time.sleep(60)\n"
    )
    supervisor.start(program(tmp_path, "engine", code.replace("{name}", "engine"), engine=True))
    supervisor.start(program(tmp_path, "web", code.replace("{name}", "web")))
    supervisor.stop()
    assert (tmp_path / "ends").read_text() == "web engine "
    assert not (tmp_path / "services.json").exists()


def test_grandchildren_end_with_their_service(tmp_path: Path, supervisor: Supervisor) -> None:
    code = (
        "import subprocess, sys, pathlib, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "(folder / 'grandchild').write_text(str(child.pid)); (folder / 'parent.up').touch(); time.sleep(60)\n"
    )
    supervisor.start(program(tmp_path, "parent", code))
    grandchild = int((tmp_path / "grandchild").read_text())
    supervisor.stop()
    assert _gone(grandchild)


def test_one_that_ignores_the_request_is_ended_all_the_same(tmp_path: Path, supervisor: Supervisor) -> None:
    code = (
        "import sys, pathlib, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); pathlib.Path(sys.argv[1], 'deaf.up').touch(); time.sleep(60)\n"
    )
    supervisor.start(program(tmp_path, "deaf", code, stop_seconds=0.5))
    begun = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - begun < 5


SUPERVISES = """
import sys, pathlib
sys.path.insert(0, sys.argv[2])
from test_supervisor import lives, Supervisor, Logbook
folder = pathlib.Path(sys.argv[1])
supervisor = Supervisor(folder / "services.json", Logbook(folder / "all.log"), print)
supervisor.start(lives(folder, "one"), lives(folder, "two"))
print("up", flush=True)
supervisor.watch()
"""


def test_a_killed_supervisor_takes_its_services_along(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISES, str(tmp_path), str(Path(__file__).parent)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    while b"up" not in process.stdout.readline():
        assert process.poll() is None
    pids = [each["pid"] for each in json.loads((tmp_path / "services.json").read_text())["services"].values()]
    assert len(pids) == 2
    process.kill()
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 15
    while time.monotonic() < end and not all(_gone(pid) for pid in pids):
        time.sleep(0.1)
    assert all(_gone(pid) for pid in pids)


def test_the_log_rotates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from analytics_pipelines.embedded import logbook

    monkeypatch.setattr(logbook, "_FILE_BYTES", 2000)
    book = Logbook(tmp_path / "all.log")
    for number in range(500):
        book.feed("one", f"line {number}\n".encode())
    files = sorted(tmp_path.iterdir())
    assert len(files) == 5
    assert all(file.stat().st_size <= 2000 for file in files)
    assert book.last_words("one") == "line 499"
    book.close()


def test_a_port_in_use_is_known() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert not port_is_free("127.0.0.1", taken.getsockname()[1])


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True
