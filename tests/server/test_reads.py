"""Reads that arrive while another is running share one message, and only the speed shows it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import grpc
import pytest

from tenantry.auth import ANONYMOUS, SERVICE, Identity
from tenantry.batching.reads import MAX_READS, READS_TIMEOUT, ReadBatcher
from tenantry.database import Database, Row, Statement
from tenantry.errors import CallError
from tests.conftest import Connection
from tests.support.server import wait_until

SLOTS = 3

Read = Callable[..., Awaitable[Any]]


class Watched(Database):
    """A database that records the number of statements in each message."""

    def __init__(self, conninfo: str) -> None:
        super().__init__(conninfo, SLOTS, 5)
        self.messages: list[int] = []

    async def calls(
        self, identity: Identity, statements: Sequence[Statement], *others: Any, **named: Any
    ) -> list[list[Row]]:
        self.messages.append(len(statements))
        return await super().calls(identity, statements, *others, **named)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader waits for reads in progress, even on a slow machine."""
    monkeypatch.setattr("tenantry.batching.reads.READ_TIME", 1.0)


def reading(conninfo: str, job: Callable[[Watched, Read], Awaitable[None]]) -> None:
    """Runs the job with a reader: read(value, seconds) returns the value after that time, and fails for a value below
    0."""

    async def run() -> None:
        database = Watched(conninfo)
        await database.open()
        reader = ReadBatcher(database, SLOTS)

        async def read(
            value: int,
            seconds: float = 0,
            caller: Identity = SERVICE,
            deadline: float = 20,
            text: str = "select sqrt($1::integer) ^ 2 from pg_sleep($2)",
        ) -> Any:
            rows = await reader.call(caller, Statement("read", text, [str(value), str(seconds)]), deadline)
            return round(rows[0][0])

        try:
            await job(database, read)
            await asyncio.to_thread(wait_until, lambda: not reader._queues)
        finally:
            await database.close()

    asyncio.run(run())


async def outcomes(*reads: Awaitable[Any]) -> list[Any]:
    """The answers, or the codes of the refusals."""
    answers = await asyncio.gather(*reads, return_exceptions=True)
    return [code(answer) if isinstance(answer, CallError) else answer for answer in answers]


def running(admin: Connection) -> int:
    """The number of messages with reads that PostgreSQL is running."""
    return admin.execute(
        "select from pg_stat_activity"
        " where query like '%pg_sleep($2)%' and state = 'active' and pid <> pg_backend_pid()"
    ).rowcount


def code(error: CallError) -> grpc.StatusCode:
    return next(each for each in grpc.StatusCode if each.value[0] == error.status.code)


@pytest.mark.usefixtures("patient")
def test_reads_that_wait_go_in_one_message_and_each_has_its_own_answer(conninfo: str) -> None:
    async def job(database: Watched, read: Read) -> None:
        assert await read(7) == 7
        database.messages.clear()
        assert await outcomes(*map(read, range(15))) == list(range(15))
        assert database.messages == [1, 14]

    reading(conninfo, job)


@pytest.mark.usefixtures("patient")
def test_a_message_holds_so_many_and_no_more(conninfo: str) -> None:
    async def job(database: Watched, read: Read) -> None:
        assert await outcomes(*map(read, range(MAX_READS + 5))) == list(range(MAX_READS + 5))
        assert database.messages == [1, MAX_READS, 4]

    reading(conninfo, job)


@pytest.mark.usefixtures("patient")
def test_only_one_callers_reads_share_a_message(conninfo: str) -> None:
    async def job(database: Watched, read: Read) -> None:
        other = Identity("authenticated", '{"role": "authenticated", "sub": "another"}', float("inf"), has_token=True)
        callers = (SERVICE, ANONYMOUS, other)
        await outcomes(*(read(number, caller=callers[number % 3]) for number in range(12)))
        assert sorted(database.messages) == [1, 1, 1, 3, 3, 3]

    reading(conninfo, job)


@pytest.mark.usefixtures("patient")
def test_a_read_that_fails_does_so_alone(conninfo: str) -> None:
    async def job(database: Watched, read: Read) -> None:
        answers = await outcomes(*map(read, [1, 2, -3, 4, -5, 6]))
        assert [answer if isinstance(answer, int) else None for answer in answers] == [1, 2, None, 4, None, 6]
        assert database.messages == [1, 5, 1, 1, 1, 1, 1]

    reading(conninfo, job)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("sqlstate", ["53400", "54001", "P0001"])
def test_a_read_that_is_too_much_for_postgresql_fails_alone(conninfo: str, admin: Connection, sqlstate: str) -> None:
    admin.execute(
        "create function public.raise_for_2(number integer) returns integer language plpgsql as $$ begin"
        f" if number = 2 then raise sqlstate '{sqlstate}'; end if; return number; end $$"
    )

    async def job(_: Watched, read: Read) -> None:
        text = "select public.raise_for_2($1) from pg_sleep($2)"
        answers = await outcomes(*(read(number, text=text) for number in range(6)))
        assert [answer for answer in answers if isinstance(answer, int)] == [0, 1, 3, 4, 5]

    reading(conninfo, job)


