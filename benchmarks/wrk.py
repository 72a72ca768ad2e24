"""One run of `wrk`: the same request again and again over a number of connections."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analytics_pipelines.problems import Problem

# One thread of it is enough for what is measured here, and leaves more of a small machine to the server.
_THREADS = 1

_SCRIPT = """\
wrk.method = "POST"
{headers}
local file = assert(io.open({body}, "rb"))
wrk.body = file:read("*a")
file:close()

done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'SUMMARY {{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "refused": %d, "broken": %d}}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
"""


@dataclass(frozen=True)
class Load:
    """What a run of wrk saw. `refused`: answers of 400 and above; `broken`: connections and timeouts."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int

    @property
    def errors(self) -> int:
        """Requests that did not end well."""
        return self.refused + self.broken


def need_wrk() -> str:
    """Where wrk is. Raises Problem."""
    found = shutil.which("wrk")
    if found is None:
        raise Problem("The load generator wrk is not installed.", "Run `apt-get install wrk`.")
    return found


def load(folder: Path, url: str, headers: Mapping[str, str], body: bytes, *, connections: int, seconds: float) -> Load:
    """Send it as fast as the server answers. wrk counts whole seconds. Raises Problem."""
    (folder / "body").write_bytes(body)
    (folder / "load.lua").write_text(script(headers, folder / "body"))
    ran = subprocess.run(
        [
            *(need_wrk(), "--threads", str(_THREADS), "--connections", str(connections)),
            *(
                "--duration",
                f"{max(1, round(seconds))}s",
                "--timeout",
                "10s",
                "--script",
                str(folder / "load.lua"),
                url,
            ),
        ],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    )
    if ran.returncode:
        raise Problem(f"wrk failed: {(ran.stderr or ran.stdout).strip()}.", "Look at what it says about the server.")
    return parsed(ran.stdout)


def script(headers: Mapping[str, str], body: Path) -> str:
    """What wrk runs: the request, and one line of JSON at the end."""
    lines = "\n".join(f"wrk.headers[{_text(name)}] = {_text(value)}" for name, value in headers.items())
    return _SCRIPT.format(headers=lines, body=_text(str(body)))


def parsed(output: str) -> Load:
    """The summary in what wrk printed. Raises ValueError when there is none."""
    for line in output.splitlines():
        if line.startswith("SUMMARY "):
            return Load(**json.loads(line.removeprefix("SUMMARY ")))
    raise ValueError(f"wrk printed no summary: {output!r}")


def _text(value: str) -> str:
    """A string of Lua."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
