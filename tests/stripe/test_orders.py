"""Whatever the order, and however often: the events of a life lead to one state."""

import itertools
import random

import pytest

from tests.conftest import Connection
from tests.support.ledger import assert_ledger_holds
from tests.support.stripe import deliver_all, state, tell, undone
from tests.support.stripe_payloads import ERAS, Object
from tests.support.stripe_stories import STORIES

EXHAUSTIVE = 6
"""Up to so many events every order is tried; of more, a sample."""

THREADS = 4


def orders(events: list[Object], sample: int, seed: str) -> list[list[Object]]:
    """Orders in which the events may arrive, each with some of them more than once."""
    dice = random.Random(seed)
    if len(events) <= EXHAUSTIVE:
        chosen = [list(order) for order in itertools.permutations(events)]
    else:
        chosen = [events[::-1], *(dice.sample(events, len(events)) for _ in range(sample))]
    for order in chosen:
        for event in dice.choices(events, k=len(events) // 3):
            order.insert(dice.randint(0, len(order)), event)
    return chosen


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("name", STORIES)
def test_every_order_leads_to_the_same_state(
    admin: Connection, name: str, era: str, pytestconfig: pytest.Config
) -> None:
    story = tell(admin, name, era)
    with undone(admin):
        deliver_all(admin, story.events)
        expected = state(admin, story.organization_id)
    assert expected["bills"]
    for order in orders(story.events, pytestconfig.getoption("stripe_orders"), name + era):
        with undone(admin):
            deliver_all(admin, order)
            assert state(admin, story.organization_id) == expected, [event["type"] for event in order]
            assert_ledger_holds(admin, story.organization_id)
