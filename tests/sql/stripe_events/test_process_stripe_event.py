"""process_stripe_event: the events that it accepts, the rows that it keeps, and the effects of each kind of event."""

import itertools
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Connection
from tests.support import stripe_payloads as payloads
from tests.support.ledger import assert_ledger_holds, call, consume, move_clock, organization, refused
from tests.support.rpc import INVALID_SIGNATURE, access, case
from tests.support.stripe import bills, credits, deliver, deliver_all, subscription, tell
from tests.support.stripe_payloads import CURRENT, ERAS, OLD, Object
from tests.support.stripe_stories import (
    AMOUNTS,
    BASIC,
    HOUR,
    PACK,
    PRO,
    Story,
    checkout,
    credit_purchase,
    invoiced_credit_purchase,
    partial_refund,
    refunded_subscription,
)

ACCESS = access(
    "event => pg_catalog.jsonb_build_object('object', 'event', 'id', 'evt_2', 'type', 'new', 'created', "
    "0, 'data', pg_catalog.jsonb_build_object('object', pg_catalog.jsonb_build_object('object', 'new')))",
    ok="platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_SIGNATURE, "signature"),
    case(INVALID_SIGNATURE, "signature", payload=b"{}", signature="t=1,v1=00"),
]


def state(admin: Connection, event: Object) -> str:
    """The state of a stored event."""
    row = admin.execute("select state from tenantry.stripe_events where id = %s", [event["id"]]).fetchone()
    assert row
    found: str = row["state"]
    return found


def of_type(story: Story, *kinds: str) -> list[Object]:
    """The story's events of these types."""
    return [event for event in story.events if event["type"] in kinds]


EVENT = payloads.event(CURRENT, "customer.created", payloads.customer(CURRENT, "cus_1", 0), 0, 1)


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (None, "event"),
        ({}, "event.object"),
        (EVENT | {"object": "list"}, "event.object"),
        (EVENT | {"id": None}, "event.id"),
        (EVENT | {"id": 7}, "event.id"),
        (EVENT | {"id": ""}, "event.id"),
        (EVENT | {"id": "e" * 256}, "event.id"),
        (EVENT | {"type": ["customer.created"]}, "event.type"),
        (EVENT | {"created": "2030-01-01"}, "event.created"),
        (EVENT | {"created": -1}, "event.created"),
        (EVENT | {"created": 1e30}, "event.created"),
        (EVENT | {"data": None}, "event.data.object"),
        (EVENT | {"data": {"object": []}}, "event.data.object"),
        (EVENT | {"data": {"object": {"id": "cus_1"}}}, "event.data.object.object"),
        (EVENT | {"data": {"object": {"id": {}, "object": "customer"}}}, "event.data.object.id"),
        (EVENT | {"data": {"object": {"id": "c" * 256, "object": "customer"}}}, "event.data.object.id"),
        (EVENT | {"data": {"object": {"id": "c", "object": "o" * 51}}}, "event.data.object.object"),
        (EVENT | {"api_version": "v" * 51}, "event.api_version"),
    ],
)
def test_what_is_no_event_is_refused_by_its_field(visitor: Connection, event: Object | None, field: str) -> None:
    assert refused(visitor, "TN001", "process_stripe_event", event=event)["field"] == field


def test_an_event_is_stored_once_and_answered_as_it_came_out(admin: Connection, story: Story) -> None:
    story.begin()
    first, again = (deliver(admin, story.events[0]) for _ in range(2))
    assert first == again
    assert (first["state"], first["attempts"], first["organization_id"]) == ("processed", 1, story.organization_id)
    changed = story.events[0] | {"type": "customer.updated"}
    assert deliver(admin, changed) == first
    row = call(admin, "get_stripe_event", stripe_event_id=story.events[0]["id"])
    assert row["payload"] == story.events[0]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("radar.early_fraud_warning.created", {"id": "issfr_1", "object": "radar.early_fraud_warning"}),
        ("invoice.upcoming", {"id": "upcoming_in_1", "object": "invoice"}),
        ("invoice.upcoming", {"object": "invoice"}),
        ("customer.source.created", {"id": "card_1", "object": "card"}),
    ],
)
def test_what_means_nothing_here_is_ignored(admin: Connection, kind: str, data: Object) -> None:
    assert deliver(admin, payloads.event(CURRENT, kind, data, 0, 1))["state"] == "ignored"


