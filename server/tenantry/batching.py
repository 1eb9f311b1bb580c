"""Group commit: calls of ConsumeCredits that come while others of the same caller are under way travel together.

A call that finds room goes at once, by itself. Calls that do not are gathered until there is room, and then go as one
batch_consume_credits(), which decides each by itself: so an account's row is locked once for all that gathered, not
once for each. There is no timer, and nothing waits when the server is idle.

There is room when none of the caller's calls on that organization is under way (its row lock would have them wait one
for another anyway) and fewer than SLOTS of the caller's statements are. A locked account holds up its own calls only:
a batch that meets one is rolled back and tried again, each organization by itself.

What is certain about a call's outcome without batching is certain with it: a batch is one transaction, and it is only
tried again, in parts, when the database itself said that it was rolled back. When the connection is lost on the way, or
the answer cannot be read, every call of the batch is told so and none is sent again.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import grpc
import psycopg

from tenantry.auth import Identity
from tenantry.bridge import Call
from tenantry.database import Database, Statement
from tenantry.errors import CallError, deadline_exceeded, from_decision
from tenantry.v1.credits_pb2 import (
    BatchConsumeCreditsRequest,
    ConsumeCreditsRequest,
    ConsumeCreditsResponse,
    CreditDecision,
)

SLOTS = 4
"""Statements of one caller that run at a time."""

MAX_ITEMS = 500
"""Calls in one batch at most, so that none waits long for the answers of the others."""

LOCK_TIMEOUT = 0.1
"""Seconds that a batch over several organizations waits for one of their rows before each is tried by itself."""

_NOT_OF_ONE_ITEM = {
    code.value[0]
    for code in (
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
    )
}


@dataclass(eq=False, slots=True)
class _Item:
    """A call that waits to be sent, and then for its answer."""

    request: ConsumeCreditsRequest
    organization: str
    deadline: float
    answer: asyncio.Future[ConsumeCreditsResponse]
    batch: "_Batch | None" = None

    def expire(self) -> None:
        """Its time is up."""
        if not self.answer.done():
            self.answer.set_exception(CallError(deadline_exceeded()))
            self.leave()

    def leave(self) -> None:
        """Nobody waits for it any more; when nobody waits for its whole batch, the database stops, too."""
        if self.batch and self.batch.task and all(item.answer.done() for item in self.batch.items):
            self.batch.task.cancel()


@dataclass(eq=False, slots=True)
class _Batch:
    """Items under way together, and the organizations that are under way with them."""

    items: list[_Item]
    organizations: set[str]
    task: asyncio.Task[None] | None = None


@dataclass(eq=False, slots=True)
class _Line:
    """One caller's calls: statements under way, and by organization what waits, behind one of them or for a slot."""

    running: int = 0
    behind: dict[str, list[_Item]] = field(default_factory=dict)
    ready: dict[str, list[_Item]] = field(default_factory=dict)

    def take(self) -> list[_Item]:
        """Items to go together now; their organizations are under way from here on."""
        taken: list[_Item] = []
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


class Batcher:
    """Handles ConsumeCredits."""

    def __init__(self, database: Database, single: Call, batch: Call) -> None:
        """single, batch: ConsumeCredits and BatchConsumeCredits."""
        self._database = database
        self._single = single
        self._batch = batch
        self._lines: dict[Identity, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()

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

        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._database.timeout(time_remaining)
        item = _Item(request, organization, deadline, loop.create_future())
        waiting = line.behind if organization in line.behind else line.ready
        waiting.setdefault(organization, []).append(item)
        expiry = loop.call_at(deadline, item.expire)
        try:
            return await item.answer
        except asyncio.CancelledError:
            item.leave()
            raise
        finally:
            expiry.cancel()

    def _end(self, line: _Line, identity: Identity, organizations: Iterable[str]) -> None:
        line.running -= 1
        line.release(organizations)
        while line.running < SLOTS and (items := line.take()):
            self._start(line, identity, items)
        if not line.running:
            del self._lines[identity]

    def _start(self, line: _Line, identity: Identity, items: list[_Item]) -> None:
        line.running += 1
        batch = _Batch(items, {item.organization for item in items})
        for item in items:
            item.batch = batch
        batch.task = asyncio.create_task(self._run(line, identity, batch))
        self._tasks.add(batch.task)

        # Not at the end of the task's own code, none of which runs if it is cancelled before it has begun.
        def end(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._end(line, identity, batch.organizations)

        batch.task.add_done_callback(end)

    async def _run(self, line: _Line, identity: Identity, batch: _Batch) -> None:
        try:
            await self._answer(identity, batch.items)
        except _TryInParts:
            if len(batch.organizations) > 1:
                parts: dict[str, list[_Item]] = {organization: [] for organization in batch.organizations}
                for item in batch.items:
                    parts[item.organization].append(item)
                # They are under way with their parts from here on.
                batch.organizations.clear()
                for part in parts.values():
                    self._start(line, identity, part)
            else:
                await asyncio.gather(*(self._answer(identity, [item]) for item in batch.items))

    async def _answer(self, identity: Identity, items: Sequence[_Item]) -> None:
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
        for item, answer in zip(items, answers, strict=True):
            if item.answer.done():
                continue
            if isinstance(answer, Exception):
                item.answer.set_exception(answer)
            else:
                item.answer.set_result(answer)

    def _batch_statement(self, items: Sequence[_Item]) -> Statement:
        try:
            return self._batch.statement(BatchConsumeCreditsRequest(items=[item.request for item in items]))
        except CallError as error:
            # One of them holds what no statement can; by itself each is told so, or sent.
            raise _TryInParts from error


class _TryInParts(Exception):
    pass


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
