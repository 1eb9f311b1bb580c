"""Pipelining of reads: calls that only read and wait become one message, statement after statement.

To wake PostgreSQL, and to be woken by its answer, takes longer than most reads.

A read is sent at once if no read like it is in flight. Reads are alike if they have the same caller and the same
statement text. Further messages are sent if those in flight take longer than reads usually do, up to one for each
connection. If a statement of a message fails or is slow, each read of the message is sent separately.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import psycopg

from tenantry.auth import Identity
from tenantry.batching.batch import Batch, PendingCall, resolve
from tenantry.database import Database, Row, Statement
from tenantry.errors import CallError

MAX_READS = 20
"""Maximum number of reads in one message. The answers of all are in memory at the same time."""

READ_TIME = 0.002
"""Seconds that each read of a message may take before further reads stop waiting for it. uvloop's timers count whole
milliseconds."""

READS_TIMEOUT = 0.2
"""Seconds that the reads of one message may take together, in equal shares, before each is sent separately."""


@dataclass(eq=False, slots=True, kw_only=True)
class _PendingRead(PendingCall[list[Row]]):
    statement: Statement


@dataclass(eq=False, slots=True)
class _ReadQueue:
    """Reads that are alike.

    running: number of messages in flight. waiting: reads that wait to be sent. started: number of messages so far.
    next_start: the event loop's time, in seconds, from which a further message may start beside those in flight.
    timer: wakes the queue at `next_start`, if reads wait for that.
    """

    identity: Identity
    text: str
    running: int = 0
    waiting: deque[_PendingRead] = field(default_factory=deque)
    started: int = 0
    next_start: float = 0
    timer: asyncio.TimerHandle | None = None

    def start_message(self, reads: int) -> int:
        """Counts a message of that many reads as in flight. Returns its number."""
        self.running += 1
        self.started += 1
        self.next_start = asyncio.get_running_loop().time() + reads * READ_TIME
        if self.timer:
            self.timer.cancel()
            self.timer = None
        return self.started

    def end_message(self, number: int) -> None:
        """Counts that message as ended. After the newest message, nothing delays the next one."""
        self.running -= 1
        if number == self.started:
            self.next_start = 0

    def take_batch(self) -> list[_PendingRead]:
        """Removes the reads of the next message from `waiting`."""
        taken: list[_PendingRead] = []
        while self.waiting and len(taken) < MAX_READS:
            read = self.waiting.popleft()
            if not read.answer.done():
                taken.append(read)
        return taken


class ReadBatcher:
    """Runs statements that only read."""

    def __init__(self, database: Database, slots: int) -> None:
        """slots: maximum number of messages in flight for reads that are alike: the number of connections."""
        self._database = database
        self._slots = slots
        self._queues: dict[tuple[Identity, str], _ReadQueue] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, identity: Identity, statement: Statement, time_remaining: float | None) -> list[Row]:
        """Runs one statement as Database.call() does, with the same arguments and errors."""
        queue = self._queues.get((identity, statement.text))
        if queue is None:
            queue = self._queues[identity, statement.text] = _ReadQueue(identity, statement.text)
        if not queue.running:
            number = queue.start_message(1)
            try:
                return await self._database.call(identity, statement, time_remaining)
            finally:
                self._end(queue, number)
        deadline = asyncio.get_running_loop().time() + self._database.timeout(time_remaining)
        read = _PendingRead(deadline, statement=statement)
        queue.waiting.append(read)
        self._advance(queue)
        return await read.wait()

    def _advance(self, queue: _ReadQueue) -> None:
        """Sends the reads that wait, or sets the timer that will."""
        loop = asyncio.get_running_loop()
        while queue.waiting and queue.running < self._slots:
            if queue.running and loop.time() < queue.next_start:
                queue.timer = queue.timer or loop.call_at(queue.next_start, self._wake, queue)
                return
            if reads := queue.take_batch():
                self._start(queue, reads)

    def _wake(self, queue: _ReadQueue) -> None:
        queue.timer = None
        queue.next_start = 0
        self._advance(queue)

    def _start(self, queue: _ReadQueue, reads: Sequence[_PendingRead]) -> None:
        number = queue.start_message(len(reads))
        Batch(reads).start(self._send(queue, reads), self._tasks, partial(self._end, queue, number))

    def _end(self, queue: _ReadQueue, number: int) -> None:
        queue.end_message(number)
        self._advance(queue)
        if not queue.running:
            del self._queues[queue.identity, queue.text]

    async def _send(self, queue: _ReadQueue, reads: Sequence[_PendingRead]) -> None:
        """Sends the reads in one message and answers them, or starts each separately if one statement failed."""
        time_remaining = max(read.deadline for read in reads) - asyncio.get_running_loop().time()
        share = None if len(reads) == 1 else READS_TIMEOUT / len(reads)
        answers: Sequence[list[Row] | Exception]
        try:
            statements = [read.statement for read in reads]
            answers = await self._database.calls(queue.identity, statements, time_remaining, statement_timeout=share)
        except CallError as error:
            if len(reads) > 1 and _is_of_a_statement(error):
                for read in reads:
                    if not read.answer.done():
                        self._start(queue, [read])
                return
            answers = [error] * len(reads)
        except Exception as error:
            answers = [error] * len(reads)
        resolve(reads, answers)


def _is_of_a_statement(error: CallError) -> bool:
    """Whether one statement of a message failed. It did not if PostgreSQL shut down or could not be reached."""
    cause = error.__cause__
    sqlstate = cause.diag.sqlstate if isinstance(cause, psycopg.Error) else None
    return sqlstate is not None and not sqlstate.startswith("57P")
