"""Pending calls, and batches that answer several pending calls."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from tenantry.errors import CallError, deadline_exceeded

Answer = TypeVar("Answer")


@dataclass(eq=False, slots=True)
class PendingCall(Generic[Answer]):
    """A call that waits to be sent, and then for its answer.

    deadline: the event loop's time, in seconds, at which the call expires. batch: the batch that carries the call;
    None until the call is sent.
    """

    deadline: float
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    batch: "Batch | None" = None

    async def wait(self) -> Answer:
        """Waits for the answer until the deadline. A caller that is cancelled needs no answer any more.

        Raises CallError: the error that answers the call, or DEADLINE_EXCEEDED.
        """
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
        """Notes that nobody waits for this call. Cancels the batch when nobody waits for any call of it."""
        if self.batch and all(call.answer.done() for call in self.batch.calls):
            self.batch.cancel()


@dataclass(eq=False, slots=True)
class Batch:
    """Calls in flight together. One task answers them."""

    calls: Sequence[PendingCall[Any]]
    task: asyncio.Task[None] | None = None

    def start(
        self, work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]], on_end: Callable[[], None]
    ) -> None:
        """Starts the task.

        work: the code that answers the calls. tasks: holds the task while it runs, as the event loop keeps no strong
        reference to it. on_end: runs after the task, also when the task is cancelled.
        """
        for call in self.calls:
            call.batch = self
        self.task = asyncio.create_task(work)
        tasks.add(self.task)

        # A `finally` in the task itself would not run if the task is cancelled before its first step.
        def end(task: asyncio.Task[None]) -> None:
            tasks.discard(task)
            on_end()

        self.task.add_done_callback(end)

    def cancel(self) -> None:
        """Cancels the task once. A second cancellation would interrupt the clean-up of the first."""
        if self.task and not self.task.cancelling():
            self.task.cancel()


def resolve(calls: Sequence[PendingCall[Answer]], answers: Sequence[Answer | Exception]) -> None:
    """Gives each call its answer or error. Skips expired calls and calls without a waiting caller."""
    for call, answer in zip(calls, answers, strict=True):
        if call.answer.done():
            continue
        if isinstance(answer, Exception):
            call.answer.set_exception(answer)
        else:
            call.answer.set_result(answer)