@pytest.mark.parametrize(
    "kind",
    [
        *(
            f"checkout.session.{step}"
            for step in ("completed", "async_payment_succeeded", "async_payment_failed", "expired")
        ),
        *(
            f"customer.subscription.{step}"
            for step in ("created", "updated", "deleted", "paused", "resumed", "trial_will_end")
        ),
        *(
            f"invoice.{step}"
            for step in ("created", "finalized", "paid", "payment_failed", "updated", "voided", "marked_uncollectible")
        ),
        *("payment_intent.succeeded", "payment_intent.payment_failed", "invoice_payment.paid"),
        *("charge.succeeded", "charge.updated", "charge.refunded", "charge.refund.updated"),
        *("refund.created", "refund.updated", "refund.failed", "charge.dispute.created", "charge.dispute.closed"),
        *("customer.created", "customer.updated", "customer.deleted"),
        *(f"{thing}.{step}" for thing in ("product", "price") for step in ("created", "updated", "deleted")),
    ],
)
@pytest.mark.parametrize("era", ERAS)
def test_every_type_that_means_something_is_processed(admin: Connection, story: Story, era: str, kind: str) -> None:
    story.era = era
    checkout(story)
    of_payment: dict[str, Any] = {"payment_intent": "pi_first", "amount": 1000, "created": story.now}
    objects: dict[str, Object] = {event["type"].rpartition(".")[0]: event["data"]["object"] for event in story.events}
    refund = payloads.refund(era, "re_1", charge="ch_first_1", **of_payment)
    objects |= {
        "refund": refund,
        "charge.refund": refund,
        "charge.dispute": payloads.dispute(era, "dp_1", charge="ch_first_1", status="under_review", **of_payment),
        "product": payloads.product(f"prod_{BASIC}", story.now),
        "price": payloads.price(BASIC, 1000, story.now, product=f"prod_{BASIC}"),
        "invoice_payment": payloads.invoice_payment("inpay_first", invoice="in_first", **of_payment),
    }
    deliver_all(admin, story.events)
    story.pass_time(1)
    story.tell(kind, objects[kind.rpartition(".")[0]])
    assert deliver(admin, story.events[-1])["state"] == "processed"


# The owner of an event


