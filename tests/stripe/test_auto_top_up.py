"""Credits that an organization buys by itself: one payment for each fall below the threshold, never two at once, never
above the cap."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier, Event
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tenantry_demo.fake_stripe import Failure
from tests.conftest import Connect, Connection
from tests.support.fake_stripe import Shop
from tests.support.ledger import (
    Row,
    batch,
    call,
    consume,
    events,
    findings,
    freeze,
    grant,
    hold,
    move_clock,
    organization,
    refused,
)


def ready(shop: Shop, threshold: int = 100, monthly_cap: int = 10, **product: Any) -> UUID:
    """An organization with a payment method at Stripe, credits at the threshold or more, and an automatic top-up."""
    pack, acme = shop.product(**product), organization(shop.service)
    shop.buy(acme, pack, save_payment_method=True)
    call(
        shop.service,
        "set_auto_top_up",
        organization_id=acme,
        credit_product=pack["name"],
        threshold=threshold,
        monthly_cap=monthly_cap,
    )
    return acme


def payments(shop: Shop) -> list[Row]:
    return [i for i in shop.fake.of("payment_intent") if i["metadata"]["tenantry_billing_reason"] == "auto_top_up"]


def failures(shop: Shop, organization_id: UUID) -> list[str]:
    return [
        e["payload"]["reason"] for e in events(shop.admin, organization_id) if e["event_type"] == "auto_top_up_failed"
    ]


def test_a_dip_below_the_threshold_makes_one_payment_whose_credits_come_once(shop: Shop) -> None:
    acme = ready(shop)
    consume(shop.service, acme, 400)
    shop.send()
    assert payments(shop) == [], "at the threshold is not below it"
    consume(shop.service, acme, 1)
    shop.send()
    (payment,) = payments(shop)
    (saved,) = {i["payment_method"] for i in shop.fake.of("payment_intent")}
    (posted,) = shop.posts("/v1/payment_intents")
    metadata = dict(posted.params["metadata"])
    assert metadata.pop("tenantry_purchase_id")
    assert (posted.params | {"metadata": None}) == {
        "amount": 900,
        "currency": "usd",
        "customer": payment["customer"],
        "payment_method": saved,
        "off_session": True,
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "description": "Pack",
        "metadata": None,
    }
    assert metadata["tenantry_organization_id"] == str(acme)
    assert shop.credits(acme) == 599
    shop.hear()
    assert shop.credits(acme) == 599, "the events tell of the same payment"
    bills = shop.admin.execute(
        "select status, amount, billing_reason from public.billing_history where stripe_payment_intent_id = %s",
        [payment["id"]],
    ).fetchall()
    assert bills == [{"status": "paid", "amount": 900, "billing_reason": "auto_top_up"}]
    assert findings(shop.service, acme) == []


def test_fifty_consumptions_at_once_across_the_threshold_make_one_payment(shop: Shop, connect: Connect) -> None:
    acme = ready(shop)
    connections = [connect("service_role") for _ in range(50)]
    barrier = Barrier(50)

    def spend(connection: Connection) -> None:
        barrier.wait()
        consume(connection, acme, 9)

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(spend, connections))
    shop.send()
    shop.hear()
    assert len(payments(shop)) == 1
    assert len(shop.requests("auto_top_up")) == 1
    assert shop.credits(acme) == 500 - 450 + 500
    assert findings(shop.service, acme) == []


def test_no_second_payment_while_one_is_under_way(shop: Shop) -> None:
    acme = ready(shop)
    consume(shop.service, acme, 450)
    shop.fake.fail(Failure(status=503))
    shop.send()
    shop.fake.heal()
    for _ in range(3):
        grant(shop.service, acme, 100)
        consume(shop.service, acme, 100)
    assert [r["state"] for r in shop.requests("auto_top_up")] == ["pending"]
    shop.due_now()
    shop.send()
    assert len(payments(shop)) == 1


def test_nor_while_its_money_is_on_its_way(shop: Shop) -> None:
    acme = ready(shop)
    consume(shop.service, acme, 450)
    shop.send()
    consume(shop.service, acme, 400)
    shop.admin.execute(
        'update tenantry.stripe_objects set data = data || \'{"status": "processing"}\' where id = %s',
        [payments(shop)[0]["id"]],
    )
    consume(shop.service, acme, 100)
    shop.send()
    assert len(payments(shop)) == 1


@pytest.mark.parametrize("ends", ["refused", "canceled"])
def test_a_payment_that_fails_after_days_has_failed(shop: Shop, ends: str) -> None:
    now = freeze(shop.admin)
    shop.fake.now = int(now.timestamp()) - 600
    acme = ready(shop, monthly_cap=1)
    (customer,) = shop.fake.of("customer")
    shop.fake.delay(customer["id"])
    consume(shop.service, acme, 450)
    shop.send()
    (payment,) = payments(shop)
    assert (payment["status"], shop.credits(acme)) == ("processing", 50)
    assert call(shop.service, "get_auto_top_up", organization_id=acme)["payments_this_month"] == 1
    move_clock(shop.admin, now + timedelta(days=4))
    shop.fake.now += 4 * 86400
    if ends == "refused":
        shop.fake.settle(payment["id"], succeeds=False)
    else:
        with shop.fake._change():
            canceled = shop.fake.objects[payment["id"]] | {"status": "canceled", "cancellation_reason": "abandoned"}
            shop.fake._emit("payment_intent.canceled", canceled)
    for _ in range(2):
        shop.hear()
    reason = "generic_decline" if ends == "refused" else "abandoned"
    assert failures(shop, acme) == [reason]
    (request,) = shop.requests("auto_top_up")
    assert (request["state"], request["error_code"]) == ("failed", reason)
    assert call(shop.service, "get_auto_top_up", organization_id=acme)["payments_this_month"] == 0
    # The rule of every failed payment: the next fall, an hour later.
    fall(shop, acme)
    assert failures(shop, acme)[1:] == ["monthly_cap_reached"]
    call(shop.service, "set_auto_top_up", organization_id=acme, credit_product="Pack", threshold=100, monthly_cap=9)
    assert failures(shop, acme)[2:] == ["retry_later"]
    move_clock(shop.admin, now + timedelta(days=4, hours=1))
    shop.fake.delay(customer["id"], delays=False)
    fall(shop, acme)
    assert [r["state"] for r in shop.requests("auto_top_up")] == ["failed", "succeeded"]
    assert shop.credits(acme) == 550


def test_a_failed_payment_that_succeeds_after_all_is_a_payment(shop: Shop) -> None:
    acme = ready(shop)
    (customer,) = shop.fake.of("customer")
    shop.fake.delay(customer["id"])
    consume(shop.service, acme, 450)
    shop.send()
    (payment,) = payments(shop)
    shop.fake.settle(payment["id"], succeeds=False)
    shop.hear()
    shop.fake.settle(payment["id"], succeeds=True)
    shop.hear()
    assert [r["state"] for r in shop.requests("auto_top_up")] == ["succeeded"]
    assert call(shop.service, "get_auto_top_up", organization_id=acme)["payments_this_month"] == 1
    assert shop.credits(acme) == 550


def test_a_card_from_the_portal_is_charged_from_then_on(shop: Shop) -> None:
    acme = ready(shop)
    new = shop.fake.portal_payment_method(shop.fake.of("customer")[0]["id"])
    shop.hear()
    consume(shop.service, acme, 450)
    shop.send()
    assert [p["payment_method"] for p in payments(shop)] == [new]


def test_each_dip_makes_a_payment_until_the_month_has_had_enough(shop: Shop) -> None:
    now = freeze(shop.admin)
    shop.fake.now = int(now.timestamp()) - 600
    acme = ready(shop, monthly_cap=2)
    for _ in range(3):
        consume(shop.service, acme, shop.credits(acme) - 50)
        shop.send()
    assert len(payments(shop)) == 2
    assert failures(shop, acme) == ["monthly_cap_reached"]
    assert call(shop.service, "get_auto_top_up", organization_id=acme)["payments_this_month"] == 2
    move_clock(shop.admin, "+31 days")
    grant(shop.service, acme, 100)
    consume(shop.service, acme, 100)
    shop.send()
    assert len(payments(shop)) == 3


def test_a_declined_card_is_an_event_and_no_credits(shop: Shop) -> None:
    acme = ready(shop)
    shop.fake.decline(shop.fake.of("customer")[0]["id"])
    consume(shop.service, acme, 450)
    shop.send()
    (request,) = shop.requests("auto_top_up")
    assert (request["state"], request["error_type"], request["error_code"]) == (
        "failed",
        "card_error",
        "generic_decline",
    )
    assert failures(shop, acme) == ["generic_decline"]
    shop.hear()
    assert shop.credits(acme) == 50
    bills = shop.admin.execute(
        "select status from public.billing_history where billing_reason = 'auto_top_up'"
    ).fetchall()
    assert bills == [{"status": "failed"}]
    consume(shop.service, acme, 5)
    assert len(shop.requests("auto_top_up")) == 1, "it is low still, and was not above"
    # The next fall below the threshold tries again, an hour later.
    shop.fake.decline(shop.fake.of("customer")[0]["id"], declines=False)
    move_clock(shop.admin, "+1 hour")
    grant(shop.service, acme, 100)
    consume(shop.service, acme, 100)
    shop.send()
    assert shop.credits(acme) == 545


def test_without_a_payment_method_nobody_is_held_up(shop: Shop) -> None:
    pack, acme = shop.product(), organization(shop.service, 500)
    call(
        shop.service, "set_auto_top_up", organization_id=acme, credit_product=pack["name"], threshold=100, monthly_cap=1
    )
    assert consume(shop.service, acme, 450)["balance_after"] == 50
    assert failures(shop, acme) == ["no_payment_method"]
    assert shop.requests("auto_top_up") == []


def test_a_product_that_is_not_sold_any_more_is_not_bought(shop: Shop) -> None:
    acme = ready(shop)
    call(shop.service, "archive_credit_product", credit_product="Pack")
    consume(shop.service, acme, 450)
    assert failures(shop, acme) == ["credit_product_inactive"]


def test_a_hold_starts_no_payment(shop: Shop) -> None:
    """Whoever holds and releases spends nothing, and could start a payment each time."""
    acme = ready(shop, monthly_cap=2)
    shop.fake.decline(shop.fake.of("customer")[0]["id"])
    for _ in range(5):
        held = hold(shop.service, acme, 500)
        shop.send()
        call(shop.service, "release_hold", organization_id=acme, hold_id=held["id"])
    assert shop.requests("auto_top_up") == []
    assert failures(shop, acme) == []


@pytest.mark.parametrize("parts", [1, 10])
def test_a_capture_that_takes_the_balance_below_the_threshold_tops_up(shop: Shop, parts: int) -> None:
    acme = ready(shop)
    held = hold(shop.service, acme, 450)
    for _ in range(parts):
        assert shop.requests("auto_top_up") == []
        call(shop.service, "capture_hold", organization_id=acme, hold_id=held["id"], amount=450 // parts)
        if shop.credits(acme) < 100:
            break
    assert shop.credits(acme) < 100
    assert [r["state"] for r in shop.requests("auto_top_up")] == ["pending"]


def fall(shop: Shop, organization_id: UUID) -> None:
    """Lifts the credits above the threshold, and spends them."""
    grant(shop.service, organization_id, 500)
    consume(shop.service, organization_id, shop.credits(organization_id) - 50)
    shop.send()


def test_failed_payments_back_off(shop: Shop) -> None:
    now = freeze(shop.admin)
    shop.fake.now = int(now.timestamp()) - 600
    acme = ready(shop, monthly_cap=1000)
    (customer,) = shop.fake.of("customer")
    shop.fake.decline(customer["id"])
    tried: list[int] = []
    attempts = [0, 1, 3, 7, 15, 31, 55, 79, 103, 127, 151]
    # If a wait were shorter, the hour before would have the attempt.
    for hour in sorted({*attempts, *(hour - 1 for hour in attempts[1:])}):
        move_clock(shop.admin, now + timedelta(hours=hour))
        fall(shop, acme)
        if len(shop.requests("auto_top_up")) > len(tried):
            tried.append(hour)
    assert tried == attempts
    said = [e["payload"] for e in events(shop.admin, acme) if e["event_type"] == "auto_top_up_failed"]
    assert [p["reason"] for p in said[:3]] == ["generic_decline", "generic_decline", "retry_later"]
    assert datetime.fromisoformat(said[2]["retry_at"]) == now + timedelta(hours=3)
    # Another card is not made to wait, and a payment ends the waiting.
    shop.fake.decline(customer["id"], declines=False)
    shop.buy(acme, call(shop.service, "get_credit_product", credit_product="Pack"), save_payment_method=True)
    fall(shop, acme)
    assert [r["state"] for r in shop.requests("auto_top_up")][-1] == "succeeded"
    shop.fake.decline(customer["id"])
    for _ in range(2):
        fall(shop, acme)
    assert [r["state"] for r in shop.requests("auto_top_up")][-2:] == ["succeeded", "failed"]


def test_failed_payments_of_a_month_have_the_same_cap(shop: Shop) -> None:
    now = freeze(shop.admin)
    shop.fake.now = int(now.timestamp()) - 600
    acme = ready(shop, monthly_cap=2)
    shop.fake.decline(shop.fake.of("customer")[0]["id"])
    for day in range(6):
        move_clock(shop.admin, now + timedelta(days=day))
        fall(shop, acme)
    assert [r["state"] for r in shop.requests("auto_top_up")] == ["failed"] * 2
    assert failures(shop, acme)[2:] == ["monthly_cap_reached"] * 4
    assert call(shop.service, "get_auto_top_up", organization_id=acme)["payments_this_month"] == 0
    move_clock(shop.admin, now + timedelta(days=31))
    fall(shop, acme)
    assert len(shop.requests("auto_top_up")) == 3


def test_nor_does_a_setting_that_is_made_again_pay_again(shop: Shop) -> None:
    acme = ready(shop)
    shop.fake.decline(shop.fake.of("customer")[0]["id"])
    consume(shop.service, acme, 450)
    shop.send()
    for cap in range(5, 10):
        call(
            shop.service,
            "set_auto_top_up",
            organization_id=acme,
            credit_product="Pack",
            threshold=100,
            monthly_cap=cap,
        )
        shop.send()
    assert len(shop.requests("auto_top_up")) == 1


@pytest.mark.parametrize("way", ["consume", "batch", "expire"])
def test_whatever_makes_credits_run_low_tops_up(shop: Shop, way: str) -> None:
    acme = ready(shop)
    if way == "consume":
        consume(shop.service, acme, 450)
    elif way == "batch":
        batch(shop.service, *[{"organization_id": acme, "amount": 45}] * 10)
    else:
        consume(shop.service, acme, 430)
        shop.requests()
        shop.admin.execute("delete from tenantry.stripe_requests where operation = 'auto_top_up'")
        now = shop.admin.execute("select tenantry.clock() as now").fetchone()
        assert now
        grant(shop.service, acme, 100, expires_at=now["now"].replace(year=now["now"].year + 1))
        move_clock(shop.admin, "+400 days")
        shop.admin.execute("select tenantry.lock_account(%s)", [acme])
    assert [r["state"] for r in shop.requests("auto_top_up")] == ["pending"]


def test_a_payment_that_is_given_back_is_not_made_again(shop: Shop) -> None:
    acme = ready(shop)
    consume(shop.service, acme, 450)
    shop.send()
    (payment,) = payments(shop)
    shop.fake.refund(payment["id"])
    shop.hear()
    shop.send()
    assert shop.credits(acme) == 50
    assert len(payments(shop)) == 1
    assert failures(shop, acme) == []


def test_a_consumption_that_is_undone_buys_nothing(shop: Shop) -> None:
    acme = ready(shop)
    with shop.service.transaction(force_rollback=True):
        consume(shop.service, acme, 450)
    assert shop.requests("auto_top_up") == []


def test_set_while_it_is_low_it_buys_at_once(shop: Shop) -> None:
    pack, acme = shop.product(), organization(shop.service)
    shop.buy(acme, pack, save_payment_method=True)
    consume(shop.service, acme, 450)
    setting = call(
        shop.service, "set_auto_top_up", organization_id=acme, credit_product="Pack", threshold=100, monthly_cap=3
    )
    assert (setting["threshold"], setting["monthly_cap"], setting["payments_this_month"]) == (100, 3, 1)
    shop.send()
    assert shop.credits(acme) == 550


def test_it_can_be_changed_and_turned_off(shop: Shop) -> None:
    acme = ready(shop)
    changed = call(
        shop.service, "set_auto_top_up", organization_id=acme, credit_product="Pack", threshold=50, monthly_cap=1
    )
    assert call(shop.service, "get_auto_top_up", organization_id=acme) == changed
    consume(shop.service, acme, 410)
    assert shop.requests("auto_top_up") == []
    call(shop.service, "disable_auto_top_up", organization_id=acme)
    call(shop.service, "disable_auto_top_up", organization_id=acme)
    consume(shop.service, acme, 90)
    assert shop.requests("auto_top_up") == []
    assert refused(shop.service, "TN002", "get_auto_top_up", organization_id=acme)["resource"] == "auto_top_up"


def test_a_setting_that_cannot_work_is_refused(shop: Shop) -> None:
    shop.product()
    acme = organization(shop.service)

    def put(code: str, **arguments: Any) -> Row:
        good = {"organization_id": acme, "credit_product": "Pack", "threshold": 100, "monthly_cap": 1}
        return refused(shop.service, code, "set_auto_top_up", **good | arguments)

    assert put("TN001", threshold=501)["field"] == "threshold"
    assert put("TN001", threshold=0)["field"] == "threshold"
    assert put("TN001", threshold=None)["field"] == "threshold"
    assert put("TN001", monthly_cap=0)["field"] == "monthly_cap"
    assert put("TN001", credit_product=None)["field"] == "credit_product"
    put("TN002", credit_product="None such")


def test_a_product_at_stripe_is_paid_without_being_there_too(shop: Shop) -> None:
    """The payment needs an amount, but no price at Stripe."""
    acme = ready(shop)
    call(shop.service, "create_credit_product", name="Local", credit_amount=300, price_amount=700)
    call(shop.service, "set_auto_top_up", organization_id=acme, credit_product="Local", threshold=100, monthly_cap=1)
    consume(shop.service, acme, 450)
    shop.send()
    assert shop.credits(acme) == 350


def test_spending_and_paying_at_the_same_time_neither_deadlock_nor_pay_twice(shop: Shop, connect: Connect) -> None:
    acme = ready(shop, monthly_cap=1000)
    connections = [connect("service_role") for _ in range(6)]
    done = Event()

    def spend(connection: Connection) -> None:
        for _ in range(30):
            # The balance falls and rises again, with and without credits from a payment in between.
            try:
                consume(connection, acme, 90)
            except psycopg.Error as error:
                if error.sqlstate != "TN009":
                    raise
                grant(connection, acme, 150)

    def send() -> None:
        while not done.is_set():
            shop.send()

    with ThreadPoolExecutor(7) as pool:
        sending = pool.submit(send)
        try:
            # Repeats the test if the machine was too slow for the spending and the payment to meet.
            for _ in range(10):
                list(pool.map(spend, connections))
                if len(shop.requests("auto_top_up")) > 3:
                    break
        finally:
            done.set()
        sending.result()
    shop.send()
    requests = shop.requests("auto_top_up")
    assert len(requests) > 3
    assert {r["state"] for r in requests} == {"succeeded"}
    assert [p["id"] for p in payments(shop)] == [r["stripe_id"] for r in requests]
    assert findings(shop.service, acme) == []
    bought = shop.admin.execute(
        "select sum(amount) as sum from public.credit_transactions where organization_id = %s and source = 'purchase'",
        [acme],
    ).fetchone()
    assert bought
    assert bought["sum"] == 500 * (1 + len(requests))
