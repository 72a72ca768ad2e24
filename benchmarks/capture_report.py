"""What was measured → the page docs/capture-speed.md. Pure."""

from dataclasses import dataclass
from statistics import median

from benchmarks.wrk import Load

CAPTURE, BARE, UNWRITTEN, STRAIGHTFORWARD, CLICKHOUSE = "capture", "bare", "unwritten", "straightforward", "clickhouse"
TITLES = {
    CAPTURE: "**capture**",
    BARE: "granian alone: reads the body, answers a constant",
    UNWRITTEN: "capture without the write",
    STRAIGHTFORWARD: "straightforward Flask, one file and fsync a request",
    CLICKHOUSE: "ClickHouse, `async_insert`, synced",
}

# The kernel's network work and idle contenders take about 0.1; when it is more than this, somebody else was at work.
_QUIET_CORES = 0.2


@dataclass(frozen=True)
class Rates:
    """Medians over the rounds of a run; errors are all that there were. `cpu_us`: user and system time an event.

    `slowest` and `fastest`: requests a second of single rounds.
    """

    requests: float
    events: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    errors: int
    slowest: float = 0
    fastest: float = 0


@dataclass(frozen=True)
class Measured:
    """A whole run. Keys are payloads' names; `served` has one of them by contender, `growth` is by connections."""

    about: dict[str, str]
    payloads: dict[str, str]
    served: dict[str, dict[str, Rates]]
    parse_us: dict[str, float]
    growth: dict[int, Rates]
    commits: dict[str, dict[str, float]]
    start: dict[str, float]


@dataclass(frozen=True)
class Goal:
    """What was wished for, and what became of it."""

    wish: str
    found: str
    reached: bool


def rates(loads: list[Load], cpu_seconds: list[float], events: int) -> Rates:
    """Of the rounds of one contender with one payload of so many events."""
    each = [load.requests / load.seconds for load in loads]
    requests = median(each)
    return Rates(
        requests=requests,
        events=requests * events,
        cpu_us=median(cpu * 1e6 / max(1, load.requests * events) for load, cpu in zip(loads, cpu_seconds, strict=True)),
        p50_ms=median(load.p50_ms for load in loads),
        p99_ms=median(load.p99_ms for load in loads),
        errors=sum(load.errors for load in loads),
        slowest=min(each),
        fastest=max(each),
    )


def goals(measured: Measured) -> list[Goal]:
    """In the order of the page."""
    ours, without, flask = (measured.served[name] for name in (CAPTURE, UNWRITTEN, STRAIGHTFORWARD))
    single = ours["single"]
    span = f"from {min(measured.growth)} to {max(measured.growth)} connections"
    whole = not any(one.errors for one in measured.growth.values())
    found = [
        Goal(
            "`single`: 8,000 requests/s, p99 within 50 ms",
            f"{single.requests:,.0f}/s, {single.p99_ms:,.0f} ms",
            single.requests >= 8000 and single.p99_ms <= 50 and not single.errors,
        ),
        *(
            Goal(
                f"`{name}`: {wish:,} events/s",
                f"{ours[name].events:,.0f}/s",
                ours[name].events >= wish and not ours[name].errors,
            )
            for name, wish in (("b50gz", 120_000), ("b100", 150_000))
        ),
    ]
    for name in measured.payloads:
        times = _ratio(ours[name].requests, flask[name].requests)
        found.append(Goal(f"`{name}`: 3 times the straightforward Flask", f"{times:.1f} times", times >= 3))
    for name in measured.payloads:
        times = _ratio(ours[name].cpu_us, without[name].cpu_us)
        found.append(
            Goal(f"`{name}`: CPU an event within twice that without the write", f"{times:.2f} times", times <= 2)
        )
    plain = _spread([one.p99_ms for one in measured.growth.values()])
    tail = _spread([_tail(connections, one) for connections, one in measured.growth.items()])
    return [
        *found,
        Goal(f"p99 flat {span} (highest within twice the lowest)", f"{plain:.1f} times", plain <= 2 and whole),
        Goal(f"p99 ÷ mean flat {span} (likewise)", f"{tail:.1f} times", tail <= 2 and whole),
        Goal(
            "start: first event within a second",
            f"{measured.start['event']:.2f} s",
            measured.start["event"] < 1,
        ),
    ]


