"""JSON lines: the lines, and the columns of those that are taken for rows."""

from collections.abc import Iterator
from itertools import islice

from analytics_pipelines.events.limits import DEFAULT
from analytics_pipelines.imports.bad_rows import BadRow
from analytics_pipelines.imports.event_of_line import row_of_line
from analytics_pipelines.imports.source import Source
from analytics_pipelines.problems import Problem

_LOOKED_AT = 1000
_BOM = b"\xef\xbb\xbf"


class JsonLines:
    """Rows are lines (bytes), numbered as an editor does; blank ones are passed over."""

    noun = "line"

    def __init__(self, source: Source) -> None:
        self._source = source
        self._check()

    def columns(self) -> list[str]:
        """The fields of the first objects."""
        found: dict[str, None] = {}
        for _, line in islice(self.rows(), _LOOKED_AT):
            try:
                found |= dict.fromkeys(row_of_line(line) if isinstance(line, bytes) else ())
            except BadRow:
                continue
        self._source.read_bytes = 0
        return list(found)

    def rows(self) -> Iterator[tuple[int, bytes | BadRow]]:
        """Each line with its number. Raises Broken."""
        most = DEFAULT.event_bytes + 2
        number = 0
        with self._source.unpacked() as file:
            while line := file.readline(most):
                number += 1
                if len(line) == most and not line.endswith(b"\n"):
                    while (rest := file.readline(most)) and not rest.endswith(b"\n"):
                        pass
                    yield number, BadRow("event_too_large", "the event is too large")
                    continue
                if number == 1:
                    line = line.removeprefix(_BOM)
                line = line.strip()
                if line:
                    yield number, line

    def _check(self) -> None:
        with self._source.unpacked() as file:
            first = file.read(1 << 16).removeprefix(_BOM).lstrip()
        self._source.read_bytes = 0
        name = self._source.path
        if first[:1] == b"[":
            raise Problem(f"{name} is one list, not a JSON object a line.", f"`jq -c '.[]' {name}` prints it as lines.")
        if first[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise Problem(f"{name} is not UTF-8.", "Convert it, such as by `iconv -f UTF-16 -t UTF-8`.")
