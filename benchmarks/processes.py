"""Processes of one installation, and the memory they hold."""

import os
from pathlib import Path


def of_installation(data_dir: Path) -> dict[int, str]:
    """Process id → command line, for everything that runs on this data folder."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"ANALYTICS_DATA_DIR={data_dir}".encode() in environment or str(data_dir) in command:
            found[int(entry.name)] = command
    return with_children(found)


def memory_bytes(process: int) -> int:
    """Proportional set size: shared pages count for as many parts as share them."""
    try:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))


def cpu_seconds(process: int) -> float:
    """User and system time so far."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy_seconds() -> float:
    """Time so far that the machine's cores were not idle, by whoever's work; what a host took away is not in it."""
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq")
    spent = dict(zip(names, map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]), strict=False))
    return (sum(spent.values()) - spent["idle"] - spent["iowait"]) / os.sysconf("SC_CLK_TCK")


def part_of(command: str) -> str:
    """Which part of the installation a command line belongs to."""
    for word, part in (
        ("clickhouse_server", "clickhouse"),
        ("postgres", "postgres"),
        ("capture_app.", "capture"),
        ("analytics_pipelines.web.asgi", "web"),
        ("dagster-webserver", "dagster webserver"),
        ("dagster-daemon", "dagster daemon"),
        ("api grpc", "dagster code server"),
        ("multiprocessing", "ingestion run"),
    ):
        if word in command:
            return part
    return "supervisor"


def with_children(found: dict[int, str]) -> dict[int, str]:
    """Those processes and all that descend from them. Postgres' children have an environment of their own."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
    grown = dict(found)
    while True:
        more = {pid: grown[parent] for pid, parent in parents.items() if parent in grown and pid not in grown}
        more.pop(os.getpid(), None)
        if not more:
            return grown
        grown |= more