def test_events_of_an_unknown_customer_are_kept_and_taken_up_when_it_is_known(admin: Connection, story: Story) -> None:
    intent, charge, amount = story.buy()
    story.refund(intent, charge, amount, [amount // 2])
    for event in story.events:
        del event["data"]["object"]["metadata"]
    # A refund has no customer: its charge leads to the customer.
    deliver_all(admin, story.events[::-1])
    assert {state(admin, event) for event in story.events} == {"unmatched"}
    assert bills(admin, story.organization_id) == []
    checkout_with_metadata = Story(CURRENT, story.organization_id, story.product_id, prefix="2", first_number=10**8)
    checkout_with_metadata.subscribe()
    deliver_all(admin, checkout_with_metadata.events)
    admin.execute("select tenantry.link_stripe_customer(%s, %s)", [story.customer, story.organization_id])
    assert {state(admin, event) for event in story.events} == {"processed"}


def test_credits_of_a_customer_that_becomes_known_come_then(admin: Connection, story: Story) -> None:
    other = organization(admin)
    story.buy()
    for event in story.events:
        event["data"]["object"]["metadata"] |= {"tenantry_organization_id": str(uuid4())}
    deliver_all(admin, story.events)
    assert credits(admin, story.organization_id) == 0
    for linked in (story.organization_id, other):
        # The first link stays.
        admin.execute("select tenantry.link_stripe_customer(%s, %s)", [story.customer, linked])
    assert (credits(admin, story.organization_id), credits(admin, other)) == (200, 0)
    assert {state(admin, event) for event in story.events} == {"processed"}


def test_what_the_payer_can_set_says_not_whose_it_is(admin: Connection, story: Story) -> None:
    story.buy()
    session = story.events[-1]
    session["data"]["object"] |= {"client_reference_id": str(story.organization_id), "customer": "cus_of_nobody"}
    session["data"]["object"]["metadata"] = {"tenantry_organization_id": "not one"}
    assert deliver(admin, session)["state"] == "unmatched"


def test_a_price_that_nothing_has_is_flagged_until_a_plan_has_it(admin: Connection, story: Story) -> None:
    checkout(story)
    admin.execute(
        "update public.subscription_plans set stripe_price_id = 'price_other', stripe_product_id = 'prod_other'"
        " where stripe_price_id = %s",
        [BASIC],
    )
    deliver_all(admin, story.events)
    flagged = {event["type"] for event in story.events if state(admin, event) == "unmatched"}
    assert {"customer.subscription.created", "invoice.paid"} <= flagged
    assert admin.execute("select from public.organization_subscriptions").fetchall() == []
    assert credits(admin, story.organization_id) == 0
    assert bills(admin, story.organization_id)[0]["status"] == "paid"

    admin.execute("update public.subscription_plans set stripe_price_id = %s where name = 'Basic'", [BASIC])
    assert {state(admin, event) for event in story.events} == {"processed"}
    assert (subscription(admin, story.organization_id)["plan"], credits(admin, story.organization_id)) == ("Basic", 100)


# Failures


def test_an_event_that_fails_is_kept_with_its_error_and_tried_again(admin: Connection, story: Story) -> None:
    credit_purchase(story)
    admin.execute("update public.credit_products set credit_amount = 2147483647")
    answers = [deliver(admin, event) for event in story.events]
    failed = [answer for answer in answers if answer["state"] == "failed"]
    assert failed
    assert all(answer["error_code"] == "22003" and "out of range" in answer["error_message"] for answer in failed)
    assert all(answer["processed_at"] is None for answer in failed)
    assert bills(admin, story.organization_id) == []

    assert call(admin, "retry_stripe_events") == {"processed": 0, "stuck": len(failed)}
    assert call(admin, "get_stripe_event", stripe_event_id=failed[0]["id"])["event"]["attempts"] == 2
    admin.execute("update public.credit_products set credit_amount = 200")
    assert call(admin, "retry_stripe_events") == {"processed": len(failed), "stuck": 0}
    assert credits(admin, story.organization_id) == 400
    event = call(admin, "get_stripe_event", stripe_event_id=failed[0]["id"])["event"]
    assert (event["state"], event["error_code"], event["error_message"], event["attempts"]) == (
        "processed",
        None,
        None,
        3,
    )


@pytest.mark.parametrize(
    "damage", [{"lines": {"data": 7}}, {"amount_paid": "much"}, {"currency": "dollars"}, {"created": "now"}]
)
def test_an_object_that_makes_no_sense_does_no_harm(admin: Connection, story: Story, damage: Object) -> None:
    checkout(story)
    paid = of_type(story, "invoice.paid")[0]
    sound = paid["data"]["object"]
    paid["data"]["object"] = sound | damage
    answers = [deliver(admin, event) for event in story.events]
    assert [a["type"] for a in answers if a["state"] == "failed"] == ["invoice.paid"]
    assert credits(admin, story.organization_id) == 100


# Purchases of credits


CLAIMS = ("payment_intent.succeeded", "invoice.paid", "checkout.session.completed")


@pytest.mark.parametrize("era", ERAS)
def test_a_purchase_counts_once_whoever_tells_of_it(admin: Connection, story: Story, era: str) -> None:
    story.era = era
    invoiced_credit_purchase(story)
    others = [event for event in story.events if event["type"] not in CLAIMS]
    for size in (1, 2, 3):
        for claims in itertools.permutations(CLAIMS, size):
            with admin.transaction(force_rollback=True):
                deliver_all(admin, [event for kind in claims for event in of_type(story, kind)])
                assert credits(admin, story.organization_id) == 200, claims
                deliver_all(admin, others)
                assert credits(admin, story.organization_id) == 200, claims


def test_two_that_turn_out_to_be_one_payment_are_merged(admin: Connection, story: Story) -> None:
    """A payment link's invoice and its payment carry no common metadata: the invoice_payment links them."""
    story.begin()
    story.buy(invoiced=True)
    intent, paid, link = (
        of_type(story, kind)[0] for kind in ("payment_intent.succeeded", "invoice.paid", "invoice_payment.paid")
    )
    paid["data"]["object"]["metadata"] = {}
    deliver_all(admin, [story.events[0], intent, paid])
    assert (credits(admin, story.organization_id), len(bills(admin, story.organization_id))) == (400, 2)
    consume(admin, story.organization_id, 300)
    deliver_all(admin, [link])
    assert (credits(admin, story.organization_id), len(bills(admin, story.organization_id))) == (0, 1)
    deliver_all(admin, story.events)
    assert (credits(admin, story.organization_id), len(bills(admin, story.organization_id))) == (0, 1)
    assert_ledger_holds(admin, story.organization_id)


def test_what_was_bought_stays_when_the_product_changes(admin: Connection, story: Story) -> None:
    partial_refund(story)
    admin.execute("update public.credit_products set credit_amount = 400")
    with admin.transaction(force_rollback=True):
        deliver_all(admin, story.events[:-3])
        assert credits(admin, story.organization_id) == 400
    admin.execute("update public.credit_products set credit_amount = 200")
    deliver_all(admin, story.events[:-3])
    admin.execute("update public.credit_products set credit_amount = 400")
    deliver_all(admin, story.events[-3:])
    assert credits(admin, story.organization_id) == 150


@pytest.mark.parametrize(("status", "expected"), [("unpaid", 0), ("paid", 200), ("no_payment_required", 200)])
def test_a_session_counts_when_it_is_paid(admin: Connection, story: Story, status: str, expected: int) -> None:
    story.begin()
    story.buy()
    session = story.events[-1]
    session["data"]["object"] |= {"payment_status": status, "payment_intent": None}
    deliver_all(admin, [story.events[0], session])
    assert (credits(admin, story.organization_id), bills(admin, story.organization_id)) == (expected, [])


def test_a_payment_that_arrives_later_counts_then(admin: Connection, story: Story) -> None:
    story.begin()
    story.buy()
    completed = story.events[-1]["data"]["object"]
    story.events = story.events[:1]
    for kind, status in (
        ("checkout.session.completed", "unpaid"),
        ("checkout.session.async_payment_succeeded", "paid"),
    ):
        story.pass_time(HOUR)
        story.tell(kind, completed | {"payment_status": status})
    for order in itertools.permutations(story.events):
        with admin.transaction(force_rollback=True):
            deliver_all(admin, order)
            assert credits(admin, story.organization_id) == 200
            assert [bill["status"] for bill in bills(admin, story.organization_id)] == ["paid"]


def test_a_payment_that_fails_later_counts_never(admin: Connection, story: Story) -> None:
    story.begin()
    story.buy()
    completed = story.events[-1]["data"]["object"] | {"payment_status": "unpaid"}
    story.events = story.events[:1]
    story.tell("checkout.session.completed", completed)
    story.tell("checkout.session.async_payment_failed", completed)
    deliver_all(admin, story.events)
    assert credits(admin, story.organization_id) == 0
    assert [bill["status"] for bill in bills(admin, story.organization_id)] == ["pending"]


def test_the_invoice_says_what_was_bought_rather_than_the_metadata(admin: Connection, story: Story) -> None:
    """In a checkout the number can be changed."""
    story.begin()
    story.buy(invoiced=True, quantity=3)
    for event in story.events:
        if "tenantry_quantity" in event["data"]["object"].get("metadata", {}):
            event["data"]["object"]["metadata"]["tenantry_quantity"] = "1"
    for order in (story.events, story.events[::-1]):
        with admin.transaction(force_rollback=True):
            deliver_all(admin, order)
            assert credits(admin, story.organization_id) == 600


# Refunds


@pytest.mark.parametrize(
    ("parts", "expected"), [([1], 200), ([500], 150), ([500, 500], 100), ([2000], 0), ([1999], 1)], ids=str
)
@pytest.mark.parametrize("era", ERAS)
def test_credits_go_back_with_the_money(
    admin: Connection, story: Story, era: str, parts: list[int], expected: int
) -> None:
    story.era = era
    story.begin()
    story.refund(*story.buy(), parts)
    deliver_all(admin, story.events)
    bill = bills(admin, story.organization_id)[0]
    assert credits(admin, story.organization_id) == expected
    assert (bill["amount"], bill["amount_refunded"]) == (AMOUNTS[PACK], sum(parts))
    assert bill["status"] == ("refunded" if sum(parts) == AMOUNTS[PACK] else "paid")


@pytest.mark.parametrize("left_out", ["refund.created", "refund.updated", "charge.refunded"])
def test_either_charge_or_refund_tells_of_a_refund(admin: Connection, story: Story, left_out: str) -> None:
    story.begin()
    story.refund(*story.buy(), [500])
    deliver_all(admin, [event for event in story.events if event["type"] != left_out])
    assert credits(admin, story.organization_id) == 150
    assert bills(admin, story.organization_id)[0]["amount_refunded"] == 500


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("warning_needs_response", 200),
        ("warning_closed", 200),
        ("needs_response", 0),
        ("under_review", 0),
        ("won", 200),
        ("lost", 0),
        ("appeal_under_review", 0),
    ],
)
def test_money_in_dispute_is_the_payers_until_it_is_won(
    admin: Connection, story: Story, status: str, expected: int
) -> None:
    story.begin()
    intent, charge, amount = story.buy()
    story.tell(
        "charge.dispute.updated",
        payloads.dispute(
            CURRENT, "dp_1", charge=charge, payment_intent=intent, amount=amount, created=story.now, status=status
        ),
    )
    deliver_all(admin, story.events)
    assert credits(admin, story.organization_id) == expected


