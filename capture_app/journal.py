"""What capture logs of requests: those that it did not take, without personal data, and not more than can be read."""

import logging
import re
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from capture_app.answers import Answer

if TYPE_CHECKING:
    from capture_app.intake import Sent

log = logging.getLogger("capture")

_ID = re.compile(r"[\w.:-]{1,100}")
_ID_HEADERS = ("x-request-id", "posthog-request-id")

# Of one kind of refusal a second; a client that is broken is broken many times.
_MOST_A_SECOND = 5


class Journal:
    """Logs refusals. Of one thread (the event loop's)."""

    def __init__(self) -> None:
        self._second = 0
        self._logged: defaultdict[tuple[int, str], int] = defaultdict(int)

    def refused(self, sent: "Sent", answer: Answer) -> str:
        """Log an answer that is no acceptance; returns the id that the request has in the log."""
        named = next((sent.header(name) for name in _ID_HEADERS if _ID.fullmatch(sent.header(name))), "")
        request_id = named or uuid4().hex
        second = int(time.monotonic())
        if second != self._second:
            self._tell_suppressed()
            self._second = second
        kind = answer.status, answer.reason
        self._logged[kind] += 1
        if self._logged[kind] <= _MOST_A_SECOND:
            log.log(
                logging.WARNING if answer.status >= 500 else logging.INFO,
                "not accepted",
                extra={"fields": self._fields(sent, answer, request_id)},
            )
        return request_id

    def _fields(self, sent: "Sent", answer: Answer, request_id: str) -> dict[str, Any]:
        return {
            "request_id": request_id,
            "path": sent.path,
            "status": answer.status,
            "reason": answer.reason,
            "body_bytes": len(sent.body),
            "sdk": sent.header("posthog-sdk-info") or sent.header("user-agent").split(" ")[0][:50],
        }

    def _tell_suppressed(self) -> None:
        for (status, reason), count in self._logged.items():
            if count > _MOST_A_SECOND:
                more = {"status": status, "reason": reason, "requests": count - _MOST_A_SECOND}
                log.warning("not accepted, and more of the same", extra={"fields": more})
        self._logged.clear()
