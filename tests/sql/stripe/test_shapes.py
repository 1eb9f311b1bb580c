"""Values that are read from Stripe's objects, in every shape that Stripe's API has given them."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.support import stripe_payloads as payloads
from tests.support.ledger import Row
from tests.support.stripe_payloads import CURRENT, ERAS, OLD, Object

PERIOD = (1893499200, 1896177600)


def of(admin: Connection, function: str, *arguments: Any) -> list[Row]:
    """Rows of tenantry.<function>(…)."""
    values = [Jsonb(value) if isinstance(value, dict | list) else value for value in arguments]
    places = ", ".join("%s" for _ in values)
    return admin.execute(f"select * from tenantry.{function}({places})".encode(), values).fetchall()


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "1970-01-01 00:00:00+00"), (1893499200, "2030-01-01 12:00:00+00"), (None, None)]
)
def test_a_moment_is_seconds_since_1970(admin: Connection, value: int | None, expected: str | None) -> None:
    admin.execute("set timezone to 'UTC'")
    row = admin.execute("select tenantry.stripe_time(%s)::text as time", [Jsonb(value)]).fetchone()
    assert row == {"time": expected}


@pytest.mark.parametrize(
    ("value", "expected"),
    [("cus_1", "cus_1"), ({"id": "cus_1", "object": "customer"}, "cus_1"), (None, None), (7, None)],
)
def test_a_reference_is_an_id_or_an_object(admin: Connection, value: Any, expected: str | None) -> None:
    row = admin.execute("select tenantry.stripe_id(%s) as id", [Jsonb(value)]).fetchone()
    assert row == {"id": expected}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("proration", [False, True])
@pytest.mark.parametrize("subscription", ["sub_1", None])
def test_lines_read_alike_in_every_version(
    admin: Connection, era: str, proration: bool, subscription: str | None
) -> None:
    line = payloads.line(
        era,
        "1",
        price_id="price_1",
        amount=-500,
        period=PERIOD,
        subscription=subscription,
        proration=proration,
        quantity=3,
    )
    invoice = payloads.invoice(era, "in_1", customer="cus_1", lines=[line], status="open", created=0)
    (found,) = of(admin, "stripe_invoice_lines", invoice)
    assert [moment.timestamp() for moment in (found.pop("period_start"), found.pop("period_end"))] == list(PERIOD)
    assert found.pop("product") in (None, "prod_price_1")
    assert found == {
        "line_number": 1,
        "price": "price_1",
        "is_proration": proration,
        "subscription": subscription,
        "quantity": 3,
        "amount": -500,
    }


def test_an_invoice_without_lines_has_none(admin: Connection) -> None:
    assert of(admin, "stripe_invoice_lines", {"id": "in_1"}) == []


@pytest.mark.parametrize("era", ERAS)
def test_an_invoice_names_its_subscription_in_every_version(admin: Connection, era: str) -> None:
    line = payloads.line(era, "1", price_id="price_1", amount=1, period=PERIOD, subscription="sub_1")
    invoice = payloads.invoice(
        era, "in_1", customer="cus_1", lines=[line], status="open", created=0, subscription="sub_1"
    )
    (found,) = of(admin, "referenced_stripe_ids", invoice)
    assert (found["customer"], found["subscription"]) == ("cus_1", "sub_1")


LIVES: dict[str, list[Object]] = {
    "subscription": [
        {"status": "incomplete", "current_period_start": 1},
        {"status": "trialing", "current_period_start": 1},
        {"status": "active", "current_period_start": 1},
        {"status": "past_due", "current_period_start": 1},
        {"status": "active", "items": {"data": [{"current_period_start": 2}]}},
        {"status": "canceled", "current_period_start": 1},
        {"status": "canceled", "deleted": True},
    ],
    "invoice": [
        {"status": "draft"},
        {"status": "open", "attempt_count": 0},
        {"status": "open", "attempt_count": 1},
        {"status": "uncollectible", "attempt_count": 4},
        {"status": "paid", "attempt_count": 0},
    ],
    "checkout.session": [
        {"status": "open", "payment_status": "unpaid"},
        {"status": "complete", "payment_status": "unpaid"},
        {"status": "complete", "payment_status": "paid"},
    ],
    "payment_intent": [
        {"status": "requires_payment_method", "last_payment_error": None},
        {"status": "requires_payment_method", "last_payment_error": {"code": "card_declined"}},
        {"status": "processing"},
        {"status": "succeeded"},
    ],
    "charge": [
        {"status": "pending"},
        {"status": "succeeded", "amount_refunded": 0},
        {"status": "succeeded", "amount_refunded": 0, "disputed": True},
        {"status": "succeeded", "amount_refunded": 1},
    ],
    "refund": [{"status": "pending"}, {"status": "succeeded"}, {"status": "failed"}],
    "dispute": [
        {"status": "warning_needs_response"},
        {"status": "needs_response"},
        {"status": "under_review"},
        {"status": "lost"},
        {"status": "appeal_under_review"},
        {"status": "won"},
    ],
    "product": [{"updated": 1}, {"updated": 2}, {"deleted": True}],
    "something_new": [{}, {"deleted": True}],
}


@pytest.mark.parametrize("kind", LIVES)
def test_of_one_second_what_has_come_further_is_newer(admin: Connection, kind: str) -> None:
    steps = [of(admin, "stripe_progress", {"object": kind} | state)[0]["stripe_progress"] for state in LIVES[kind]]
    assert steps == sorted(set(steps))


def test_an_invoice_of_2017_gets_the_status_that_it_means(admin: Connection) -> None:
    for status, expected in (
        ("draft", "open"),
        ("open", "open"),
        ("paid", "paid"),
        ("void", "void"),
        ("uncollectible", "uncollectible"),
    ):
        line = payloads.line(OLD, "1", price_id="price_1", amount=1, period=PERIOD)
        invoice = payloads.invoice(OLD, f"in_{status}", customer="cus_1", lines=[line], status=status, created=7)
        of(admin, "upsert_stripe_object", invoice, "2030-01-01", "evt_1")
        row = admin.execute(
            "select data ->> 'status' as status, data -> 'created' as created"
            " from tenantry.stripe_objects where id = %s",
            [f"in_{status}"],
        ).fetchone()
        assert row == {"status": expected, "created": 7}


def test_what_was_paid_by_several_payments_counts_together(admin: Connection) -> None:
    """An invoice that two payment intents paid; half of the second was refunded."""
    line = payloads.line(CURRENT, "1", price_id="price_1", amount=1000, period=PERIOD)
    told = [payloads.invoice(CURRENT, "in_1", customer="cus_1", lines=[line], status="paid", created=0)]
    for number, amount in ((1, 400), (2, 600)):
        intent, charge = f"pi_{number}", f"ch_{number}"
        told += [
            payloads.charge(CURRENT, charge, customer="cus_1", amount=amount, created=0, payment_intent=intent),
            payloads.invoice_payment(
                f"inpay_{number}", invoice="in_1", payment_intent=intent, amount=amount, created=0
            ),
        ]
    told.append(payloads.refund(CURRENT, "re_1", charge="ch_2", payment_intent="pi_2", amount=300, created=0))
    for data in told:
        of(admin, "upsert_stripe_object", data, "2030-01-01", "evt_1")
    assert of(admin, "invoice_payment_intent", "in_1") == [{"invoice_payment_intent": "pi_1"}]
    for named in (("in_1", None), (None, "pi_1"), ("in_1", "pi_2")):
        (row,) = of(admin, "payment_kept_ratio", *named)
        assert float(row["payment_kept_ratio"]) == 0.7
    (row,) = of(admin, "payment_kept_ratio", "in_unheard_of", None)
    assert row["payment_kept_ratio"] == 1


def test_a_dispute_in_another_currency_is_of_all_that_was_paid(admin: Connection) -> None:
    of_payment: dict[str, Any] = {"charge": "ch_1", "payment_intent": "pi_1", "created": 0}
    dispute = payloads.dispute(CURRENT, "dp_1", amount=5, status="lost", **of_payment) | {"currency": "eur"}
    charge = payloads.charge(CURRENT, "ch_1", customer="cus_1", amount=1000, created=0, payment_intent="pi_1")
    for data in (charge, dispute):
        of(admin, "upsert_stripe_object", data, "2030-01-01", "evt_1")
    row = admin.execute("select * from tenantry.payment_totals(array['ch_1', 'dp_1'])").fetchone()
    assert row == {"paid": 1000, "given_back": 1000}
