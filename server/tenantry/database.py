"""The one way to PostgreSQL: a pool, and a call that travels as a single message.

A call is one simple-query message: the caller's role, claims and deadline, then the function, or several. PostgreSQL
runs such a message in one implicit transaction, so there is no BEGIN and COMMIT to send, `SET LOCAL` lasts for just
this call, and an error leaves nothing to roll back. The settings must be statements of their own, ahead of the call:
set within its statement they come too late for row-level security and for statement_timeout.

The call itself is prepared: parsing and planning it would take a fifth of the time of a consumption. It is prepared by
PREPARE and run by EXECUTE, which travel in simple-query messages as well.
"""

import asyncio
import contextlib
import hashlib
import logging
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import grpc
import psycopg
from psycopg import generators, pq
from psycopg.abc import QueryNoTemplate
from psycopg.adapt import Transformer
from psycopg.types.string import TextLoader
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from tenantry import reasons
from tenantry.auth import Identity
from tenantry.errors import CallError, Constraints, from_database, status, unavailable

log = logging.getLogger(__name__)

Row = Sequence[Any]

MAX_PREPARED = 500
"""Statements that one connection keeps at most; beyond, they are sent as they are."""

ATTEMPTS = 4
"""How often a call is run in all when it conflicts with others (serialization failure, deadlock)."""

ACQUIRE_TIMEOUT = 5.0
"""Seconds to wait for a free connection."""

KEPT_AT_HAND = 60.0
"""Seconds after which a connection goes back to the pool, which looks whether it is still needed and not too old."""

CANCELLED_IN_TIME = 0.1
"""Seconds that must be left of a call's time for its cancellation not to be its deadline's."""

_CONSTRAINTS = """
select c.relname, k.conname,
       array(select a.attname from unnest(k.conkey) with ordinality as key (attnum, position)
             join pg_catalog.pg_attribute as a on a.attrelid = k.conrelid and a.attnum = key.attnum
             order by key.position)::text[]
from pg_catalog.pg_constraint as k
join pg_catalog.pg_class as c on c.oid = k.conrelid
where c.relnamespace::regnamespace::text in ('public', 'tenantry')
union all
select c.relname, i.relname,
       array(select a.attname from unnest(x.indkey::int2[]) with ordinality as key (attnum, position)
             join pg_catalog.pg_attribute as a on a.attrelid = x.indrelid and a.attnum = key.attnum
             order by key.position)::text[]
from pg_catalog.pg_index as x
join pg_catalog.pg_class as i on i.oid = x.indexrelid
join pg_catalog.pg_class as c on c.oid = x.indrelid
where c.relnamespace::regnamespace::text in ('public', 'tenantry') and x.indisunique
"""
"""The columns of each constraint; a unique index that is partial is none, and is broken under its name just so."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A query that can be prepared: its text with $1, $2 … and the SQL literals that stand for them.

    name: of what it calls, for people who look at what the database does.
    """

    name: str
    text: str
    literals: Sequence[str]


class _Connection(psycopg.AsyncConnection[tuple[Any, ...]]):
    """A connection that knows what is prepared on it, and since when it is out of the pool."""

    prepared: set[str]
    taken_at: float


