"""Group commit of consumptions: calls of ConsumeCredits that wait become one call of batch_consume_credits().

The database decides each call of a batch separately. A batch locks an organization's row once, instead of once for each
call.

A call is sent at once if no call of its caller on the same organization is in flight and fewer than SLOTS statements of
its caller are. Two statements on one organization would only wait for each other at the row lock.

A locked organization delays its own calls only. A batch over several organizations that meets a locked row is rolled
back, and its organizations are sent separately.

Batching does not make the outcome of a call less certain. A batch is one transaction. It is sent again, in smaller
batches, only if the database itself said that it was rolled back. If the connection is lost, or the answer cannot be
read, every call of the batch fails with that error and none is sent again.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import grpc
import psycopg
from google.protobuf import json_format

from tenantry.auth import Identity
from tenantry.batching.batch import Batch, PendingCall, resolve
from tenantry.bridge import Call
from tenantry.database import Database, Statement
from tenantry.errors import CallError, from_sqlstate
from tenantry.v1.credits_pb2 import (
    BatchConsumeCreditsRequest,
    ConsumeCreditsRequest,
    ConsumeCreditsResponse,
    CreditDecision,
)

SLOTS = 4
"""Statements of one caller that may consume at the same time."""

MAX_CALLS = 500
"""Maximum number of calls in one batch. It limits how long a call waits for the answers of the others."""

LOCK_TIMEOUT = 0.1
"""Seconds that a batch over several organizations waits for a row lock before each organization is sent separately."""

_FAILS_FOR_ALL = {
    code.value[0]
    for code in (
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
    )
}
"""Status codes that no single call of a batch can cause."""


@dataclass(eq=False, slots=True, kw_only=True)
class _PendingConsumption(PendingCall[ConsumeCreditsResponse]):
    request: ConsumeCreditsRequest
    organization: str


@dataclass(eq=False, slots=True, kw_only=True)
class _ConsumptionBatch(Batch):
    """organizations: those that the end of this batch releases."""

    calls: Sequence[_PendingConsumption]
    organizations: set[str]


@dataclass(eq=False, slots=True)
class _CallerQueue:
    """The calls of one caller.

    running: number of statements in flight. blocked: the organizations in flight, each with the calls that wait for it.
    ready: the other organizations, each with the calls that wait for a slot.
    """

    running: int = 0
    blocked: dict[str, list[_PendingConsumption]] = field(default_factory=dict)
    ready: dict[str, list[_PendingConsumption]] = field(default_factory=dict)

    def take_batch(self) -> list[_PendingConsumption]:
        """Removes the calls of the next batch from `ready` and marks their organizations as in flight."""
        taken: list[_PendingConsumption] = []
        while self.ready and len(taken) < MAX_CALLS:
            organization = next(iter(self.ready))
            calls = [call for call in self.ready.pop(organization) if not call.answer.done()]
            room = MAX_CALLS - len(taken)
            if calls:
                self.blocked[organization] = calls[room:]
                taken += calls[:room]
        return taken

    def release(self, organizations: Iterable[str]) -> None:
        """Marks the organizations as no longer in flight, and the calls that wait for them as ready."""
        for organization in organizations:
            calls = self.blocked.pop(organization)
            if calls:
                self.ready[organization] = calls


class _SplitBatch(Exception):
    """A batch was rolled back for a reason that may concern only some of its calls. Send them in smaller batches."""


class ConsumptionBatcher:
    """Handles ConsumeCredits."""

    def __init__(self, database: Database, single: Call, batch: Call) -> None:
        """single: the call of ConsumeCredits. batch: the call of BatchConsumeCredits."""
        self._database = database
        self._single = single
        self._batch = batch
        self._queues: dict[Identity, _CallerQueue] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def consume(
        self, request: ConsumeCreditsRequest, identity: Identity, time_remaining: float | None
    ) -> ConsumeCreditsResponse:
        """Answers one call.

        time_remaining: seconds until the caller's deadline; None if the caller set none. Raises CallError.
        """
        organization = request.organization_id.lower()
        queue = self._queues.get(identity)
        if queue is None:
            queue = self._queues[identity] = _CallerQueue()
        if queue.running < SLOTS and organization not in queue.blocked:
            queue.running += 1
            queue.blocked[organization] = []
            try:
                rows = await self._database.call(identity, self._single.statement(request), time_remaining)
                response: ConsumeCreditsResponse = self._single.response(rows)
                return response
            finally:
                self._end(queue, identity, (organization,))

        deadline = asyncio.get_running_loop().time() + self._database.timeout(time_remaining)
        call = _PendingConsumption(deadline, request=request, organization=organization)
        waiting = queue.blocked if organization in queue.blocked else queue.ready
        waiting.setdefault(organization, []).append(call)
        return await call.wait()

    def _end(self, queue: _CallerQueue, identity: Identity, organizations: Iterable[str]) -> None:
        """Ends one statement and starts the next batches."""
        queue.running -= 1
        queue.release(organizations)
        while queue.running < SLOTS and (calls := queue.take_batch()):
            self._start(queue, identity, calls)
        if not queue.running:
            del self._queues[identity]

    def _start(self, queue: _CallerQueue, identity: Identity, calls: list[_PendingConsumption]) -> None:
        queue.running += 1
        batch = _ConsumptionBatch(calls=calls, organizations={call.organization for call in calls})
        work = self._run(queue, identity, batch)
        batch.start(work, self._tasks, lambda: self._end(queue, identity, batch.organizations))

    async def _run(self, queue: _CallerQueue, identity: Identity, batch: _ConsumptionBatch) -> None:
        try:
            await self._send(identity, batch.calls)
        except _SplitBatch:
            if len(batch.organizations) > 1:
                parts: dict[str, list[_PendingConsumption]] = {organization: [] for organization in batch.organizations}
                for call in batch.calls:
                    parts[call.organization].append(call)
                # From here on the parts release their organizations.
                batch.organizations.clear()
                for part in parts.values():
                    self._start(queue, identity, part)
            else:
                await asyncio.gather(*(self._send(identity, [call]) for call in batch.calls))

    async def _send(self, identity: Identity, calls: Sequence[_PendingConsumption]) -> None:
        """Sends the calls in one statement and answers them.

        Raises _SplitBatch, and answers none, when the database did nothing and some of the calls may succeed.
        """
        calls = [call for call in calls if not call.answer.done()]
        if not calls:
            return
        time_remaining = max(call.deadline for call in calls) - asyncio.get_running_loop().time()
        answers: Sequence[ConsumeCreditsResponse | Exception]
        try:
            if len(calls) == 1:
                statement = self._single.statement(calls[0].request)
                rows = await self._database.call(identity, statement, time_remaining)
                answers = [self._single.response(rows)]
            else:
                statement = self._batch_statement(calls)
                is_single = all(call.organization == calls[0].organization for call in calls)
                lock_timeout = None if is_single else LOCK_TIMEOUT
                rows = await self._database.call(identity, statement, time_remaining, lock_timeout)
                answers = [_answer(decision) for decision in self._batch.items(rows)]
        except _SplitBatch:
            raise
        except CallError as error:
            if len(calls) > 1 and _may_concern_one_call(error):
                raise _SplitBatch from error
            answers = [error] * len(calls)
        except Exception as error:
            answers = [error] * len(calls)
        resolve(calls, answers)

    def _batch_statement(self, calls: Sequence[_PendingConsumption]) -> Statement:
        try:
            return self._batch.statement(BatchConsumeCreditsRequest(items=[call.request for call in calls]))
        except CallError as error:
            # One request holds a value that no statement can carry. Sent separately, that call alone is refused.
            raise _SplitBatch from error


def _answer(decision: CreditDecision) -> ConsumeCreditsResponse | CallError:
    """The answer that ConsumeCredits alone would have given for the decision."""
    if not decision.HasField("code"):
        return ConsumeCreditsResponse(transaction=decision.transaction)
    # A Struct holds every number as a float. The numbers of the ledger are whole.
    metadata = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in json_format.MessageToDict(decision.details).items()
    }
    return CallError(from_sqlstate(decision.code, decision.message, metadata, decision.remedy))


def _may_concern_one_call(error: CallError) -> bool:
    """Whether the database itself rolled the batch back, for a reason that one call or one organization may cause."""
    cause = error.__cause__
    return (
        isinstance(cause, psycopg.Error) and cause.diag.sqlstate is not None and error.status.code not in _FAILS_FOR_ALL
    )
