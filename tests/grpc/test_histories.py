"""Calls at the same time, some of them abandoned, answer as if they had been made one after the other."""

import random

import pytest

from tests.support.histories import CREDITS, UNKNOWN, Call, State, is_linearizable, record
from tests.support.server import Client

BEGIN = State()


@pytest.mark.parametrize("seed", range(4))
def test_some_order_explains_every_answer(client: Client, seed: int) -> None:
    dice = random.Random(seed)
    histories = [record(client, dice) for _ in range(15)]
    for history in histories:
        assert is_linearizable(history, BEGIN), history
    calls = [call for history in histories for call in history]
    assert any(call.answer == UNKNOWN for call in calls)
    assert {call.name for call in calls} == {"consume", "grant", "hold", "capture", "release", "read"}


def at(start: float, end: float, name: str, answer: object, amount: int = 0, key: str = "") -> Call:
    return Call(name, amount, key or str((start, end)), start=start, end=end, answer=answer)


FINE = {
    "one after the other": [at(0, 1, "consume", 13, 7), at(2, 3, "read", (13, 0))],
    "two at once, in any order": [at(0, 9, "consume", 10, 3, "a"), at(0, 9, "consume", 13, 7, "b")],
    "an abandoned call that happened": [Call("consume", 5, "a", start=0), at(1, 2, "read", (15, 0))],
    "an abandoned call that never happened": [Call("consume", 5, "a", start=0), at(1, 2, "read", (20, 0))],
    "an abandoned call that happens later": [
        Call("consume", 5, "a", start=0),
        at(1, 2, "read", (20, 0)),
        at(3, 4, "read", (15, 0)),
    ],
    "the same request twice": [at(0, 1, "consume", 15, 5, "a"), at(2, 3, "consume", 15, 5, "a")],
    "a refusal": [at(0, 1, "hold", None, CREDITS), at(2, 3, "consume", "INSUFFICIENT_CREDITS", 1)],
}
BROKEN = {
    "a credit that is spent twice": [at(0, 9, "consume", 0, CREDITS, "a"), at(0, 9, "consume", 0, CREDITS, "b")],
    "a lost consumption": [at(0, 1, "consume", 15, 5), at(2, 3, "read", (20, 0))],
    "a read of the past": [at(0, 1, "consume", 15, 5), at(2, 3, "consume", 10, 5), at(4, 5, "read", (15, 0))],
    "a request that counts twice": [at(0, 1, "consume", 15, 5, "a"), at(2, 3, "consume", 10, 5, "a")],
    "an abandoned call that happens twice": [Call("consume", 5, "a", start=0), at(1, 2, "read", (10, 0))],
    "a hold that reserves nothing": [at(0, 1, "hold", None, CREDITS), at(2, 3, "consume", 19, 1)],
    "a refusal without a reason": [at(0, 1, "consume", "INSUFFICIENT_CREDITS", 1)],
}


@pytest.mark.parametrize("name", FINE)
def test_the_check_accepts(name: str) -> None:
    assert is_linearizable(FINE[name], BEGIN)


@pytest.mark.parametrize("name", BROKEN)
def test_the_check_finds(name: str) -> None:
    assert not is_linearizable(BROKEN[name], BEGIN)
