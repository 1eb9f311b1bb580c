"""Connections to one PostgreSQL.

Calls take the idle connection that was used last, as its server process has everything in its caches. psycopg's pool
hands out connections in turn, which costs a fifth of the calls that one connection can serve. So idle connections stay
in a stack of our own; psycopg's pool opens, checks and replaces them.
"""

import select
from collections import OrderedDict
from collections.abc import Iterable
from time import monotonic
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.string import TextLoader
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from tenantry.admission import FairSlots

ACQUIRE_TIMEOUT = 5.0
"""Seconds to wait for a free connection."""

SERVER = "server"
"""The caller of the server's own statements."""

Lock = tuple[str, str]
"""A lock that a statement may wait for: an organization's row ("organization", its id), or those of any organizations
("call", the name of the call)."""

LOCK_SHARES = {"organization": 4, "call": 2}
"""The statements of one lock may take one of so many connections at most. More of them would only wait."""

MAX_WAITING = 1_000_000
"""Slots of statements that may wait for locks. Only the share of each lock is a limit."""

RETRY_INTERVAL = 0.25
"""Seconds between two attempts to connect while a call waits for a connection."""

NETWORK = {
    "connect_timeout": "5",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""Settings of libpq for a host that is gone without a word. Those of the connection string come first."""

KEPT_IDLE = 60.0
"""Seconds after which a connection returns to psycopg's pool, which closes it if it is not needed or too old."""


class Connection(psycopg.AsyncConnection[tuple[Any, ...]]):
    """A connection of the pool.

    prepared: names of the statements prepared on it. The statement used last stands at the end.
    taken_at: time.monotonic() when it left psycopg's pool. caller: the caller that uses it. locks: the lock that its
    statement may wait for, if any.
    """

    prepared: OrderedDict[bytes, None]
    taken_at: float
    caller: str
    locks: Lock | None


def with_network_settings(conninfo: str) -> str:
    """The connection string with the settings of NETWORK that it does not have."""
    return make_conninfo(conninfo, **{**NETWORK, **conninfo_to_dict(conninfo)})


class Pool:
    """A pool of connections. `open`, then `take` and `release`, then `close`."""

    def __init__(self, conninfo: str, size: int, share: int) -> None:
        """conninfo: libpq's connection string. size: maximum number of connections. share: maximum of one caller."""
        self._conninfo = conninfo
        self._slots = FairSlots(size, share)
        # A session that holds an organization's row must not make the connections of all others wait.
        self._lock_slots = {
            kind: FairSlots(MAX_WAITING, max(1, size // part), kind) for kind, part in LOCK_SHARES.items()
        }
        self._size = size
        self._in_use = 0
        """Connections that calls have taken."""
        self._for_locks = 0
        """Connections whose statements may wait for locks."""
        self._idle: list[Connection] = []
        """Idle connections. The connection used last stands at the end."""
        self._pool = AsyncConnectionPool(
            conninfo,
            connection_class=Connection,
            min_size=1,
            max_size=size,
            timeout=ACQUIRE_TIMEOUT,
            # Each call that finds no connection makes its own attempt. With a growing back-off, calls would fail long
            # after the database is back.
            reconnect_timeout=0,
            kwargs={"autocommit": True, "prepare_threshold": None, "application_name": "tenantry"},
            configure=_configure,
            check=_require_open,
            open=False,
        )

    async def open(self) -> None:
        """Connects. Raises psycopg.OperationalError when PostgreSQL cannot be reached."""
        # psycopg's pool would only report a timeout. A connection of our own reports the reason at once.
        await (await psycopg.AsyncConnection.connect(self._conninfo)).close()
        await self._pool.open(wait=True, timeout=ACQUIRE_TIMEOUT)

    async def close(self) -> None:
        """Closes every connection."""
        await self._give_back(self._idle)
        await self._pool.close()

    async def take(self, acquire_timeout: float, caller: str = SERVER, locks: Lock | None = None) -> Connection:
        """Returns a connection, which must be released.

        acquire_timeout: seconds to wait for one. caller: takes its share at most. locks: the lock that the statement
        may wait for, which has its share at most. Raises NoSlotError, and psycopg_pool.PoolTimeout when no
        connection can be opened.
        """
        ends_at = monotonic() + acquire_timeout
        if locks:
            await self._lock_slots[locks[0]].take(locks[1], acquire_timeout)
        try:
            # psycopg's pool can make callers wait too, at three times the cost, and in the order of their calls.
            await self._slots.take(caller, ends_at - monotonic())
            try:
                found = await self._take_idle()
                if found is None:
                    found = await self._connect(ends_at)
                    found.taken_at = monotonic()
                connection = found
            except BaseException:
                self._slots.release(caller)
                raise
        except BaseException:
            if locks:
                self._lock_slots[locks[0]].release(locks[1])
            raise
        connection.caller = caller
        connection.locks = locks
        self._in_use += 1
        if locks:
            self._for_locks += 1
        return connection

    async def _take_idle(self) -> Connection | None:
        """The idle connection that was used last, if any. Gives back those that PostgreSQL has closed meanwhile."""
        while self._idle:
            connection = self._idle.pop()
            if not _is_cut(connection):
                return connection
            await self._pool.putconn(connection)
        return None

    async def _connect(self, ends_at: float) -> Connection:
        """A connection of psycopg's pool. Raises PoolTimeout."""
        while True:
            left = ends_at - monotonic()
            try:
                # The pool tries to connect once when it is asked. So it is asked again while the database is away.
                return await self._pool.getconn(max(0.001, min(RETRY_INTERVAL, left)))
            except PoolTimeout:
                if left <= RETRY_INTERVAL:
                    raise

    async def release(self, connection: Connection) -> None:
        """Returns a connection. Connections that are broken or were kept long go back to psycopg's pool."""
        oldest = monotonic() - KEPT_IDLE
        self._idle.append(connection)
        try:
            if not _is_ready(connection) or self._idle[0].taken_at < oldest:
                await self._give_back(each for each in self._idle if not _is_ready(each) or each.taken_at < oldest)
        finally:
            self._in_use -= 1
            self._slots.release(connection.caller)
            if locks := connection.locks:
                self._for_locks -= 1
                self._lock_slots[locks[0]].release(locks[1])

    async def replace_broken(self) -> None:
        """Replaces idle connections that are broken."""
        await self._give_back(self._idle)
        await self._pool.check()

    def is_crowded(self) -> bool:
        """Whether more than half of all connections may wait for locks."""
        return 2 * self._for_locks > self._size

    def is_empty(self) -> bool:
        """Whether there is no connection at all, in use or idle. One that is still opening does not count."""
        return not (self._in_use or self._idle or self._pool.get_stats()["pool_available"])

    async def _give_back(self, connections: Iterable[Connection]) -> None:
        """Returns idle connections to psycopg's pool, which replaces those that are broken."""
        returned = list(connections)
        self._idle = [each for each in self._idle if each not in returned]
        for connection in returned:
            await self._pool.putconn(connection)


def _is_ready(connection: Connection) -> bool:
    return connection.pgconn.transaction_status == pq.TransactionStatus.IDLE


def _is_cut(connection: Connection) -> bool:
    """Whether the server has closed an idle connection: there is something to read, and behind it the end.

    A call on such a connection would fail, although the database answers.
    """
    if not _is_readable(connection):
        return False
    try:
        # It can be a message that means nothing here, such as a notice.
        connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    if not _is_readable(connection):
        return False
    connection.pgconn.finish()
    return True


async def _require_open(connection: Connection) -> None:
    """Raises psycopg.OperationalError for an idle connection that PostgreSQL has closed. The pool then replaces it."""
    if _is_cut(connection):
        raise psycopg.OperationalError("the connection is closed")


def _is_readable(connection: Connection) -> bool:
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))


async def _configure(connection: Connection) -> None:
    connection.prepared = OrderedDict()
    # Both go into messages as text, so Python objects of them would be waste.
    connection.adapters.register_loader("uuid", TextLoader)
    connection.adapters.register_loader("jsonb", TextLoader)
