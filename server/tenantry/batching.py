"""Calls that come while others of the same caller are under way travel together.

A call that finds room goes at once, by itself. Calls that do not are gathered until there is room, and then go as one.
Nothing ever waits for more to come.

Batcher: group commit. Calls of ConsumeCredits go as one batch_consume_credits(), which decides each by itself: so an
account's row is locked once for all that gathered, not once for each. There is room when none of the caller's calls on
that organization is under way (its row lock would have them wait one for another anyway) and fewer than SLOTS of the
caller's statements are. A locked account holds up its own calls only: a batch that meets one is rolled back and tried
again, each organization by itself. What is certain about a call's outcome without batching is certain with it: a batch
is one transaction, and it is only tried again, in parts, when the database itself said that it was rolled back. When
the connection is lost on the way, or the answer cannot be read, every call of the batch is told so and none is sent
again.

Reader: calls that only read go in one message, one statement after the other: waking PostgreSQL, and being woken by it,
takes longer than most reads. There is room when no call like it is under way, or when those that are take longer than
reads do and are fewer than connections. Where one of a message fails or is slow, each of it is tried by itself.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

import grpc
import psycopg

from tenantry.auth import Identity
from tenantry.bridge import Call
from tenantry.database import Database, Row, Statement
from tenantry.errors import CallError, deadline_exceeded, from_decision
from tenantry.v1.credits_pb2 import (
    BatchConsumeCreditsRequest,
    ConsumeCreditsRequest,
    ConsumeCreditsResponse,
    CreditDecision,
)

Answer = TypeVar("Answer")

SLOTS = 4
"""Statements of one caller that consume at a time."""

MAX_ITEMS = 500
"""Calls in one batch at most, so that none waits long for the answers of the others."""

LOCK_TIMEOUT = 0.1
"""Seconds that a batch over several organizations waits for one of their rows before each is tried by itself."""

MAX_READS = 20
"""Reads in one message at most: their answers are in memory at the same time."""

READ_TIME = 0.002
"""Seconds for each read of a message after which others like it wait for its end no longer. (uvloop counts whole
milliseconds.)"""

READS_TIMEOUT = 0.2
"""Seconds that several reads in a message may take together, each its share, before each is tried by itself."""

_NOT_OF_ONE_ITEM = {
    code.value[0]
    for code in (
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
    )
}


@dataclass(eq=False, slots=True)
class _Item(Generic[Answer]):
    """A call that waits to be sent, and then for its answer. batch: what it travels with, itself included."""

    deadline: float
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    batch: "_Batch | None" = None

    async def wait(self) -> Answer:
        """Its answer. Raises CallError, in time; whoever stops waiting need not be answered."""
        expiry = asyncio.get_running_loop().call_at(self.deadline, self._expire)
        try:
            return await self.answer
        except asyncio.CancelledError:
            self._leave()
            raise
        finally:
            expiry.cancel()

    def _expire(self) -> None:
        if not self.answer.done():
            self.answer.set_exception(CallError(deadline_exceeded()))
            self._leave()

    def _leave(self) -> None:
        """Nobody waits for it any more; when nobody waits for its whole batch, the database stops, too."""
        if self.batch and all(item.answer.done() for item in self.batch.items):
            self.batch.cancel()


@dataclass(eq=False, slots=True)
class _Batch:
    """Items under way together, in a task that answers them."""

    items: Sequence[_Item[Any]]
    task: asyncio.Task[None] | None = None

    def start(self, answering: Coroutine[Any, Any, None], end: Callable[[], None]) -> None:
        """Starts the task. end: is called after it."""
        for item in self.items:
            item.batch = self
        self.task = asyncio.create_task(answering)
        _tasks.add(self.task)

        # Not at the end of the task's own code, none of which runs if it is cancelled before it has begun.
        def ended(task: asyncio.Task[None]) -> None:
            _tasks.discard(task)
            end()

        self.task.add_done_callback(ended)

    def cancel(self) -> None:
        """Once: a second time would cut short how the task stops."""
        if self.task and not self.task.cancelling():
            self.task.cancel()


_tasks: set[asyncio.Task[None]] = set()
"""Those that run: the event loop alone would not keep them."""


@dataclass(eq=False, slots=True, kw_only=True)
class _Consumption(_Item[ConsumeCreditsResponse]):
    request: ConsumeCreditsRequest
    organization: str


@dataclass(eq=False, slots=True, kw_only=True)
class _Consumptions(_Batch):
    """organizations: those that are under way with it."""

    items: Sequence[_Consumption]
    organizations: set[str]


@dataclass(eq=False, slots=True)
class _Line:
    """One caller's calls: statements under way, and by organization what waits, behind one of them or for a slot."""

    running: int = 0
    behind: dict[str, list[_Consumption]] = field(default_factory=dict)
    ready: dict[str, list[_Consumption]] = field(default_factory=dict)

    def take(self) -> list[_Consumption]:
        """Items to go together now; their organizations are under way from here on."""
        taken: list[_Consumption] = []
        while self.ready and len(taken) < MAX_ITEMS:
            organization = next(iter(self.ready))
            items = [item for item in self.ready.pop(organization) if not item.answer.done()]
            room = MAX_ITEMS - len(taken)
            if items:
                self.behind[organization] = items[room:]
                taken += items[:room]
        return taken

    def release(self, organizations: Iterable[str]) -> None:
        """They are under way no more; what waits behind them is ready."""
        for organization in organizations:
            items = self.behind.pop(organization)
            if items:
                self.ready[organization] = items


