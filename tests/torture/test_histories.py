"""Thousands of concurrent histories over gRPC."""

import random

import pytest

from tests.support.histories import State, is_linearizable, record
from tests.support.server import Client

HISTORIES = 250


@pytest.mark.parametrize("seed", range(100, 108))
def test_some_order_explains_every_answer(client: Client, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(HISTORIES):
        history = record(client, dice)
        assert is_linearizable(history, State()), history
