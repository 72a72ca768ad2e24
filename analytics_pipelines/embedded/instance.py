"""What `analytics start` remembers of a data folder from one start to the next: its secrets and its first day."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from analytics_pipelines.problems import Problem


@dataclass(frozen=True)
class Instance:
    """Made once; readable by its owner only."""

    created_on: str
    postgres_password: str
    clickhouse_platform_password: str
    clickhouse_reader_password: str

    @property
    def first_day(self) -> date:
        return date.fromisoformat(self.created_on)


def open_instance(data_dir: Path, first_day: date | None = None) -> Instance:
    """The instance in this folder, made on first use: on `first_day`, as it says from then on; None: today.

    Raises Problem when the folder can't be used.
    """
    file = data_dir / "instance.json"
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            _write_once(file, _new_instance(first_day or datetime.now(UTC).date()))
        return Instance(**json.loads(file.read_text()))
    except OSError as error:
        raise Problem(
            f"The data folder {data_dir} can't be used: {error.strerror or error}.",
            "Make it writable, or choose another with ANALYTICS_DATA_DIR or --data-dir.",
        ) from None
    except (ValueError, TypeError):
        raise Problem(
            f"{file} is damaged.", "Restore it from a backup; it holds the passwords of the engines beside it."
        ) from None


def write_private(file: Path, text: str) -> None:
    """Replace a file's content at once; readable by its owner only."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(descriptor)
    temporary.replace(file)


def _write_once(file: Path, instance: Instance) -> None:
    write_private(file, json.dumps(asdict(instance), indent=2))


def _new_instance(day: date) -> Instance:
    return Instance(
        created_on=day.isoformat(),
        postgres_password=secrets.token_hex(24),
        clickhouse_platform_password=secrets.token_hex(24),
        clickhouse_reader_password=secrets.token_hex(24),
    )
