"""The database layer: the only module through which the server and its commands run SQL.

(Two modules are apart: migrate.py runs the SQL files, and bridge.py composes the calls of public functions.)

Database runs a call as one pipeline: the caller's role, claims and deadline, then one or several statements, then a
Sync. PostgreSQL runs such a pipeline in one implicit transaction. There is no BEGIN and COMMIT to send, the settings
last for this call only, and an error leaves nothing to roll back. The settings must be a statement of their own ahead
of the call: set within its statement they come too late for row-level security and for statement_timeout.

All statements are prepared: to parse and plan a call takes a fifth of the time of a consumption. All values travel as
parameters, so none is ever part of a text, and no claim of a token appears in pg_stat_statements.

service_session() runs the statements of commands, on a connection of its own.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import grpc
import psycopg
from google.rpc.status_pb2 import Status
from psycopg import generators, pq
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg_pool import PoolTimeout

from tenantry import pool, reasons
from tenantry.admission import NoSlotError
from tenantry.auth import ROLES, SERVICE, Identity
from tenantry.config import MAX_TIMEOUT, ConfigError
from tenantry.errors import CallError, Constraints, from_database, status, unavailable
from tenantry.pool import Connection, Lock, Pool, with_network_settings

log = logging.getLogger(__name__)

Row = Sequence[Any]

MAX_PREPARED = 500
"""Maximum number of statements that one connection keeps. A further one replaces the one that was not used longest."""

MAX_NAMES = 2000
"""Maximum number of statements whose names are kept."""

ATTEMPTS = 4
"""How often a call is run in all when it conflicts with others (serialization failure, deadlock)."""

LOCK_TIMEOUT = 5.0
CROWDED_LOCK_TIMEOUT = 0.5
"""Seconds that a statement waits for any one lock: in general, and while more than half of the connections may wait for
locks. After that time, another session keeps the organization locked. The shorter time leaves connections to the other
organizations, even if many are locked."""

MIN_TIME_LEFT = 0.1
"""Seconds that must be left until a call's deadline for a cancellation not to be the deadline's."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A query with its values.

    name: the first part of the name that it is prepared under, for people who read pg_prepared_statements.
    text: SQL with $1, $2 … for the values. parameters: the values in PostgreSQL's text form, see parameters(). locks:
    the lock that it may wait for; None for a read.
    """

    name: str
    text: str
    parameters: Sequence[str | None] = ()
    locks: Lock | None = None


Value = str | int | datetime | Sequence[str] | None


def parameters(*given: Value) -> list[str | None]:
    """The values in PostgreSQL's text form, for a Statement. Each has the type of the parameter that it stands for.

    A sequence becomes an array. A datetime must have a time zone.
    """
    return [_text_form(value) for value in given]


def _text_form(value: Value) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (str, int)):
        return str(value)
    return array(value)


def array(elements: Iterable[str]) -> str:
    """The text form of an array with these elements."""
    return "{" + ",".join(map(_quote_element, elements)) + "}"


def _quote_element(element: str) -> str:
    escaped = element.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def identifier(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


_PING = Statement("ping", "select 1")

_HIDDEN_TABLES = "select object from tenantry.find_faults() where hides_rows order by object"

# From PostgreSQL 16 on, a member may become a role only if the membership says so.
_LOGIN = Statement(
    "login",
    """