def literal(text: str) -> str:
    """The text as an SQL literal, whatever standard_conforming_strings says."""
    quoted = "'" + text.replace("'", "''") + "'"
    return " E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(self, conninfo: str, pool_size: int, default_timeout: float) -> None:
        """conninfo: libpq's. pool_size: connections at most. default_timeout: seconds for calls without a deadline."""
        self._conninfo = conninfo
        self._default_timeout = default_timeout
        self._constraints: Constraints = {}
        self._names: dict[tuple[str, str], str] = {}
        self._prepares = True
        self._turns = asyncio.Semaphore(pool_size)
        self._at_hand: list[_Connection] = []
        """Idle connections, the one used last at the end: its process still has everything in its caches. The pool
        would hand them out in turn, which costs a fifth of the calls that one connection could serve."""
        self._pool = AsyncConnectionPool(
            conninfo,
            connection_class=_Connection,
            min_size=1,
            max_size=pool_size,
            timeout=ACQUIRE_TIMEOUT,
            # Each call that finds no connection makes its own attempt: with a back-off that grows, calls would go on
            # failing long after the database is back.
            reconnect_timeout=0,
            kwargs={"autocommit": True, "prepare_threshold": None, "application_name": "tenantry"},
            configure=_configure,
            open=False,
        )

    async def open(self) -> None:
        """Connects. Raises psycopg.OperationalError when PostgreSQL cannot be reached."""
        # The pool would only say that time ran out; a connection of our own says what is wrong, at once.
        await (await psycopg.AsyncConnection.connect(self._conninfo)).close()
        await self._pool.open(wait=True, timeout=ACQUIRE_TIMEOUT)
        rows = await self.query(_CONSTRAINTS)
        self._constraints = {(table, name): tuple(columns) for table, name, columns in rows}

    async def close(self) -> None:
        """Closes every connection."""
        await self._give_back(self._at_hand)
        await self._pool.close()

    async def connect(self) -> psycopg.AsyncConnection[Any]:
        """A connection of its own, to listen on. Raises psycopg.OperationalError."""
        return await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True, application_name="tenantry")

    async def query(self, query: QueryNoTemplate, parameters: Sequence[Any] = ()) -> list[Row]:
        """Rows of a query made as the server itself, for its own needs."""
        connection = await self._take(ACQUIRE_TIMEOUT)
        try:
            cursor = await connection.execute(query, parameters)
            return list(await cursor.fetchall())
        finally:
            await self._release(connection)

    def timeout(self, time_remaining: float | None) -> float:
        """Seconds that a call may take. time_remaining: until the caller's deadline."""
        return self._default_timeout if time_remaining is None else time_remaining

    async def call(
        self,
        identity: Identity,
        statement: Statement | str,
        time_remaining: float | None,
        lock_timeout: float | None = None,
    ) -> list[Row]:
        """Runs one statement as the caller, in a transaction of its own, and returns its rows.

        statement: text is sent as it stands, a Statement prepared. time_remaining: seconds until the caller's deadline.
        lock_timeout: seconds to wait for any one lock.
        Raises CallError.
        """
        return (await self.calls(identity, (statement,), time_remaining, lock_timeout))[0]

    async def calls(
        self,
        identity: Identity,
        statements: Sequence[Statement | str],
        time_remaining: float | None,
        lock_timeout: float | None = None,
        statement_timeout: float | None = None,
    ) -> list[list[Row]]:
        """The same with several statements in one transaction, which differ in their literals only.

        statement_timeout: seconds that each of them may take, if less than what there is for all.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.timeout(time_remaining)
        for_locks = f"set local lock_timeout = {int(lock_timeout * 1000)}; " if lock_timeout else ""
        claims = literal(identity.claims)
        for attempt in range(1, ATTEMPTS + 1):
            timeout = deadline - loop.time()
            for_each = int(min(timeout, statement_timeout or timeout) * 1000)
            settings = (
                f"set local role {identity.role}; set local request.jwt.claims = {claims}; "
                f"set local statement_timeout = {max(1, for_each)}; {for_locks}"
            )
            try:
                # A little less than there is, so that the caller still hears why.
                acquire_timeout = max(0.001, min(0.9 * timeout, ACQUIRE_TIMEOUT))
                return await self._send(identity.role, settings, statements, acquire_timeout)
            except (*_CONFLICTS, psycopg.errors.InvalidSqlStatementName) as error:
                if attempt == ATTEMPTS:
                    raise CallError(from_database(error, self._constraints, identity.has_token)) from error
                if not isinstance(error, _CONFLICTS):
                    # Somebody between here and PostgreSQL shares its sessions among clients, or has reset this one.
                    log.warning("statements are not prepared any more: the sessions are not the server's own")
                    self._prepares = False
                    continue
                await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - jitter, not a secret
            except psycopg.errors.QueryCanceled as error:
                # With time left it was meant for the call that had this connection before and was given up: a
                # cancellation that comes late hits what runs by then.
                if attempt == ATTEMPTS or statement_timeout or deadline - loop.time() < CANCELLED_IN_TIME:
                    raise CallError(from_database(error, self._constraints, identity.has_token)) from error
            except PoolTimeout as error:
                raise CallError(self._no_connection()) from error
            except psycopg.Error as error:
                answer = from_database(error, self._constraints, identity.has_token)
                if answer.code == grpc.StatusCode.INTERNAL.value[0]:
                    log.exception("unexpected error of the database: %s", error.sqlstate)
                elif answer.code == grpc.StatusCode.UNAVAILABLE.value[0]:
                    # The other idle connections are as dead as this one: replaced before the next call takes one.
                    await self._give_back(self._at_hand)
                    await self._pool.check()
                raise CallError(answer) from error
        raise AssertionError("the last attempt returns or raises")

    async def _send(
        self, role: str, settings: str, statements: Sequence[Statement | str], acquire_timeout: float
    ) -> list[list[Row]]:
        connection = await self._take(acquire_timeout)
        try:
            queries = [
                statement if isinstance(statement, str) else await self._query(connection, role, settings, statement)
                for statement in statements
            ]
            results = await _execute(connection, settings + "; ".join(queries))
            transformer = Transformer(connection)
            answers: list[list[Row]] = []
            for result in results[-len(queries) :]:
                # Their columns are the same: how each is read is looked up once.
                transformer.set_pgresult(result, set_loaders=not answers)
                answers.append(transformer.load_rows(0, result.ntuples, tuple))
            return answers
        finally:
            await self._release(connection)

    async def _query(self, connection: _Connection, role: str, settings: str, statement: Statement) -> str:
        """What runs the statement on this connection, once it is prepared there."""
        name = self._name(role, statement)
        if name is None:
            return _PARAMETER.sub(lambda match: statement.literals[int(match[1]) - 1], statement.text)
        if name not in connection.prepared:
            # It may be there: from a call that was cancelled before it could take note.
            with contextlib.suppress(psycopg.errors.DuplicatePreparedStatement):
                await _execute(connection, f"{settings}prepare {name} as {statement.text}")
            connection.prepared.add(name)
        return f"execute {name}({', '.join(statement.literals)})" if statement.literals else f"execute {name}"

    async def _take(self, acquire_timeout: float) -> _Connection:
        """A connection, to be released. Raises PoolTimeout after that many seconds without a free one."""
        # The pool would let a caller wait, too, at three times the cost.
        if self._turns.locked():
            try:
                async with asyncio.timeout(acquire_timeout):
                    await self._turns.acquire()
            except TimeoutError:
                raise PoolTimeout from None
        else:
            await self._turns.acquire()
        if self._at_hand:
            return self._at_hand.pop()
        try:
            connection = await self._pool.getconn(acquire_timeout)
        except BaseException:
            self._turns.release()
            raise
        connection.taken_at = monotonic()
        return connection

    async def _release(self, connection: _Connection) -> None:
        too_old = monotonic() - KEPT_AT_HAND
        self._at_hand.append(connection)
        try:
            if not _is_idle(connection) or self._at_hand[0].taken_at < too_old:
                await self._give_back(each for each in self._at_hand if not _is_idle(each) or each.taken_at < too_old)
        finally:
            self._turns.release()

    async def _give_back(self, connections: Iterable[_Connection]) -> None:
        """To the pool, which replaces those that are broken."""
        returned = list(connections)
        self._at_hand = [each for each in self._at_hand if each not in returned]
        for connection in returned:
            await self._pool.putconn(connection)

    def _name(self, role: str, statement: Statement) -> str | None:
        """What the statement is prepared as; None if it is not.

        One for each role: PostgreSQL may look at privileges when it plans. A name is never that of another statement,
        whoever else prepares on the session.
        """
        if not self._prepares:
            return None
        key = role, statement.text
        name = self._names.get(key)
        if name is None and len(self._names) < MAX_PREPARED:
            digest = hashlib.sha256("\0".join(key).encode()).hexdigest()
            name = self._names[key] = f"{statement.name}_{digest[:16]}"
        return name

    def _no_connection(self) -> Any:
        if self._pool.get_stats().get("pool_size", 0) == 0:
            return unavailable()
        return status(reasons.SERVER_BUSY, "every connection to the database is in use")


def _is_idle(connection: _Connection) -> bool:
    return connection.pgconn.transaction_status == pq.TransactionStatus.IDLE


async def _execute(connection: _Connection, message: str) -> list[Any]:
    """The results of a message. A cursor would do the same, and keep what nobody asks for."""
    connection.pgconn.send_query(message.encode())
    results: list[Any] = await connection.wait(generators.execute(connection.pgconn))
    last = results[-1]
    if last.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        raise psycopg.errors.error_from_result(last)
    return results


_CONFLICTS = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)

_PARAMETER = re.compile(r"\$(\d+)")


async def _configure(connection: _Connection) -> None:
    connection.prepared = set()
    # Both go into messages as text; parsing them into Python objects first would be work for nothing.
    connection.adapters.register_loader("uuid", TextLoader)
    connection.adapters.register_loader("jsonb", TextLoader)