def test_credits_that_were_spent_are_owed_when_the_money_goes_back(admin: Connection, story: Story) -> None:
    story.begin()
    intent, charge, amount = story.buy()
    deliver_all(admin, story.events)
    consume(admin, story.organization_id, 180)
    before = len(story.events)
    story.dispute(intent, charge, amount, "won")
    *open_dispute, closed = story.events[before:]
    deliver_all(admin, open_dispute)
    assert credits(admin, story.organization_id) == 0
    deliver_all(admin, [closed])
    assert credits(admin, story.organization_id) == 20


@pytest.mark.parametrize("era", ERAS)
def test_an_upgrade_brings_its_credits_when_it_has_been_paid(admin: Connection, era: str) -> None:
    story = tell(admin, "upgrade", era)
    paid = [e for e in story.events if e["type"] == "invoice.paid"][-1]
    until = story.events.index(paid)
    unpaid = [e for e in story.events[:until] if "pi_to_price_pro" not in str(e)]
    deliver_all(admin, unpaid)
    assert subscription(admin, story.organization_id)["plan"] == "Pro"
    assert credits(admin, story.organization_id) == 100
    deliver_all(admin, [paid])
    # The 400 credits that the bigger plan has more, for two thirds of the period.
    assert credits(admin, story.organization_id) == 367


