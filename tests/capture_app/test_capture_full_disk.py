"""A disk that fills up while events arrive, and is freed."""

import os
import shutil
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ledger_client import Ledger, Load, message
from served import Served, check_books, in_folder, settings_of, unfinished, wait_for

pytestmark = pytest.mark.engines

DISK_BYTES = 6 << 20
FILLER_BYTES = 3 << 20


def _own_disk(folder: Path) -> list[str]:
    """What runs a command with a small disk of its own on that folder, without being root."""
    mount = f'mount -t tmpfs -o size={DISK_BYTES} tmpfs "$0" && exec "$@"'
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, str(folder)]


def test_a_full_disk_acknowledges_nothing_and_heals_when_it_is_freed(accounts: Any, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not shutil.which("unshare") or subprocess.run([*_own_disk(disk), "true"], capture_output=True).returncode:
        pytest.skip("a small disk needs user namespaces, which this machine does not allow")
    served = Served(settings_of(accounts, tmp_path, (disk / "bucket").as_uri(), capture_workers=2))
    served.service = replace(served.service, command=[*_own_disk(disk), *served.service.command])
    ledger = Ledger()
    try:
        served.start()
        inside = Path(f"/proc/{served.process.pid}/root{disk}")  # the disk as capture sees it
        filler, bucket = inside / "filler", inside / "bucket"
        filler.write_bytes(os.urandom(FILLER_BYTES))
        workers = served.workers()
        with Load(
            served.port, partial(message, accounts.project.api_token, text_bytes=4000), connections=16, ledger=ledger
        ):
            wait_for(lambda: ledger.statuses[503] > 100, 20)
            before = ledger.statuses[200]
            stored = check_books(ledger, in_folder(bucket))  # every object that can be seen is whole
            filler.unlink()
            wait_for(lambda: ledger.statuses[200] > before + 5, 10)
        assert len(stored) > 100
        check_books(ledger, in_folder(bucket))
        assert ledger.untyped() == []
        assert ledger.broken == 0
        assert unfinished(bucket) == []
        assert served.workers() == workers
        print(f"\n{ledger.statuses}, a 503 took at most {ledger.seconds(503)[-1]:.3f} s")
    finally:
        served.stop()
