"""Concurrent histories of calls over gRPC, and a check that some order of the calls explains all answers.

Each history has an organization of its own. Its clients consume, grant, hold, capture, release and read at the same
time. Some calls have a deadline of a few milliseconds, and others are cancelled. The outcome of such a call is unknown:
it may have happened after its start, or never. The client then often sends it again with its request_id.
"""

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import grpc

from tenantry.v1.credits_pb2 import (
    CaptureHoldRequest,
    ConsumeCreditsRequest,
    GetCreditBalanceRequest,
    GrantCreditsRequest,
    HoldCreditsRequest,
    ReleaseHoldRequest,
)
from tests.support.calls import organization
from tests.support.server import Client, failure

CREDITS = 20
CLIENTS = 4
STEPS = 5
NEVER = float("inf")

UNKNOWN = "unknown"
"""The answer to a call whose caller left."""

TURNED_AWAY = ("SERVER_BUSY", "TOO_MANY_CALLS")
"""Refusals that say that a call has not happened, and may be sent again."""

LEFT = (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)


@dataclass(frozen=True)
class Call:
    """A call of a history. name: the operation. key: its request_id, or that of its hold for a release. hold: the
    request_id of the hold that it captures or releases. answer: see `State.apply`. start, end: seconds."""

    name: str
    amount: int = 0
    key: str = ""
    hold: str = ""
    answer: object = UNKNOWN
    start: float = 0.0
    end: float = NEVER


@dataclass(frozen=True)
class State:
    """The model of an account. holds: the remaining credits by the request_id of an active hold. released: the released
    holds. answers: by request_id."""

    balance: int = CREDITS
    holds: frozenset[tuple[str, int]] = frozenset()
    released: frozenset[str] = frozenset()
    answers: frozenset[tuple[str, object]] = frozenset()

    @property
    def held(self) -> int:
        return sum(remaining for _, remaining in self.holds)

    def apply(self, call: Call) -> tuple[object, "State"]:
        """The answer of a call in this state, and the state after it: the balance after an entry, both sums for a read,
        None for a hold and a release, or the reason of a refusal."""
        if call.name == "read":
            return (self.balance, self.held), self
        if call.name != "release":
            for key, answer in self.answers:
                if key == call.key:
                    return answer, self
        answer, after = self._first(call)
        if isinstance(answer, str) or call.name == "release":
            return answer, after
        return answer, replace(after, answers=after.answers | {(call.key, answer)})

    def _first(self, call: Call) -> tuple[object, "State"]:
        if call.name == "grant":
            return self.balance + call.amount, replace(self, balance=self.balance + call.amount)
        if call.name in ("consume", "hold") and self.balance - self.held < call.amount:
            return "INSUFFICIENT_CREDITS", self
        if call.name == "consume":
            return self.balance - call.amount, replace(self, balance=self.balance - call.amount)
        if call.name == "hold":
            return None, replace(self, holds=self.holds | {(call.key, call.amount)})
        if call.name == "release" and call.hold in self.released:
            return None, self
        remaining = dict(self.holds).get(call.hold)
        if remaining is None:
            return "HOLD_NOT_ACTIVE", self
        holds = self.holds - {(call.hold, remaining)}
        if call.name == "release":
            return None, replace(self, holds=holds, released=self.released | {call.hold})
        if remaining > call.amount:
            holds |= {(call.hold, remaining - call.amount)}
        return self.balance - call.amount, replace(self, balance=self.balance - call.amount, holds=holds)


def is_linearizable(history: Sequence[Call], begin: State) -> bool:
    """Whether the calls can be put into an order that keeps to their times and gives every known answer.

    A search in depth (Wing and Gong) that visits no pair of state and finished calls twice (Lowe).
    """
    known = sum(1 << number for number, call in enumerate(history) if call.answer != UNKNOWN)
    seen: set[tuple[int, State]] = set()
    open_ends = [(0, begin)]
    while open_ends:
        done, state = open_ends.pop()
        if done & known == known:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        first_end = min(call.end for number, call in enumerate(history) if not done >> number & 1)
        for number, call in enumerate(history):
            if done >> number & 1 or call.start > first_end:
                continue
            answer, after = state.apply(call)
            if call.answer in (UNKNOWN, answer):
                open_ends.append((done | 1 << number, after))
    return False


def record(client: Client, dice: random.Random) -> list[Call]:
    """Runs one history. Its last call is a read after all others."""
    account = organization(client, CREDITS).id
    calls: list[Call] = []
    seeds = [dice.random() for _ in range(CLIENTS)]
    ready = threading.Barrier(CLIENTS)

    def walk(seed: float) -> None:
        own = random.Random(seed)
        holds: dict[str, str] = {}
        ready.wait()
        for _ in range(STEPS):
            name = own.choice(["consume", "consume", "grant", "hold", "capture", "release", "read"])
            key = str(uuid4())
            hold = own.choice(sorted(holds)) if holds and name in ("capture", "release") else ""
            if name in ("capture", "release") and not hold:
                name = "consume"
            amount = 1 if name == "capture" else own.randint(1, 8)
            call = Call(name, amount, key, hold)
            for _ in range(3):
                made = _send(client, account, call, holds, own)
                if made.answer in TURNED_AWAY:
                    continue
                calls.append(made)
                if made.answer != UNKNOWN or own.random() < 0.4:
                    break

    with ThreadPoolExecutor(CLIENTS) as executor:
        for done in [executor.submit(walk, seed) for seed in seeds]:
            done.result()
    calls.append(_send(client, account, Call("read"), {}, None))
    return calls


def _send(client: Client, account: str, call: Call, holds: dict[str, str], dice: random.Random | None) -> Call:
    """Sends a call, at times with too short a deadline or with a cancellation. holds: ids by request_id."""
    method, request = _prepared(client, account, call, holds)
    leaves = dice is not None and dice.random() < 0.25
    start = time.monotonic()
    future = method.future(request, timeout=dice.uniform(0.001, 0.006) if leaves and dice else 10)
    if leaves and dice and dice.random() < 0.5:
        time.sleep(dice.uniform(0, 0.004))
        future.cancel()
    try:
        response = future.result()
    except grpc.FutureCancelledError:
        return replace(call, start=start)
    except grpc.RpcError as error:
        if error.code() in LEFT:
            return replace(call, start=start)
        return replace(call, start=start, end=time.monotonic(), answer=failure(error).reason)
    end = time.monotonic()
    answer: object = None
    if call.name == "read":
        answer = (response.balance, response.held)
    elif call.name in ("consume", "grant", "capture"):
        answer = response.transaction.balance_after
    elif call.name == "hold":
        holds[call.key] = response.hold.id
    return replace(call, start=start, end=end, answer=answer)


def _prepared(client: Client, account: str, call: Call, holds: dict[str, str]) -> tuple[Any, Any]:
    """The method and the request of a call."""
    credits = client.credits
    on: dict[str, Any] = {"organization_id": account}
    new = on | {"amount": call.amount, "request_id": call.key}
    match call.name:
        case "consume":
            return credits.ConsumeCredits, ConsumeCreditsRequest(**new)
        case "grant":
            return credits.GrantCredits, GrantCreditsRequest(**new, source="test")
        case "hold":
            return credits.HoldCredits, HoldCreditsRequest(**new)
        case "capture":
            return credits.CaptureHold, CaptureHoldRequest(**new, hold_id=holds[call.hold])
        case "release":
            return credits.ReleaseHold, ReleaseHoldRequest(**on, hold_id=holds[call.hold])
        case _:
            return credits.GetCreditBalance, GetCreditBalanceRequest(**on)