# Billing history


Change = Callable[[Object], Object]


@pytest.mark.parametrize(
    ("kind", "status", "changes", "expected"),
    [
        ("invoice.created", "draft", {}, "pending"),
        ("invoice.finalized", "open", {}, "pending"),
        ("invoice.payment_failed", "open", {"attempts": 1}, "failed"),
        ("invoice.paid", "paid", {"attempts": 1}, "paid"),
        ("invoice.voided", "void", {}, "void"),
        ("invoice.marked_uncollectible", "uncollectible", {"attempts": 4}, "uncollectible"),
        ("invoice.deleted", "draft", {}, "void"),
    ],
)
@pytest.mark.parametrize("era", ERAS)
def test_the_billing_history_says_how_an_invoice_stands(
    admin: Connection, story: Story, era: str, kind: str, status: str, changes: dict[str, Any], expected: str
) -> None:
    story.era = era
    story.begin()
    story.subscribe()
    make = story.bill("next", [story.line(BASIC)], "subscription_cycle")
    story.events = story.events[:2]
    story.tell(kind, make(status, **changes))
    deliver_all(admin, story.events)
    (bill,) = bills(admin, story.organization_id)
    # Until 2018 an invoice was open from the start, and void and uncollectible were the same as closed.
    assert bill["status"] == ("pending" if (era, status) == (OLD, "open") and not changes else expected)
    assert (bill["amount"], bill["currency"], bill["stripe_invoice_id"]) == (1000, "USD", "in_next")
    assert (bill["paid_at"] is not None) == (expected == "paid")


