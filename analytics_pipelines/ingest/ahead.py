"""The batch after the one that is being loaded is made ready beside it: to read lines takes one core, to store rows
another."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from types import TracebackType

from analytics_pipelines.ingest.ledger import Batch
from analytics_pipelines.ingest.staging import Prepared
from resources.clickhouse import ClickHouseUnavailable

Prepare = Callable[[Batch], AbstractContextManager[Prepared]]


class Ahead:
    """Makes one batch ready at a time. Whoever has it must keep others from loading for as long as it is open."""

    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare
        self._thread = ThreadPoolExecutor(1, "ahead")
        self._begun: tuple[Batch, ExitStack, Future[Prepared]] | None = None

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        self._let_go()

    def begin(self, batch: Batch) -> None:
        """Make a batch ready meanwhile; what goes wrong is raised when it is taken."""
        self._let_go()
        stack = ExitStack()
        self._begun = batch, stack, self._thread.submit(stack.enter_context, self._prepare(batch))

    @contextmanager
    def take(self, batch: Batch) -> Iterator[Prepared]:
        """The batch, ready: at once when it was begun."""
        if self._begun is None or self._begun[0] != batch:
            with self._prepare(batch) as ready:
                yield ready
            return
        (_, stack, begun), self._begun = self._begun, None
        with stack:
            yield begun.result()

    def _let_go(self) -> None:
        """What was begun and not taken is waited for, and thrown away."""
        if self._begun is not None:
            (_, stack, begun), self._begun = self._begun, None
            begun.exception()
            with suppress(ClickHouseUnavailable):  # then its tables are gone
                stack.close()
