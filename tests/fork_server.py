"""A process with all imports done that forks a child for each piece of work, so that a child may be killed cheaply."""

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any


def serve(work: Callable[[dict[str, Any]], None]) -> None:
    """Read a JSON object a line, and have a child do what it says: each child's exit code, negative when a signal
    killed it, is a line of the output."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 1
            try:
                work(json.loads(line))
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