select session_user, l.rolsuper, (
    select r.name from unnest($1::text[]) as r (name)
    left join pg_catalog.pg_roles as g on g.rolname = r.name
    where g.oid is null or not pg_catalog.pg_has_role(
        l.oid, g.oid, case when current_setting('server_version_num')::integer < 160000 then 'member' else 'set' end
    )
    limit 1
)
from pg_catalog.pg_roles as l where l.rolname = session_user
""",
    parameters(ROLES),
)

_SETTINGS = (
    "select pg_catalog.set_config('role', $1, true), pg_catalog.set_config('request.jwt.claims', $2, true),"
    " pg_catalog.set_config('statement_timeout', $3, true),"
    " pg_catalog.set_config('lock_timeout', coalesce($4, pg_catalog.current_setting('lock_timeout')), true)"
)
"""Sets role, claims, statement_timeout and, if it is not null, lock_timeout for the rest of the transaction."""

_SETTINGS_NAME = b"tenantry_settings"
"""The name that it is prepared under."""

_CONSTRAINTS = Statement(
    "constraints",
    """
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
""",
)
"""The columns of each constraint. A partial unique index is no constraint, but violations name it the same way."""


class Database:
    """One PostgreSQL, as the server uses it. `open`, then calls, then `close`."""

    def __init__(self, conninfo: str, pool_size: int, default_timeout: float, share: int | None = None) -> None:
        """conninfo: libpq's connection string. pool_size: maximum number of connections.

        default_timeout: seconds that a call may take if its caller set no deadline. share: maximum number of
        connections of one caller; all by default.
        """
        self._conninfo = conninfo = with_network_settings(conninfo)
        self._default_timeout = default_timeout
        self._constraints: Constraints = {}
        self._prepares = True
        self._pool = Pool(conninfo, pool_size, share or pool_size)

    async def open(self) -> None:
        """Connects. Raises psycopg.OperationalError when PostgreSQL cannot be reached."""
        await self._pool.open()
        try:
            rows = await self.query(_CONSTRAINTS)
        except BaseException:
            # Its workers would go on, and the program would wait for them.
            await self._pool.close()
            raise
        self._constraints = {(table, name): tuple(columns) for table, name, columns in rows}

    async def close(self) -> None:
        """Closes every connection."""
        await self._pool.close()

    async def login(self) -> tuple[str, bool, str | None]:
        """The server's own role, whether it is a superuser, and an API role that it may not become, if there is one.

        Raises as query() does.
        """
        name, is_superuser, closed_role = (await self.query(_LOGIN))[0]
        return name, is_superuser, closed_role

    async def answers(self, seconds: float) -> bool:
        """Whether the database answers in that time. It counts as if it did while every connection is in use."""
        try:
            await self.call(SERVICE, _PING, seconds)
        except CallError as error:
            return bool(error.status.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0])
        return True

    @contextlib.asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[Callable[[float], Awaitable[None]]]:
        """Listens on a channel of NOTIFY, on a connection outside of the pool.

        Yields a function that waits for the next notification, for that many seconds at most.
        Raises psycopg.OperationalError, also from the function, when PostgreSQL cannot be reached.
        """
        connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True, application_name="tenantry")

        async def wait(seconds: float) -> None:
            async for _ in connection.notifies(timeout=seconds, stop_after=1):
                pass

        async with connection:
            await connection.execute(f"listen {identifier(channel)}".encode())
            yield wait

    async def query(self, statement: Statement) -> list[Row]:
        """Runs a statement as the server itself, for its own needs. Returns its rows.

        It may take as long as a call without a deadline. Raises psycopg.Error, and NoSlotError or PoolTimeout when no
        connection is free.
        """
        connection = await self._pool.take(pool.ACQUIRE_TIMEOUT)
        try:
            with _bounded(connection, self._default_timeout):
                results = await _run_pipeline(connection, [(None, statement.text, _encode(statement.parameters))])
            return _load_rows(connection, results)[0]
        finally:
            await self._pool.release(connection)

    def timeout(self, time_remaining: float | None) -> float:
        """Seconds that a call may take: MAX_TIMEOUT at most, as PostgreSQL's timeouts end at 24.8 days.

        time_remaining: seconds until the caller's deadline; None if there is none.
        """
        return self._default_timeout if time_remaining is None else min(time_remaining, MAX_TIMEOUT)

    async def call(
        self,
        identity: Identity,
        statement: Statement,
        time_remaining: float | None,
        lock_timeout: float | None = None,
    ) -> list[Row]:
        """Runs one statement as the caller, in a transaction of its own. Returns its rows.

        time_remaining: seconds until the caller's deadline; None for the default. lock_timeout: seconds to wait for any
        one lock; LOCK_TIMEOUT or CROWDED_LOCK_TIMEOUT unless given. Raises CallError.
        """
        return (await self.calls(identity, (statement,), time_remaining, lock_timeout))[0]

    async def calls(
        self,
        identity: Identity,
        statements: Sequence[Statement],
        time_remaining: float | None,
        lock_timeout: float | None = None,
        statement_timeout: float | None = None,
    ) -> list[list[Row]]:
        """Runs several statements as call() does, in one transaction. Their texts must be equal.

        statement_timeout: seconds that each statement may take, if less than time_remaining. Raises CallError.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.timeout(time_remaining)
        for attempt in range(1, ATTEMPTS + 1):
            timeout = deadline - loop.time()
            for_each = int(min(timeout, statement_timeout or timeout) * 1000)
            settings = [identity.role, identity.claims, str(max(1, for_each)), None]
            try:
                # Less than the time left, so that the answer still reaches the caller.
                acquire_timeout = max(0.001, min(0.9 * timeout, pool.ACQUIRE_TIMEOUT))
                return await self._send(identity, settings, statements, acquire_timeout, timeout, lock_timeout)
            except (*_CONFLICTS, psycopg.errors.InvalidSqlStatementName) as error:
                if attempt == ATTEMPTS:
                    raise CallError(from_database(error, self._constraints, identity.has_token)) from error
                if not isinstance(error, _CONFLICTS):
                    # A pooler between here and PostgreSQL shares its sessions among clients, or has reset this one.
                    log.warning("prepared statements are off: a pooler shares or resets the server's sessions")
                    self._prepares = False
                    continue
                await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - jitter, not a secret
            except psycopg.errors.QueryCanceled as error:
                # With time left, the cancellation was meant for a call that had this connection before and was given
                # up: a cancellation that arrives late hits the statement that runs by then.
                if attempt == ATTEMPTS or statement_timeout or deadline - loop.time() < MIN_TIME_LEFT:
                    raise CallError(from_database(error, self._constraints, identity.has_token)) from error
            except NoSlotError as error:
                raise CallError(self._no_connection(error.share)) from error
            except PoolTimeout as error:
                raise CallError(self._no_connection()) from error
            except psycopg.Error as error:
                answer = from_database(error, self._constraints, identity.has_token)
                if answer.code == grpc.StatusCode.INTERNAL.value[0]:
                    log.exception("unexpected error of the database: %s", error.sqlstate)
                elif isinstance(error, psycopg.ProgrammingError) and error.sqlstate != "42501":
                    log.error("the schema does not fit the server: %s", error.diag.message_primary)
                elif answer.code == grpc.StatusCode.UNAVAILABLE.value[0]:
                    # The other idle connections are broken too. Replace them before the next call takes one.
                    await self._pool.replace_broken()
                raise CallError(answer) from error
        raise AssertionError("the last attempt returns or raises")

    async def _send(
        self,
        identity: Identity,
        settings: list[str | None],
        statements: Sequence[Statement],
        acquire_timeout: float,
        timeout: float,  # noqa: ASYNC109 - a timer costs less than a task
        lock_timeout: float | None,
    ) -> list[list[Row]]:
        locks = statements[0].locks
        connection = await self._pool.take(acquire_timeout, identity.caller, locks)
        try:
            if locks and not lock_timeout:
                lock_timeout = CROWDED_LOCK_TIMEOUT if self._pool.is_crowded() else LOCK_TIMEOUT
            if lock_timeout:
                settings[3] = str(int(lock_timeout * 1000))
            with _bounded(connection, timeout):
                name = None
                if self._prepares:
                    name = await self._prepare(connection, identity.role, settings, statements[0])
                steps = [(_SETTINGS_NAME if name else None, _SETTINGS, _encode(settings))]
                steps += [(name, statement.text, _encode(statement.parameters)) for statement in statements]
                results = await _run_pipeline(connection, steps)
            return _load_rows(connection, results[1:])
        finally:
            await self._pool.release(connection)

    async def _prepare(
        self, connection: Connection, role: str, settings: list[str | None], statement: Statement
    ) -> bytes:
        """Prepares the statement on this connection, unless it is, and returns its name."""
        name = _name(role, statement.name, statement.text)
        if name in connection.prepared:
            connection.prepared.move_to_end(name)
            return name
        while len(connection.prepared) >= MAX_PREPARED:
            oldest, _ = connection.prepared.popitem(last=False)
            # A call that was cancelled may have dropped it already.
            with contextlib.suppress(psycopg.errors.InvalidSqlStatementName):
                await _run_pipeline(connection, [(None, f"deallocate {oldest.decode()}", [])])
        for each, text in ((_SETTINGS_NAME, _SETTINGS), (name, statement.text)):
            # A call that was cancelled may have prepared it without taking note.
            with contextlib.suppress(psycopg.errors.DuplicatePreparedStatement):
                # In the caller's role, because the names in the text are looked up.
                await _run_pipeline(connection, [(None, _SETTINGS, _encode(settings))], prepare=(each, text))
        connection.prepared[name] = None
        return name

    def _no_connection(self, share: str = "") -> Status:
        if self._pool.is_empty():
            return unavailable()
        if share:
            return status(reasons.TOO_MANY_CALLS, f"the {share}'s share of the connections to the database is in use")
        return status(reasons.SERVER_BUSY, "every connection to the database is in use")


