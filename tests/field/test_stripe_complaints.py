"""Complaints of users of billing systems about Stripe, each as a test of this one."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import call, entries
from tests.support.stripe import bills, credits, deliver, deliver_all, subscription, tell
from tests.support.stripe_payloads import ERAS


@pytest.mark.parametrize("era", ERAS)
def test_a_webhook_that_is_delivered_at_once_and_again_is_credited_once(
    admin: Connection, connect: Connect, era: str
) -> None:
    """Complaint 1: the same payment, or the same webhook, was credited twice."""
    story = tell(admin, "invoiced_credit_purchase", era)
    connections = [connect() for _ in range(8)]
    start = Barrier(len(connections))

    def send_everything(connection: Connection) -> None:
        start.wait()
        for event in story.events:
            deliver(connection, event)

    with ThreadPoolExecutor(len(connections)) as pool:
        list(pool.map(send_everything, connections))
    deliver_all(admin, story.events)
    assert [entry["amount"] for entry in entries(admin, story.organization_id)] == [200]
    assert len(bills(admin, story.organization_id)) == 1


def test_a_payment_that_checkout_payment_and_invoice_tell_of_is_credited_once(admin: Connection) -> None:
    """Complaint 1, for a payment that Stripe reports under three names."""
    story = tell(admin, "invoiced_credit_purchase")
    told = [
        e
        for e in story.events
        if e["type"] in ("checkout.session.completed", "payment_intent.succeeded", "invoice.paid")
    ]
    for order in itertools.permutations(told):
        with admin.transaction(force_rollback=True):
            for event in order:
                deliver_all(admin, [event])
                assert [entry["amount"] for entry in entries(admin, story.organization_id)] == [200]


def test_an_event_that_comes_late_does_not_bring_a_cancelled_subscription_back(admin: Connection) -> None:
    """Complaint 3: an event out of order reactivated an account that was cancelled."""
    story = tell(admin, "immediate_cancel")
    (deleted,) = (event for event in story.events if event["type"] == "customer.subscription.deleted")
    rest = [event for event in story.events if event is not deleted]
    for late in rest:
        with admin.transaction(force_rollback=True):
            deliver_all(admin, [*(event for event in rest if event is not late), deleted, late])
            found = subscription(admin, story.organization_id)
            assert (found["status"], found["ended_at"]) == ("cancelled", found["cancelled_at"]), late["type"]
            assert call(admin, "get_entitlements", organization_id=story.organization_id)["status"] is None


def test_a_checkout_that_races_its_subscription_ends_with_one(admin: Connection, connect: Connect) -> None:
    """Complaint 3: the checkout's event raced the subscription's."""
    story = tell(admin, "checkout")
    racing = [e for e in story.events if e["type"] in ("checkout.session.completed", "customer.subscription.updated")]
    start = Barrier(len(racing))
    deliver_all(admin, [event for event in story.events if event not in racing])

    def send(number: int) -> None:
        connection = connect()
        start.wait()
        deliver(connection, racing[number])

    with ThreadPoolExecutor(len(racing)) as pool:
        list(pool.map(send, range(len(racing))))
    assert subscription(admin, story.organization_id)["status"] == "active"
    assert credits(admin, story.organization_id) == 100
