"""Shares of the server that callers may take.

A resource of the server, such as its connections to the database, is a number of slots. FairSlots gives a free slot to
the callers in turn, and no caller more than its share. So a caller that asks for much waits for itself, and other
callers are served. service_role is the backend that the server belongs to: its share is the whole resource.

The sizes of the shares are settings in config.py (`caller_connections`, `caller_calls`, `caller_streams`).

A Counter counts the calls or streams of each caller and of all callers. A call above a limit is refused at once, before
its request is read.
"""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import Iterator

from tenantry import reasons
from tenantry.errors import CallError, status
from tenantry.reasons import Reason

WHOLE = frozenset({"service_role", "server"})
"""Callers that may take the whole of a resource."""


class NoSlotError(Exception):
    """No slot became free in time. share: the kind of caller that has its share; empty if all are in use."""

    def __init__(self, share: str = "") -> None:
        super().__init__()
        self.share = share


class FairSlots:
    """Slots that callers share. `take`, then `release`."""

    def __init__(self, size: int, share: int, kind: str = "caller") -> None:
        """size: number of slots. share: maximum number of slots of one caller, except those in WHOLE.

        kind: the word for a caller, for messages.
        """
        self._kind = kind
        self._free = size
        self._size = size
        self._share = share
        self._held: dict[str, int] = {}
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """The callers that wait, in the order in which they get the next slots."""

    async def take(self, caller: str, timeout: float) -> None:  # noqa: ASYNC109 - a timer costs less than a task
        """Takes a slot, which the caller must release. timeout: seconds to wait for one. Raises NoSlotError."""
        held = self._held.get(caller, 0)
        # Callers that wait while a slot is free have their whole share, so this one overtakes nobody.
        if self._free and held < self._limit(caller):
            self._free -= 1
            self._held[caller] = held + 1
            return
        loop = asyncio.get_running_loop()
        slot: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(caller, deque()).append(slot)
        timer = loop.call_later(timeout, _expire, slot)
        try:
            await slot
        except TimeoutError:
            has_share = caller not in WHOLE and self._held.get(caller, 0) >= self._share
            raise NoSlotError(self._kind if has_share else "") from None
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled() and not slot.exception():
                self.release(caller)
            raise
        finally:
            timer.cancel()

    def release(self, caller: str) -> None:
        """Returns a slot of the caller and gives it to the next caller that waits."""
        held = self._held[caller] - 1
        if held:
            self._held[caller] = held
        else:
            del self._held[caller]
        self._free += 1
        if self._waiting:
            self._serve()

    def _serve(self) -> None:
        # A caller is skipped only if it has its share, so no more callers are skipped than there are slots.
        for caller in list(self._waiting):
            if not self._free:
                return
            queue = self._waiting[caller]
            while queue and queue[0].done():
                queue.popleft()
            held = self._held.get(caller, 0)
            if queue and held < self._limit(caller):
                self._free -= 1
                self._held[caller] = held + 1
                queue.popleft().set_result(None)
                self._waiting.move_to_end(caller)
            if not queue:
                del self._waiting[caller]

    def _limit(self, caller: str) -> int:
        return self._size if caller in WHOLE else self._share


def _expire(slot: "asyncio.Future[None]") -> None:
    if not slot.done():
        slot.set_exception(TimeoutError())


class Counter:
    """Counts the open calls or streams of each caller, and of all callers."""

    def __init__(self, what: str, limit: int, share: int) -> None:
        """what: the plural that messages use. limit: maximum in all. share: maximum of one caller, except in WHOLE."""
        self._what = what
        self._limit = limit
        self._share = share
        self._open: dict[str, int] = {}
        self._total = 0

    @contextlib.contextmanager
    def one(self, caller: str) -> Iterator[None]:
        """Counts one more while the block runs. Raises CallError (RESOURCE_EXHAUSTED) above a limit."""
        own = self._open.get(caller, 0)
        if own >= self._share and caller not in WHOLE:
            raise _refused(reasons.TOO_MANY_CALLS, f"the caller has {own} {self._what} open already", self._share)
        if self._total >= self._limit:
            raise _refused(reasons.SERVER_BUSY, f"the server has {self._total} {self._what} open already", self._limit)
        self._open[caller] = own + 1
        self._total += 1
        try:
            yield
        finally:
            self._total -= 1
            left = self._open[caller] - 1
            if left:
                self._open[caller] = left
            else:
                del self._open[caller]


def _refused(reason: Reason, message: str, limit: int) -> CallError:
    return CallError(status(reason, message, {"limit": limit}))