@pytest.mark.parametrize("recorded", ["pending", "paid", "failed", "refunded", "void", "uncollectible"])
def test_a_record_made_by_hand_takes_every_status_that_stripe_reports(
    admin: Connection, story: Story, recorded: str
) -> None:
    refunded_subscription(story)
    story.tell("invoice.voided", story.bill("next", [story.line(BASIC)], "subscription_cycle")("void"))
    expected = {"in_first": "refunded", "in_next": "void"}
    records = [
        call(
            admin, "create_billing_record",
            organization_id=story.organization_id, amount=1, status=recorded, stripe_invoice_id=invoice,
        )
        for invoice in expected
    ]  # fmt: skip
    deliver_all(admin, story.events)
    found = {bill["stripe_invoice_id"]: bill for bill in bills(admin, story.organization_id)}
    assert {invoice: bill["status"] for invoice, bill in found.items()} == expected
    assert {bill["id"] for bill in found.values()} == {record["id"] for record in records}


def test_a_bill_has_the_currency_that_was_paid_in(admin: Connection, story: Story) -> None:
    checkout(story)
    for event in story.events:
        if "currency" in event["data"]["object"]:
            event["data"]["object"]["currency"] = "eur"
    deliver_all(admin, story.events)
    (bill,) = bills(admin, story.organization_id)
    assert (bill["currency"], bill["amount"], credits(admin, story.organization_id)) == ("EUR", 1000, 100)


def test_a_bill_names_payment_receipt_and_reason(admin: Connection, story: Story) -> None:
    checkout(story)
    deliver_all(admin, story.events)
    (bill,) = bills(admin, story.organization_id)
    assert bill["stripe_payment_intent_id"] == "pi_first"
    assert bill["receipt_url"] == "https://pay.stripe.com/receipts/ch_first_1"
    assert bill["invoice_url"] == "https://invoice.stripe.com/i/acct_1/in_first"
    assert (bill["billing_reason"], bill["description"]) == ("subscription_create", f"1 × {BASIC}")


def test_payments_in_the_invoice_are_understood(admin: Connection, story: Story) -> None:
    checkout(story)
    paid = of_type(story, "invoice.paid")[0]["data"]["object"]
    payments = payloads.invoice_payment(
        "inpay_1", invoice="in_first", payment_intent="pi_first", amount=1000, created=0
    )
    paid["payments"] = {"object": "list", "data": [payments], "has_more": False, "url": "/v1/invoice_payments"}
    deliver_all(admin, [event for event in story.events if event["type"] != "invoice_payment.paid"])
    assert bills(admin, story.organization_id)[0]["stripe_payment_intent_id"] == "pi_first"


def test_references_that_are_expanded_are_understood(admin: Connection, story: Story) -> None:
    story.begin()
    story.refund(*story.buy(), [500])
    for event in story.events:
        for name in ("customer", "charge", "payment_intent", "latest_charge"):
            if isinstance(event["data"]["object"].get(name), str):
                event["data"]["object"][name] = {"id": event["data"]["object"][name]}
    deliver_all(admin, story.events)
    assert credits(admin, story.organization_id) == 150