@dataclass(eq=False, slots=True, kw_only=True)
class _Read(_Item[list[Row]]):
    statement: Statement


@dataclass(eq=False, slots=True)
class _Queue:
    """One caller's reads that differ in their values only: messages under way, and what waits.

    begun: messages so far. patience: until when the latest is waited for. timer: when somebody waits for that.
    """

    identity: Identity
    text: str
    running: int = 0
    waiting: deque[_Read] = field(default_factory=deque)
    begun: int = 0
    patience: float = 0
    timer: asyncio.TimerHandle | None = None

    def begin(self, reads: int) -> int:
        """A message of so many is under way. Returns its number."""
        self.running += 1
        self.begun += 1
        self.patience = asyncio.get_running_loop().time() + reads * READ_TIME
        if self.timer:
            self.timer.cancel()
            self.timer = None
        return self.begun

    def end(self, number: int) -> None:
        """That message is not under way any more."""
        self.running -= 1
        if number == self.begun:
            self.patience = 0

    def take(self) -> list[_Read]:
        """What goes in one message now."""
        taken: list[_Read] = []
        while self.waiting and len(taken) < MAX_READS:
            item = self.waiting.popleft()
            if not item.answer.done():
                taken.append(item)
        return taken


class Batcher:
    """Handles ConsumeCredits."""

    def __init__(self, database: Database, single: Call, batch: Call) -> None:
        """single, batch: ConsumeCredits and BatchConsumeCredits."""
        self._database = database
        self._single = single
        self._batch = batch
        self._lines: dict[Identity, _Line] = {}

    async def consume(
        self, request: ConsumeCreditsRequest, identity: Identity, time_remaining: float | None
    ) -> ConsumeCreditsResponse:
        """The handler. Raises CallError."""
        organization = request.organization_id.lower()
        line = self._lines.get(identity)
        if line is None:
            line = self._lines[identity] = _Line()
        if line.running < SLOTS and organization not in line.behind:
            line.running += 1
            line.behind[organization] = []
            try:
                rows = await self._database.call(identity, self._single.statement(request), time_remaining)
                response: ConsumeCreditsResponse = self._single.response(rows)
                return response
            finally:
                self._end(line, identity, (organization,))

        deadline = asyncio.get_running_loop().time() + self._database.timeout(time_remaining)
        item = _Consumption(deadline, request=request, organization=organization)
        waiting = line.behind if organization in line.behind else line.ready
        waiting.setdefault(organization, []).append(item)
        return await item.wait()

    def _end(self, line: _Line, identity: Identity, organizations: Iterable[str]) -> None:
        line.running -= 1
        line.release(organizations)
        while line.running < SLOTS and (items := line.take()):
            self._start(line, identity, items)
        if not line.running:
            del self._lines[identity]

    def _start(self, line: _Line, identity: Identity, items: list[_Consumption]) -> None:
        line.running += 1
        batch = _Consumptions(items=items, organizations={item.organization for item in items})
        batch.start(self._run(line, identity, batch), lambda: self._end(line, identity, batch.organizations))

    async def _run(self, line: _Line, identity: Identity, batch: _Consumptions) -> None:
        try:
            await self._answer(identity, batch.items)
        except _TryInParts:
            if len(batch.organizations) > 1:
                parts: dict[str, list[_Consumption]] = {organization: [] for organization in batch.organizations}
                for item in batch.items:
                    parts[item.organization].append(item)
                # They are under way with their parts from here on.
                batch.organizations.clear()
                for part in parts.values():
                    self._start(line, identity, part)
            else:
                await asyncio.gather(*(self._answer(identity, [item]) for item in batch.items))

    async def _answer(self, identity: Identity, items: Sequence[_Consumption]) -> None:
        """Sends the items and answers them. Raises _TryInParts when nothing was done, and not all are to blame."""
        items = [item for item in items if not item.answer.done()]
        if not items:
            return
        time_remaining = max(item.deadline for item in items) - asyncio.get_running_loop().time()
        answers: Sequence[ConsumeCreditsResponse | Exception]
        try:
            if len(items) == 1:
                statement = self._single.statement(items[0].request)
                rows = await self._database.call(identity, statement, time_remaining)
                answers = [self._single.response(rows)]
            else:
                statement = self._batch_statement(items)
                is_single = all(item.organization == items[0].organization for item in items)
                lock_timeout = None if is_single else LOCK_TIMEOUT
                rows = await self._database.call(identity, statement, time_remaining, lock_timeout)
                answers = [_answer(decision) for decision in self._batch.items(rows)]
        except _TryInParts:
            raise
        except CallError as error:
            if len(items) > 1 and _is_of_one_item(error):
                raise _TryInParts from error
            answers = [error] * len(items)
        except Exception as error:
            answers = [error] * len(items)
        _give(items, answers)

    def _batch_statement(self, items: Sequence[_Consumption]) -> Statement:
        try:
            return self._batch.statement(BatchConsumeCreditsRequest(items=[item.request for item in items]))
        except CallError as error:
            # One of them holds what no statement can; by itself each is told so, or sent.
            raise _TryInParts from error


