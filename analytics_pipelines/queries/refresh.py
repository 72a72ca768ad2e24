"""How fresh an answer must be, and whether its asker waits for it: PostHog's `refresh`. Pure."""

from __future__ import annotations

from enum import StrEnum

from analytics_pipelines.queries.failure import QueryFailed


class Refresh(StrEnum):
    """`async`, `lazy_async` and `async_except_on_cache_miss` give a stale answer at once while it is computed anew;
    `lazy_async` calls one stale later, and the last waits where there is no answer at all."""

    BLOCKING = "blocking"
    FORCE_BLOCKING = "force_blocking"
    ASYNC = "async"
    LAZY_ASYNC = "lazy_async"
    ASYNC_EXCEPT_ON_CACHE_MISS = "async_except_on_cache_miss"
    FORCE_ASYNC = "force_async"
    FORCE_CACHE = "force_cache"

    @property
    def looks_into_cache(self) -> bool:
        return self not in (Refresh.FORCE_BLOCKING, Refresh.FORCE_ASYNC)

    @property
    def is_background(self) -> bool:
        """Whether what is to be computed is not waited for."""
        return self in (Refresh.ASYNC, Refresh.LAZY_ASYNC, Refresh.FORCE_ASYNC)


def read_refresh(sent: object) -> Refresh:
    """True is `force_blocking`; false, null and nothing are `blocking`. Raises QueryFailed (400)."""
    if sent is None or isinstance(sent, bool):
        return Refresh.FORCE_BLOCKING if sent else Refresh.BLOCKING
    if isinstance(sent, str) and sent in {*Refresh}:
        return Refresh(sent)
    raise QueryFailed(
        400, "invalid_input", f"refresh must be true, false, or one of {', '.join(Refresh)}.", attr="refresh"
    )
