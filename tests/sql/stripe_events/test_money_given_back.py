"""Invoices as they are paid and credited: credit notes, the balance of the customer, payments outside Stripe, lines
below 0, and amounts that no column of the catalog can hold."""

import itertools
from typing import Any

import pytest

from tests.conftest import Connection
from tests.support import stripe_payloads as payloads
from tests.support.ledger import assert_ledger_holds
from tests.support.stripe import bills, credits, deliver, deliver_all
from tests.support.stripe_payloads import CURRENT, ERAS, OLD, Object
from tests.support.stripe_stories import AMOUNTS, BASIC, DAY, PACK, Story

PRICE = AMOUNTS[PACK]


def packs(story: Story, *sold: tuple[int, int], name: str = "in_1", **more: Any) -> Object:
    """A paid invoice. sold: the quantity and the amount of each line of packs."""
    lines = [
        payloads.line(
            story.era,
            f"{name}_{number}",
            price_id=PACK,
            amount=amount,
            quantity=quantity,
            period=(story.now, story.now),
        )
        for number, (quantity, amount) in enumerate(sold)
    ]
    made = payloads.invoice(
        story.era,
        name,
        customer=story.customer,
        lines=lines,
        status="paid",
        created=story.now,
        reason="manual",
        paid_at=story.now,
    )
    if story.era == OLD:
        made["amount_paid"] = made["amount_due"]
    return made | more


def note(story: Story, name: str, amount: int, **more: Any) -> Object:
    return payloads.credit_note(
        story.era, name, customer=story.customer, invoice="in_1", amount=amount, created=story.now, **more
    )


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("amount", "left"), [(2000, 0), (500, 150), (1, 200), (5000, 0)])
def test_a_credit_note_takes_its_share_of_the_credits(
    admin: Connection, story: Story, era: str, amount: int, left: int
) -> None:
    """It gives the money back to the balance of the customer, who can buy with it again."""
    story.era = era
    story.begin()
    story.tell("invoice.paid", packs(story, (1, PRICE)))
    story.pass_time(DAY)
    story.tell("credit_note.created", note(story, "cn_1", amount))
    given_back = {"post_payment_credit_notes_amount": amount}
    if era == CURRENT:
        story.tell("invoice.updated", packs(story, (1, PRICE)) | given_back)
    organization_id = story.organization_id
    for events in itertools.permutations(story.events[1:]):
        for number, event in enumerate(events):
            deliver(admin, event | {"id": f"{event['id']}_{number}"})
    deliver_all(admin, story.events)
    (bill,) = bills(admin, organization_id)
    assert (bill["amount"], bill["amount_refunded"]) == (2000, min(amount, 2000))
    assert bill["status"] == ("refunded" if amount >= 2000 else "paid")
    assert credits(admin, organization_id) == left
    assert_ledger_holds(admin, organization_id)


def test_a_void_credit_note_gives_nothing_back(admin: Connection, story: Story) -> None:
    story.begin()
    story.tell("invoice.paid", packs(story, (1, PRICE)))
    story.tell("credit_note.created", note(story, "cn_1", 2000))
    deliver_all(admin, story.events)
    assert credits(admin, story.organization_id) == 0
    story.tell("credit_note.voided", note(story, "cn_1", 2000, status="void"))
    deliver_all(admin, story.events)
    assert credits(admin, story.organization_id) == 200
    assert bills(admin, story.organization_id)[0]["amount_refunded"] == 0


@pytest.mark.parametrize("era", ERAS)
def test_a_credit_note_by_a_refund_counts_once(admin: Connection, story: Story, era: str) -> None:
    story.era = era
    story.begin()
    intent, charge = story.pay("1", PRICE, "in_1")
    paid = packs(story, (1, PRICE)) | ({"payment_intent": intent, "charge": charge} if era == OLD else {})
    story.tell("invoice.paid", paid)
    refund = payloads.refund(era, "re_1", charge=charge, payment_intent=intent, amount=1000, created=story.now)
    story.tell("refund.created", refund)
    story.tell("credit_note.created", note(story, "cn_1", 1000, refund="re_1"))
    if era == CURRENT:
        story.tell("invoice.updated", paid | {"post_payment_credit_notes_amount": 1000})
    for events in (story.events, story.events[:-2] + story.events[-1:], story.events):
        deliver_all(admin, [event | {"id": f"{event['id']}_{len(events)}"} for event in events])
        assert bills(admin, story.organization_id)[0]["amount_refunded"] == 1000
        assert credits(admin, story.organization_id) == 100


