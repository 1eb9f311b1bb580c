"""Whatever the order, and however often: the events of a life lead to one state."""

import itertools
import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import Connect, Connection
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


@pytest.mark.parametrize("name", STORIES)
def test_events_that_arrive_at_the_same_time_lead_to_the_same_state(
    admin: Connection, connect: Connect, name: str
) -> None:
    story = tell(admin, name)
    with undone(admin):
        deliver_all(admin, story.events)
        expected = state(admin, story.organization_id)
    dice = random.Random(name)
    events = dice.sample(story.events * 2, len(story.events) * 2)
    connections = [connect() for _ in range(THREADS)]

    def work(number: int) -> None:
        for event in events[number::THREADS]:
            deliver_all(connections[number], [event])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    assert state(admin, story.organization_id) == expected
    assert_ledger_holds(admin, story.organization_id)


@pytest.mark.parametrize(
    "name",
    [
        "renewal",
        "recovery",
        "upgrade",
        "cancel_at_period_end",
        "full_refund",
        "dispute_won",
        "invoiced_credit_purchase",
    ],
)
def test_the_order_of_arrival_would_lead_elsewhere(admin: Connection, name: str) -> None:
    """So the tests above can fail: a mirror that takes what comes last ends in other states."""
    story = tell(admin, name)
    with undone(admin):
        deliver_all(admin, story.events)
        expected = state(admin, story.organization_id)
    with undone(admin):
        row = admin.execute(
            "select pg_get_functiondef(oid) as source from pg_proc where proname = 'mirror_stripe_object'"
        ).fetchone()
        assert row
        trusting, replaced = re.subn(r"where \(excluded\.version.*;", ";", row["source"])
        assert replaced == 1
        admin.execute(trusting.encode())
        found = []
        for order in orders(story.events, 3, name):
            admin.execute("savepoint before")
            deliver_all(admin, order)
            found.append(state(admin, story.organization_id))
            admin.execute("rollback to before")
    assert any(other != expected for other in found)