def page(measured: Measured) -> str:
    """The whole of docs/capture-speed.md."""
    about = measured.about
    goal_rows = "\n".join(
        f"| {goal.wish} | {goal.found} | {'reached' if goal.reached else '**not reached**'} |"
        for goal in goals(measured)
    )
    contenders = "\n\n".join(
        f"`{name}`: {title}.\n\n{_contenders(measured.served, name)}" for name, title in measured.payloads.items()
    )
    parse_rows = "\n".join(
        f"| `{name}` | {microseconds:.2f} | {1e6 / microseconds:,.0f} |"
        for name, microseconds in measured.parse_us.items()
    )
    growth_rows = "\n".join(
        f"| {connections} | {one.requests:,.0f} | {_span(one)} | {one.p50_ms:,.1f} | {one.p99_ms:,.1f} | "
        f"{_tail(connections, one):.1f} | {one.errors} |"
        for connections, one in measured.growth.items()
    )
    commit_rows = "\n".join(
        f"| {name} | {one['alone']:,.0f} | {one['grouped']:,.0f} | {_ratio(one['grouped'], one['alone']):.1f} |"
        for name, one in measured.commits.items()
    )
    noise = _noise(float(about["others"]))
    return f"""# How fast capture is

Written by `{about["command"]}` on {about["day"]}: {about["machine"]},
Python {about["python"]}, granian {about["granian"]}. {about["workers"]} workers each,
{about["connections"]} connections, medians of {about["rounds"]} interleaved rounds of {about["seconds"]} s;
beside them the slowest and the fastest round. The load generator (`wrk`, one thread) shares the cores. Other work took
{about["others"]} cores meanwhile (median of all runs){noise}. Expect other figures elsewhere, and look at the ratios.

## Goals

| | found | |
|---|---|---|
{goal_rows}

## Contenders

Events are posthog-js' of about {about["event_bytes"]} bytes. A 200 of capture means a durable object in a folder on the
disk of this repository. CPU is user and system time of all processes of a contender.

{contenders}

The straightforward Flask runs under granian as WSGI, with 32 blocking threads a worker; its 200 is durable too.

ClickHouse (the embedded one) is the peer: of what was looked for, it is the one that takes JSON over HTTP, answers when
it is durable, and installs here without a build. Debian has neither Vector nor Fluent Bit, and its nginx does not sync
what it takes. ClickHouse answers when the part that a row is in, and the part's folder, are synced
(`wait_for_async_insert`, `fsync_after_insert`, `fsync_part_directory`). It does more for an event than capture does at
this point: its rows are in columns, sorted, and can be queried at once. It gets the same events without the envelope,
and runs with this project's configuration, made for a laptop.

## Parsing alone

`payload()`, `parse()` and `to_lines()` in one process on one core, without a server.

| | µs an event | events/s |
|---|---|---|
{parse_rows}

## More connections

Capture, `single`. wrk sends the next request of a connection when the last one is answered, so when the server is busy
the mean is connections ÷ requests/s, and p99 grows with it; p99 ÷ mean shows how long the tail is beyond that.

| connections | requests/s | of rounds | p50 ms | p99 ms | p99 ÷ mean | errors |
|---|---|---|---|---|---|---|
{growth_rows}

## The commit alone

Commits a second in one process, {about["commits_at_once"]} at once: an object for each, and grouped as capture does
(`python -m benchmarks.commit`).

| | alone | grouped | times |
|---|---|---|---|
{commit_rows}

## Start

Median of {about["starts"]}, counted from the start of the process: the first 200 from `/livez` came after
{measured.start["livez"]:.2f} s, the first 200 for an event after {measured.start["event"]:.2f} s.
"""


def _noise(others: float) -> str:
    return ", so figures are too low, and p99 says little" if others > _QUIET_CORES else ""


def _contenders(served: dict[str, dict[str, Rates]], payload: str) -> str:
    ours = served[CAPTURE][payload]
    rows = "\n".join(
        f"| {TITLES[name]} | {one.requests:,.0f} | {_span(one)} | {one.events:,.0f} "
        f"| {_ratio(one.requests, ours.requests):.2f} | {one.cpu_us:,.1f} | {one.p50_ms:,.1f} | {one.p99_ms:,.1f} "
        f"| {one.errors} |"
        for name, one in ((name, by_payload[payload]) for name, by_payload in served.items())
    )
    return (
        "| | requests/s | of rounds | events/s | of capture's | CPU µs an event | p50 ms | p99 ms | errors |\n"
        f"|---|---|---|---|---|---|---|---|---|\n{rows}"
    )


def _tail(connections: int, one: Rates) -> float:
    """p99 over the mean that a closed loop has."""
    return _ratio(one.p99_ms, connections / one.requests * 1e3 if one.requests else 0)


def _spread(values: list[float]) -> float:
    return _ratio(max(values), min(values))


def _span(one: Rates) -> str:
    return f"{one.slowest:,.0f}–{one.fastest:,.0f}"  # noqa: RUF001  a range


def _ratio(value: float, to: float) -> float:
    return value / to if to else float("inf")