@lru_cache(MAX_NAMES)
def _name(role: str, name: str, text: str) -> bytes:
    """The name that a statement is prepared under.

    Each role has a name of its own, as PostgreSQL may look at privileges when it plans. The name depends on the text,
    so it is never that of another statement, even if other clients prepare statements on the session.
    """
    digest = hashlib.sha256(f"{role}\0{text}".encode()).hexdigest()
    return f"{name}_{digest[:16]}".encode()


def not_a_member(login: str, role: str) -> ConfigError:
    """The error for a login that may not become an API role."""
    return ConfigError(f"{login} may not become {role}: use the login of the server, tenantry_server, or a superuser")


ServiceCall = Callable[[Statement], Sequence[Row]]


@contextlib.contextmanager
def service_session(conninfo: str) -> Iterator[ServiceCall]:
    """Opens a connection for a command. Yields a function that runs a statement as service_role and returns its rows.

    Each statement is a transaction of its own, without a time limit. Raises psycopg.Error, also from the function, and
    ConfigError for a login that may not become service_role, or for a database that hides rows from that role.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        try:
            connection.execute("set role service_role")
        except psycopg.errors.InsufficientPrivilege:
            raise not_a_member(connection.info.user, SERVICE.role) from None
        if hidden := connection.execute(_HIDDEN_TABLES).fetchall():
            names = ", ".join(name for (name,) in hidden)
            raise ConfigError(f"service_role sees no row of {names}: run `tenantry migrate up --repair`")
        cursor = psycopg.RawCursor(connection)
        yield lambda statement: cursor.execute(statement.text.encode(), statement.parameters).fetchall()


def list_rows(call: ServiceCall, page: Callable[[str | None], Statement]) -> Iterator[Row]:
    """The rows of a list function, read page by page to the last one.

    page: the statement for a page token (None for the first page). The last column of its rows is the token of the next
    page, null on the last page; it is left out of the rows that are returned.
    """
    token = None
    while True:
        rows = call(page(token))
        yield from (row[:-1] for row in rows)
        token = rows[-1][-1] if rows else None
        if token is None:
            return


@contextlib.contextmanager
def _bounded(connection: Connection, seconds: float) -> Iterator[None]:
    """Hangs up on a session that has not answered in the time, and a second more for PostgreSQL's own time-out.

    Its host can have stopped, or the network in between. Nothing else would end the wait: to cancel the statement,
    psycopg would ask the same host. The block fails with psycopg.OperationalError then.
    """
    timer = asyncio.get_running_loop().call_later(seconds + 1.0, _hang_up, connection.pgconn.socket)
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(file: int) -> None:
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(file)) as connected:
        connected.shutdown(socket.SHUT_RDWR)


Step = tuple[bytes | None, str, list[bytes | None]]
"""A statement of a pipeline: the name that it is prepared under, if it is; its text; its parameters."""


async def _run_pipeline(
    connection: Connection, steps: Sequence[Step], prepare: tuple[bytes, str] | None = None
) -> list[pq.abc.PGresult]:
    """Runs statements in one implicit transaction, and returns the result of each.

    prepare: name and text of a statement to prepare after the steps. A cursor would do the same, and keep more than is
    needed. Raises psycopg.Error.
    """
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    try:
        for name, text, values in steps:
            if name:
                pgconn.send_query_prepared(name, values)
            else:
                pgconn.send_query_params(text.encode(), values)
        if prepare:
            pgconn.send_prepare(prepare[0], prepare[1].encode())
        pgconn.pipeline_sync()
        results = await connection.wait(_receive(pgconn))
    finally:
        # A broken connection stays in the mode, and is replaced.
        with contextlib.suppress(psycopg.OperationalError):
            pgconn.exit_pipeline_mode()
    for result in results:
        if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            raise psycopg.errors.error_from_result(result)
    return results


def _receive(pgconn: pq.abc.PGconn) -> PQGen[list[pq.abc.PGresult]]:
    """Sends what is queued. Receives the results up to the answer to the Sync, which can be an error of the commit."""
    yield from generators.send(pgconn)
    results: list[pq.abc.PGresult] = []
    while True:
        result = yield from generators.fetch(pgconn)
        # Nothing stands between the results of two statements.
        if result and result.status == pq.ExecStatus.PIPELINE_SYNC:
            return results
        if result:
            results.append(result)


def _load_rows(connection: Connection, results: Sequence[pq.abc.PGresult]) -> list[list[Row]]:
    """The rows of results with the same columns."""
    transformer = Transformer(connection)
    answers: list[list[Row]] = []
    for result in results:
        # The columns of all results are the same, so their loaders are looked up once.
        transformer.set_pgresult(result, set_loaders=not answers)
        answers.append(transformer.load_rows(0, result.ntuples, tuple))
    return answers


def _encode(texts: Sequence[str | None]) -> list[bytes | None]:
    """The bytes of parameters. Raises ValueError for the character NUL, at which the value would be cut off."""
    encoded = [None if text is None else text.encode() for text in texts]
    if any(value and b"\0" in value for value in encoded):
        raise ValueError("a value contains the character NUL")
    return encoded


_CONFLICTS = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