def test_a_credit_note_before_the_payment_gives_nothing_back(admin: Connection, story: Story) -> None:
    story.begin()
    open_invoice = packs(story, (1, PRICE)) | {"status": "open", "amount_paid": 0}
    story.tell("invoice.finalized", open_invoice)
    before = note(story, "cn_1", 500) | {"type": "pre_payment", "post_payment_amount": 0, "pre_payment_amount": 500}
    story.tell("credit_note.created", before)
    story.tell("invoice.paid", packs(story, (1, PRICE)) | {"amount_due": 1500, "amount_paid": 1500})
    deliver_all(admin, story.events)
    (bill,) = bills(admin, story.organization_id)
    assert (bill["amount"], bill["amount_refunded"], bill["status"]) == (1500, 0, "paid")
    assert credits(admin, story.organization_id) == 200


def test_what_the_balance_paid_is_given_back_too(admin: Connection, story: Story) -> None:
    story.begin()
    by_balance = {"starting_balance": -2000, "ending_balance": 0, "amount_due": 0, "amount_paid": 0}
    story.tell("invoice.paid", packs(story, (1, PRICE)) | by_balance)
    deliver_all(admin, story.events)
    assert credits(admin, story.organization_id) == 200
    story.tell("credit_note.created", note(story, "cn_1", 500))
    deliver_all(admin, story.events)
    assert credits(admin, story.organization_id) == 150


@pytest.mark.parametrize(
    ("era", "fields"),
    [
        (OLD, {"paid_out_of_band": True, "amount_paid": 0}),
        (CURRENT, {"paid_out_of_band": True, "amount_paid": 0}),
        (CURRENT, {"amount_paid": 2000, "amount_paid_off_stripe": 2000}),
        (CURRENT, {"amount_paid": 0, "amount_paid_off_stripe": 2000}),
    ],
)
def test_a_payment_outside_stripe_is_a_payment(admin: Connection, story: Story, era: str, fields: Object) -> None:
    story.era = era
    story.begin()
    story.tell("invoice.paid", packs(story, (1, PRICE)) | fields)
    deliver_all(admin, story.events)
    (bill,) = bills(admin, story.organization_id)
    assert (bill["amount"], bill["status"]) == (2000, "paid")
    assert credits(admin, story.organization_id) == 200
    story.tell("credit_note.created", note(story, "cn_1", 2000))
    deliver_all(admin, story.events)
    assert bills(admin, story.organization_id)[0]["status"] == "refunded"
    assert credits(admin, story.organization_id) == 0


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("sold", "quantity"),
    [
        ([(3, 6000)], 3),
        ([(2, -4000), (3, 6000)], 1),
        ([(3, 6000), (2, -4000)], 1),
        ([(2, -2000), (3, 3000)], 1),
        ([(3, -6000), (3, 6000)], 0),
        ([(3, -6000)], 0),
        ([(1, 0)], 1),
    ],
)
def test_a_line_below_zero_sells_nothing(
    admin: Connection, story: Story, era: str, sold: list[tuple[int, int]], quantity: int
) -> None:
    story.era = era
    story.begin()
    story.tell("invoice.paid", packs(story, *sold))
    deliver_all(admin, story.events)
    assert credits(admin, story.organization_id) == quantity * 200


LARGE = 3_000_000_000
"""IDR 30,000,000.00, about 1,900 USD."""


