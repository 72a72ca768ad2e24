"""A small process that outlives the supervisor and ends what it leaves behind when it is killed."""

import os
import signal
import time
from contextlib import suppress

_GRACE_SECONDS = 10.0


class Janitor:
    """Forked before anything else is started; told of each process group over a pipe.

    When the pipe closes because its writer died, every group still on the list is asked to stop, then killed.
    It shares the supervisor's lock on the data folder, so that nobody starts there before it is done.
    """

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            os.close(writing)
            _watch(reading)
            os._exit(0)
        os.close(reading)
        self._writing = writing

    def watch(self, group: int, how: signal.Signals) -> None:
        """End this group if the supervisor dies."""
        self._tell(f"+{group} {int(how)}\n")

    def forget(self, group: int) -> None:
        """This group has ended."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """Let it go; nothing is left for it to do."""
        os.close(self._writing)
        os.waitpid(self._process, 0)

    def _tell(self, line: str) -> None:
        with suppress(BrokenPipeError):
            os.write(self._writing, line.encode())


def _watch(reading: int) -> None:
    os.setsid()
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: dict[int, signal.Signals] = {}
    with os.fdopen(reading) as pipe:
        for line in pipe:
            sign, words = line[0], line[1:].split()
            if sign == "+":
                groups[int(words[0])] = signal.Signals(int(words[1]))
            else:
                groups.pop(int(words[0]), None)
    for group, how in groups.items():
        _signal(group, how)
    end = time.monotonic() + _GRACE_SECONDS
    while any(_signal(group, 0) for group in groups) and time.monotonic() < end:
        time.sleep(0.1)
    for group in groups:
        _signal(group, signal.SIGKILL)


def _signal(group: int, how: int) -> bool:
    """Whether the group was there to be signalled."""
    try:
        os.killpg(group, how)
    except (ProcessLookupError, PermissionError):
        return False
    return True