class Reader:
    """Statements that only read."""

    def __init__(self, database: Database, slots: int) -> None:
        """slots: messages of statements that are alike under way at a time, however slow: as many as connections."""
        self._database = database
        self._slots = slots
        self._queues: dict[tuple[Identity, str], _Queue] = {}

    async def call(self, identity: Identity, statement: Statement, time_remaining: float | None) -> list[Row]:
        """As Database.call()."""
        queue = self._queues.get((identity, statement.text))
        if queue is None:
            queue = self._queues[identity, statement.text] = _Queue(identity, statement.text)
        if not queue.running:
            number = queue.begin(1)
            try:
                return await self._database.call(identity, statement, time_remaining)
            finally:
                self._end(queue, number)
        deadline = asyncio.get_running_loop().time() + self._database.timeout(time_remaining)
        item = _Read(deadline, statement=statement)
        queue.waiting.append(item)
        self._advance(queue)
        return await item.wait()

    def _advance(self, queue: _Queue) -> None:
        """Sends what waits, or sees to it that this is done in time."""
        loop = asyncio.get_running_loop()
        while queue.waiting and queue.running < self._slots:
            if queue.running and loop.time() < queue.patience:
                queue.timer = queue.timer or loop.call_at(queue.patience, self._wake, queue)
                return
            if items := queue.take():
                self._start(queue, items)

    def _wake(self, queue: _Queue) -> None:
        queue.timer = None
        queue.patience = 0
        self._advance(queue)

    def _start(self, queue: _Queue, items: Sequence[_Read]) -> None:
        number = queue.begin(len(items))
        _Batch(items).start(self._answer(queue, items), partial(self._end, queue, number))

    def _end(self, queue: _Queue, number: int) -> None:
        queue.end(number)
        self._advance(queue)
        if not queue.running:
            del self._queues[queue.identity, queue.text]

    async def _answer(self, queue: _Queue, items: Sequence[_Read]) -> None:
        time_remaining = max(item.deadline for item in items) - asyncio.get_running_loop().time()
        for_each = None if len(items) == 1 else READS_TIMEOUT / len(items)
        answers: Sequence[list[Row] | Exception]
        try:
            statements = [item.statement for item in items]
            answers = await self._database.calls(queue.identity, statements, time_remaining, statement_timeout=for_each)
        except CallError as error:
            if len(items) > 1 and _is_of_a_statement(error):
                for item in items:
                    if not item.answer.done():
                        self._start(queue, [item])
                return
            answers = [error] * len(items)
        except Exception as error:
            answers = [error] * len(items)
        _give(items, answers)


class _TryInParts(Exception):
    pass


def _give(items: Sequence[_Item[Answer]], answers: Sequence[Answer | Exception]) -> None:
    for item, answer in zip(items, answers, strict=True):
        if item.answer.done():
            continue
        if isinstance(answer, Exception):
            item.answer.set_exception(answer)
        else:
            item.answer.set_result(answer)


def _answer(decision: CreditDecision) -> ConsumeCreditsResponse | CallError:
    if decision.HasField("code"):
        return CallError(from_decision(decision))
    return ConsumeCreditsResponse(transaction=decision.transaction)


def _is_of_one_item(error: CallError) -> bool:
    """Whether a batch failed for what one of its items, or one of its accounts, may be to blame for, and nothing of it
    was done: the database itself said so."""
    cause = error.__cause__
    return (
        isinstance(cause, psycopg.Error)
        and cause.diag.sqlstate is not None
        and error.status.code not in _NOT_OF_ONE_ITEM
    )


def _is_of_a_statement(error: CallError) -> bool:
    """Whether a message failed for one of its statements, and not as the server shut down or was out of reach."""
    cause = error.__cause__
    sqlstate = cause.diag.sqlstate if isinstance(cause, psycopg.Error) else None
    return sqlstate is not None and not sqlstate.startswith("57P")