@pytest.mark.parametrize("era", ERAS)
def test_an_amount_beyond_the_column_brings_its_credits(admin: Connection, story: Story, era: str) -> None:
    story.era = era
    story.begin()
    intent, charge = story.pay("1", LARGE, "in_1")
    paid = packs(story, (1, LARGE)) | ({"payment_intent": intent, "charge": charge} if era == OLD else {})
    story.tell("invoice.paid", paid)
    deliver_all(admin, story.events)
    (bill,) = bills(admin, story.organization_id)
    assert (bill["amount"], bill["amount_refunded"]) == (2147483647, 0)
    assert bill["metadata"] == {"stripe": {"amount": LARGE, "amount_refunded": 0}}
    assert credits(admin, story.organization_id) == 200
    refund = payloads.refund(era, "re_1", charge=charge, payment_intent=intent, amount=LARGE // 2, created=story.now)
    story.tell("refund.created", refund)
    deliver_all(admin, story.events)
    (bill,) = bills(admin, story.organization_id)
    assert bill["metadata"] == {"stripe": {"amount": LARGE, "amount_refunded": LARGE // 2}}
    assert (bill["status"], credits(admin, story.organization_id)) == ("paid", 100)
    story.tell("refund.created", refund | {"id": "re_2"})
    deliver_all(admin, story.events)
    (bill,) = bills(admin, story.organization_id)
    assert (bill["status"], bill["amount_refunded"]) == ("refunded", 2147483647)
    assert credits(admin, story.organization_id) == 0


def test_a_subscription_beyond_the_column_brings_its_credits(admin: Connection, story: Story) -> None:
    story.begin()
    story.subscribe()
    for event in story.events:
        data = event["data"]["object"]
        if data["object"] == "invoice":
            data |= {"currency": "idr", "total": LARGE, "amount_due": LARGE}
            data["amount_paid"] = LARGE if data["status"] == "paid" else 0
            data["lines"]["data"][0]["amount"] = LARGE
        elif data["object"] in ("charge", "payment_intent", "checkout.session"):
            data |= {"amount": LARGE, "amount_total": LARGE}
    deliver_all(admin, story.events)
    assert credits(admin, story.organization_id) == 100
    assert bills(admin, story.organization_id)[0]["metadata"]["stripe"]["amount"] == LARGE


def test_own_metadata_of_a_bill_stays(admin: Connection, story: Story) -> None:
    story.begin()
    story.tell("invoice.paid", packs(story, (1, LARGE)))
    deliver_all(admin, story.events)
    admin.execute("update public.billing_history set metadata = metadata || '{\"order\": 7}'")
    story.pass_time(DAY)
    story.tell("invoice.updated", packs(story, (1, PRICE)))
    deliver_all(admin, story.events)
    (bill,) = bills(admin, story.organization_id)
    assert (bill["amount"], bill["metadata"]) == (2000, {"order": 7})


@pytest.mark.parametrize("quantity", ["two", "-1", "0", "1e9", "99999999999", "", None])
def test_a_quantity_that_somebody_edited_takes_nothing_away(
    admin: Connection, story: Story, quantity: str | None
) -> None:
    """Metadata can be edited at Stripe."""
    story.begin()
    story.buy(quantity=2)
    deliver_all(admin, story.events)
    assert credits(admin, story.organization_id) == 400
    story.pass_time(DAY)
    for event in story.events[1:]:
        changed: Object = event["data"]["object"] | {"metadata": dict(event["data"]["object"].get("metadata") or {})}
        if "tenantry_quantity" in changed["metadata"]:
            changed["metadata"]["tenantry_quantity"] = quantity
            later = event | {"id": f"{event['id']}_later", "created": story.now, "data": {"object": changed}}
            assert deliver(admin, later)["state"] == "processed"
    assert credits(admin, story.organization_id) == 400


def test_bills_of_subscriptions_follow_credit_notes(admin: Connection, story: Story) -> None:
    story.begin()
    story.subscribe()
    invoice = f"in_{story.prefix}first"
    made = payloads.credit_note(
        CURRENT, "cn_1", customer=story.customer, invoice=invoice, amount=AMOUNTS[BASIC], created=story.now
    )
    story.tell("credit_note.created", made)
    deliver_all(admin, story.events)
    assert bills(admin, story.organization_id)[0]["status"] == "refunded"
    assert credits(admin, story.organization_id) == 0