def test_reads_do_not_wait_for_one_that_is_slow_while_there_are_connections(conninfo: str) -> None:
    async def job(_: Watched, read: Read) -> None:
        slow = asyncio.ensure_future(read(1, 10))
        await asyncio.sleep(0)
        assert await outcomes(*map(read, range(5))) == list(range(5))
        # A second read is as slow as the first, and ends the message of the reads beside it: the reader retries them
        # one by one.
        mixed = [asyncio.ensure_future(read(number, 10 if number == 2 else 0)) for number in range(5)]
        done, waiting = await asyncio.wait(mixed, timeout=5)
        assert len(done) == 4
        assert waiting == {mixed[2]}
        slow.cancel()
        mixed[2].cancel()
        await outcomes(slow, mixed[2])

    reading(conninfo, job)


def test_slow_reads_take_as_many_connections_as_there_are(conninfo: str) -> None:
    async def job(_: Watched, read: Read) -> None:
        loop = asyncio.get_running_loop()
        before = loop.time()
        assert await outcomes(*(read(number, 2 * READS_TIMEOUT) for number in range(SLOTS * 2))) == [*range(SLOTS * 2)]
        # One after the other, the reads would take six times as long.
        assert loop.time() - before < 5 * 2 * READS_TIMEOUT

    reading(conninfo, job)


@pytest.mark.usefixtures("patient")
def test_nobody_waits_for_a_message_that_has_ended(conninfo: str) -> None:
    async def job(_: Watched, read: Read) -> None:
        slow = asyncio.ensure_future(read(1, 10))
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        before = loop.time()
        for number in range(5):
            assert await read(number) == number
        # The first read waits a second for the slow one.
        assert loop.time() - before < 4
        slow.cancel()
        await outcomes(slow)

    reading(conninfo, job)


def test_a_slow_read_that_nobody_waits_for_is_stopped_although_it_came_with_another(
    conninfo: str, admin: Connection
) -> None:
    async def job(_: Watched, read: Read) -> None:
        reads = [asyncio.ensure_future(read(number, 50, deadline=60)) for number in range(3)]
        await asyncio.to_thread(wait_until, lambda: running(admin) == 3)
        reads[2].cancel()
        await asyncio.to_thread(wait_until, lambda: running(admin) == 2)
        assert not reads[1].done()
        for each in reads:
            each.cancel()
        await outcomes(*reads)

    reading(conninfo, job)


def test_a_read_whose_time_is_up_while_it_waits_is_told_so_and_not_run(conninfo: str) -> None:
    async def job(database: Watched, read: Read) -> None:
        blocking = []
        for number in range(SLOTS):
            blocking.append(asyncio.ensure_future(read(number, 1)))
            await asyncio.sleep(0.1)
        database.messages.clear()
        assert await outcomes(read(9, deadline=0.1)) == [grpc.StatusCode.DEADLINE_EXCEEDED]
        await outcomes(*blocking)
        assert database.messages == []

    reading(conninfo, job)


def test_a_message_that_nobody_waits_for_is_stopped(conninfo: str, admin: Connection) -> None:
    async def job(_: Watched, read: Read) -> None:
        reads = [asyncio.ensure_future(read(number, 15)) for number in range(4)]
        await asyncio.to_thread(wait_until, lambda: running(admin) == SLOTS)
        for each in reads:
            each.cancel()
        assert all(isinstance(each, asyncio.CancelledError) for each in await outcomes(*reads))
        await asyncio.to_thread(wait_until, lambda: running(admin) == 0)

    reading(conninfo, job)


def test_reads_whose_connection_is_lost_are_told_so(conninfo: str, admin: Connection) -> None:
    async def job(_: Watched, read: Read) -> None:
        reads = [asyncio.ensure_future(read(number, 15)) for number in range(SLOTS)]

        def cut() -> bool:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where query like '%pg_sleep($2)%' and pid <> pg_backend_pid()"
            )
            return all(each.done() for each in reads)

        await asyncio.to_thread(wait_until, cut)
        assert set(await outcomes(*reads)) == {grpc.StatusCode.UNAVAILABLE}
        assert await read(1) == 1

    reading(conninfo, job)


@pytest.mark.parametrize("lost", [0, 1, 5])
def test_callers_that_leave_take_nobody_with_them(conninfo: str, lost: int) -> None:
    async def job(_: Watched, read: Read) -> None:
        reads = [asyncio.ensure_future(read(number)) for number in range(8)]
        await asyncio.sleep(0)
        reads[lost].cancel()
        answers = await outcomes(*reads)
        assert [answer for answer in answers if isinstance(answer, int)] == [n for n in range(8) if n != lost]

    reading(conninfo, job)
