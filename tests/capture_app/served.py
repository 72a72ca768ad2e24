"""Capture as it runs in earnest, its processes, and what lies in its bucket, read without capture's own code."""

import json
import os
import re
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from backports import zstd
from ledger_client import Ledger

from analytics_pipelines.embedded.programs import capture_service
from analytics_pipelines.embedded.service import answers_http, free_port, kill_group, stop_group, wait_until
from analytics_pipelines.settings import Settings

_START_SECONDS = 30
_UNFINISHED = re.compile(r"#\d+$")
_S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class Served:
    """Capture's processes. Started and stopped as the supervisor does."""

    def __init__(self, settings: Settings, faults: str = "") -> None:
        self.port = settings.capture_port
        self._workers = settings.capture_workers
        self._log = settings.data_dir / "capture.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        service = capture_service(settings)
        self.service = replace(service, env={**service.env, "ANALYTICS_FAULTS": faults})
        self._process: Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return when it answers."""
        with self._log.open("ab") as log:
            self._process = self.service.spawn(log)
        assert wait_until(self.service.healthy, self._process, _START_SECONDS), self.log()

    def stop(self) -> None:
        if self._process is not None:
            stop_group(self._process, self.service.stop_signal, self.service.stop_seconds)

    def end(self) -> float:
        """Ask it to end; how long that took. Raises TimeoutExpired when it takes longer than the supervisor waits."""
        begun = time.monotonic()
        self.process.send_signal(self.service.stop_signal)
        self.process.wait(self.service.stop_seconds)
        return time.monotonic() - begun

    def kill(self) -> None:
        """Kill the parent, and what it leaves behind, as the supervisor does when it finds it dead."""
        self.process.kill()
        self.process.wait()
        kill_group(self.process.pid)

    @property
    def process(self) -> Popen[bytes]:
        assert self._process is not None
        return self._process

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def workers(self) -> list[int]:
        """The process ids of those workers that live."""
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [int(child) for child in children if _state(child) not in {"Z", "X"}]

    def kill_worker(self, worker: int) -> int:
        """Kill it and wait for the one that is started instead of it; that one's process id."""
        before = set(self.workers())
        os.kill(worker, signal.SIGKILL)
        (new,) = wait_for(lambda: set(self.workers()) - before, 10)
        return int(new)

    def peak_bytes(self) -> list[int]:
        """The most memory that each worker ever held."""
        return [_status(worker, "VmHWM") for worker in self.workers()]


def settings_of(accounts: Any, folder: Path, bucket: str, **more: Any) -> Settings:
    """Settings of a capture on a port of its own."""
    return Settings(
        data_dir=folder / "data",
        postgres_url=accounts.url,
        object_store_url=bucket,
        capture_port=free_port(),
        **more,
    )


@contextmanager
def serving(settings: Settings, faults: str = "") -> Iterator[Served]:
    """Capture of these settings, running."""
    served = Served(settings, faults)
    served.start()
    try:
        yield served
    finally:
        served.stop()


def wait_for(found: Callable[[], Any], seconds: float) -> Any:
    """What is found once it is anything."""
    end = time.monotonic() + seconds
    while not (what := found()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)
    return what


def answers(port: int) -> bool:
    """Whether capture says that it lives."""
    return answers_http(port, "/livez")()


def _state(process_id: str) -> str:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def _status(process_id: int, name: str) -> int:
    text = Path(f"/proc/{process_id}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[1]) * 1024  # type: ignore[index]


def in_folder(bucket: Path) -> dict[str, bytes]:
    """All finished objects of a bucket that is a folder."""
    files = [path for path in bucket.rglob("*") if path.is_file() and not _UNFINISHED.search(path.name)]
    return {str(path.relative_to(bucket)): path.read_bytes() for path in files}


def unfinished(bucket: Path) -> list[Path]:
    """Temporary files that were left behind."""
    return [path for path in bucket.rglob("*") if _UNFINISHED.search(path.name)]


def in_s3(port: int, bucket: str) -> dict[str, bytes]:
    """All objects of a bucket of moto, which wants to see a signature and believes any."""
    root, found, more = f"http://127.0.0.1:{port}/{bucket}", {}, ""
    while True:
        listing = ElementTree.fromstring(_signed(f"{root}?list-type=2{more}"))  # noqa: S314  moto's own
        for item in listing.iter(f"{_S3}Key"):
            found[item.text or ""] = _signed(f"{root}/{quote(item.text or '')}")
        following = listing.findtext(f"{_S3}NextContinuationToken")
        if not following:
            return found
        more = f"&continuation-token={quote(following, safe='')}"


def _signed(url: str) -> bytes:
    scope = "Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    request = urllib.request.Request(url, headers={"Authorization": f"AWS4-HMAC-SHA256 {scope}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        text: bytes = answer.read()
        return text


def uuids_of(objects: Iterable[bytes]) -> Counter[str]:
    """How often each event is in them. Every object must be whole and every line JSON."""
    return Counter(json.loads(line)["uuid"] for text in objects for line in zstd.decompress(text).splitlines())


def check_books(ledger: Ledger, objects: dict[str, bytes]) -> Counter[str]:
    """Whatever was acknowledged is stored, and nothing is there that was not sent, or that was sent once."""
    stored = uuids_of(objects.values())
    assert ledger.acknowledged - set(stored) == set()
    assert set(stored) - ledger.sent == set()
    assert max(stored.values(), default=1) == 1
    return stored