def test_an_event_that_changes_nothing_writes_nothing(admin: Connection, story: Story) -> None:
    checkout(story)
    deliver_all(admin, story.events)
    before = bills(admin, story.organization_id)
    story.tell("invoice.updated", of_type(story, "invoice.paid")[0]["data"]["object"])
    deliver_all(admin, story.events[-1:])
    assert bills(admin, story.organization_id) == before


def test_old_events_may_be_deleted_and_come_again(admin: Connection, story: Story) -> None:
    checkout(story)
    story.renew("second")
    move_clock(admin, story.end)
    deliver_all(admin, story.events)
    before = bills(admin, story.organization_id), credits(admin, story.organization_id)
    admin.execute("delete from tenantry.stripe_events")
    for event in story.events:
        deliver_all(admin, [event])
        assert (bills(admin, story.organization_id), credits(admin, story.organization_id)) == before


# The catalog


def catalog_states(admin: Connection) -> list[Any]:
    """The state of the catalog's plans and products."""
    rows = admin.execute(
        "select name, is_active, price_amount, currency from public.subscription_plans"
        " union all select name, is_active, price_amount, currency from public.credit_products order by name"
    ).fetchall()
    return [tuple(row.values()) for row in rows]


def test_the_catalog_follows_prices_and_products_in_any_order(admin: Connection, story: Story) -> None:
    def price(name: str, active: bool, amount: int) -> Object:
        return payloads.price(name, amount, 0, product=f"prod_{name}", recurring=name != PACK, active=active)

    for kind, data in (
        ("price.created", price(BASIC, True, 1200)),
        ("price.updated", price(BASIC, False, 1200)),
        ("price.updated", price(BASIC, True, 1200)),
        ("product.updated", payloads.product(f"prod_{PRO}", 0, active=False)),
        ("price.deleted", price(PACK, True, 2000)),
    ):
        story.pass_time(HOUR)
        story.tell(kind, data)
    for order in itertools.permutations(story.events):
        with admin.transaction(force_rollback=True):
            assert {answer["state"] for answer in deliver_all(admin, order)} == {"processed"}
            assert catalog_states(admin) == [
                ("Basic", True, 1200, "USD"),
                ("Pack", False, 2000, "USD"),
                ("Pro", False, 3000, "USD"),
            ]


def test_what_was_archived_here_stays_archived(admin: Connection, story: Story) -> None:
    admin.execute("update public.subscription_plans set is_active = false where name = 'Basic'")
    for active in (False, True):
        story.pass_time(HOUR)
        story.tell("product.updated", payloads.product(f"prod_{BASIC}", 0, active=active))
    deliver_all(admin, story.events)
    assert catalog_states(admin)[0] == ("Basic", False, 1000, "USD")


def test_who_has_a_plan_that_stripe_archives_keeps_it(admin: Connection, story: Story) -> None:
    checkout(story)
    story.tell("product.deleted", payloads.product(f"prod_{BASIC}", 0))
    deliver_all(admin, story.events)
    assert (subscription(admin, story.organization_id)["status"], credits(admin, story.organization_id)) == (
        "active",
        100,
    )


def test_nothing_is_made_of_a_product_that_nobody_here_made(admin: Connection, story: Story) -> None:
    before = catalog_states(admin)
    story.tell("product.created", payloads.product("prod_new", 0))
    story.tell("price.created", payloads.price("price_new", 1, 0, product="prod_new"))
    assert {answer["state"] for answer in deliver_all(admin, story.events)} == {"unmatched"}
    assert catalog_states(admin) == before


# Reading events


def test_only_who_may_see_to_stripe_may_do_all_this(connect: Callable[..., Connection]) -> None:
    for function, arguments in (
        ("process_stripe_event", {"event": EVENT}),
        ("get_stripe_event", {"stripe_event_id": "evt_1"}),
        ("list_stripe_events", {}),
        ("retry_stripe_events", {}),
    ):
        assert refused(connect("authenticated"), "42501", function, **arguments)["permission"] == "platform:stripe"
