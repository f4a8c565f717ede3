"""How busy the pools of database connections are: plain numbers, kept where the connections are handed out."""

from dataclasses import dataclass
from time import perf_counter
from typing import Any

from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection


@dataclass(slots=True)
class PoolUse:
    """``asked`` counts callers that have or want a connection; ``waits`` how often none was free, for how long."""

    limit: int
    asked: int = 0
    waits: int = 0
    wait_seconds: float = 0.0

    @property
    def in_use(self) -> int:
        return min(self.asked, self.limit)

    def waited(self, since: float) -> None:
        """Somebody waited from ``since`` (of ``perf_counter``) until now, with or without success."""
        self.waits += 1
        self.wait_seconds += perf_counter() - since


class MeasuredPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool; :attr:`use` says how busy it is."""

    def __init__(self, *args: Any, pool_size: int = 5, max_overflow: int = 10, **options: Any) -> None:
        super().__init__(*args, pool_size=pool_size, max_overflow=max_overflow, **options)
        self._use = PoolUse(pool_size + max_overflow)

    @property
    def use(self) -> PoolUse:
        self._use.asked = self.checkedout()
        return self._use

    def connect(self) -> PoolProxiedConnection:
        if self.checkedout() < self._use.limit:
            return super().connect()
        started = perf_counter()
        try:
            return super().connect()
        finally:
            self._use.waited(started)
