"""Changes of a subscription at Stripe: their item, quantity and period, and the payment that they wait for."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.support.fake_stripe import PAGES, Shop
from tests.support.ledger import START, Row, call, move_clock, organization, refused
from tests.support.subscriptions import current

DAY = 86400


@pytest.fixture(autouse=True)
def in_january(shop: Shop) -> None:
    """Months have their lengths of 2030."""
    shop.fake.now = int(START.timestamp())
    move_clock(shop.admin, START)


def hear(shop: Shop) -> None:
    """Processes all events at the time of Stripe."""
    move_clock(shop.admin, datetime.fromtimestamp(shop.fake.now, UTC))
    shop.hear()


def subscribed(shop: Shop, quantity: int = 1, **plan: Any) -> Row:
    """A live subscription at Stripe to a new plan, Pro."""
    shop.plan(**plan)
    acme = organization(shop.service)
    page = shop.ask(
        "create_checkout_session", organization_id=acme, subscription_plan="Pro", quantity=quantity, **PAGES
    )
    shop.fake.complete(page["stripe_id"])
    hear(shop)
    return current(shop.service, acme)


def change(shop: Shop, subscription: Row, plan: str, **arguments: Any) -> dict[str, Any]:
    """Changes the plan. Returns the parameters of the request."""
    hear(shop)
    call(shop.service, "change_plan", subscription_id=subscription["id"], subscription_plan=plan, **arguments)
    shop.send()
    hear(shop)
    found: dict[str, Any] = shop.requests("change_plan")[-1]["params"]
    return found


def at_stripe(shop: Shop, subscription: Row) -> dict[str, Any]:
    found: dict[str, Any] = shop.fake.objects[subscription["stripe_subscription_id"]]
    return found


def items(shop: Shop, subscription: Row) -> list[tuple[str, int]]:
    return [(i["price"]["id"], i["quantity"]) for i in at_stripe(shop, subscription)["items"]["data"]]


def test_a_cancellation_in_the_portal_is_taken_back(shop: Shop) -> None:
    subscription = subscribed(shop)
    shop.fake.portal_cancel(subscription["stripe_subscription_id"])
    hear(shop)
    assert at_stripe(shop, subscription)["cancel_at_period_end"] is False
    call(shop.service, "resume_subscription", subscription_id=subscription["id"])
    shop.send()
    (request,) = shop.requests("resume_subscription")
    assert request["params"] == {"cancel_at": ""}
    assert at_stripe(shop, subscription)["cancel_at"] is None
    assert not current(shop.service, subscription["organization_id"])["cancel_at_period_end"]
    shop.fake.advance(40 * DAY)
    assert at_stripe(shop, subscription)["status"] == "active"


def test_a_cancellation_at_a_later_date_is_taken_back_too(shop: Shop) -> None:
    """The subscription does not end with this period, so only the object at Stripe tells of the date."""
    subscription = subscribed(shop)
    with shop.fake._change():
        changed = at_stripe(shop, subscription)
        changed["cancel_at"] = shop.fake.now + 90 * DAY
        shop.fake._emit("customer.subscription.updated", changed)
    hear(shop)
    call(shop.service, "resume_subscription", subscription_id=subscription["id"])
    shop.send()
    assert at_stripe(shop, subscription)["cancel_at"] is None


def test_a_subscription_that_is_not_cancelled_is_not_resumed(shop: Shop) -> None:
    subscription = subscribed(shop)
    call(shop.service, "resume_subscription", subscription_id=subscription["id"])
    assert shop.requests("resume_subscription") == []


def test_the_last_call_counts_while_the_others_have_no_answer(shop: Shop) -> None:
    subscription = subscribed(shop)
    one = {"subscription_id": subscription["id"]}
    for name in ("cancel", "resume", "resume"):
        call(shop.service, f"{name}_subscription", **one)
    # The first cancellation is the same request, and is sent before the resumption.
    refused(shop.service, "TN047", "cancel_subscription", **one)
    shop.send()
    assert at_stripe(shop, subscription)["cancel_at_period_end"] is False
    call(shop.service, "cancel_subscription", **one)
    shop.send()
    call(shop.service, "resume_subscription", **one)
    call(shop.service, "cancel_subscription", **one)
    shop.send()
    assert at_stripe(shop, subscription)["cancel_at_period_end"] is True


@pytest.mark.parametrize("position", [0, 1])
def test_the_item_of_the_plan_changes_and_the_others_stay(shop: Shop, position: int) -> None:
    subscription = subscribed(shop)
    team = shop.plan(name="Team", price_amount=5000, included_credits=300)
    product = shop.fake._create_product({"name": "Metered"})
    metered = shop.fake._create_price(
        {"product": product["id"], "currency": "usd", "unit_amount": 1, "recurring": {"interval": "month"}}
    )
    with shop.fake._change():
        changed = at_stripe(shop, subscription)
        addon = changed["items"]["data"][0] | {"id": "si_addon", "price": metered, "plan": {"id": metered["id"]}}
        changed["items"]["data"].insert(position, addon)
        shop.fake._emit("customer.subscription.updated", changed)
    hear(shop)
    change(shop, subscription, "Team")
    expected = [(team["stripe_price_id"], 1)]
    expected.insert(position, (metered["id"], 1))
    assert items(shop, subscription) == expected


def test_another_billing_period_starts_now(shop: Shop) -> None:
    subscription = subscribed(shop)
    shop.plan(name="Year", price_amount=20000, included_credits=1000, interval="annual")
    shop.fake.advance(10 * DAY)
    asked = change(shop, subscription, "Year")
    assert (asked["billing_cycle_anchor"], asked["proration_behavior"]) == ({"type": "now"}, "none")
    found = current(shop.service, subscription["organization_id"])
    begun = datetime.fromtimestamp(shop.fake.now, UTC)
    assert found["current_period_start"] == begun
    assert found["current_period_end"] == begun.replace(year=begun.year + 1)
    assert shop.credits(subscription["organization_id"]) == 1100, "the credits of the month stay"


@pytest.mark.parametrize("interval", ["monthly", "annual"])
def test_a_payment_that_asks_the_customer_has_a_page(shop: Shop, interval: str) -> None:
    subscription = subscribed(shop)
    acme: UUID = subscription["organization_id"]
    team = shop.plan(name="Team", price_amount=500000, included_credits=30000, interval=interval)
    shop.fake.authenticate(subscription["stripe_customer_id"])
    asked = change(shop, subscription, "Team")
    assert "metadata" not in asked, "Stripe refuses metadata in a change that can wait"
    (request,) = call(shop.service, "list_stripe_requests", organization_id=acme, operation="change_plan")[
        "stripe_requests"
    ]
    invoice = shop.fake.of("invoice")[-1]
    assert (request["state"], request["error_type"], request["url"]) == (
        "succeeded",
        "payment_incomplete",
        invoice["hosted_invoice_url"],
    )
    found = current(shop.service, acme)
    assert (found["status"], found["subscription_plan_id"]) == ("active", subscription["subscription_plan_id"])
    assert shop.credits(acme) == 100
    shop.fake.pay_open_invoices(subscription["stripe_customer_id"])
    hear(shop)
    assert current(shop.service, acme)["subscription_plan_id"] == team["id"]
    assert shop.credits(acme) == (30000 if interval == "monthly" else 30100)


def test_a_change_that_nobody_pays_for_is_given_up(shop: Shop) -> None:
    subscription = subscribed(shop)
    acme: UUID = subscription["organization_id"]
    shop.plan(name="Team", price_amount=500000, included_credits=30000)
    shop.fake.authenticate(subscription["stripe_customer_id"])
    change(shop, subscription, "Team")
    shop.fake.advance(DAY)
    hear(shop)
    found = current(shop.service, acme)
    assert (found["status"], found["subscription_plan_id"]) == ("active", subscription["subscription_plan_id"])
    assert shop.credits(acme) == 100
    bills = shop.admin.execute("select status from public.billing_history where amount > 400000").fetchall()
    assert bills == [{"status": "void"}]


def test_a_change_after_one_at_renewal_removes_the_old_note_first(shop: Shop) -> None:
    """Stripe takes no metadata with a change that can wait for its payment."""
    subscription = subscribed(shop)
    shop.plan(name="Team", price_amount=5000, included_credits=300)
    shop.plan(name="Business", price_amount=9000, included_credits=900)
    change(shop, subscription, "Team", at_renewal=True)
    shop.fake.advance(32 * DAY)
    hear(shop)
    change(shop, subscription, "Business")
    assert [r["state"] for r in shop.requests("change_plan")] == ["succeeded"] * 3
    assert not any(name.startswith("tenantry_plan") for name in at_stripe(shop, subscription)["metadata"])


def test_seats_are_bought_at_once_and_given_up_at_the_renewal(shop: Shop) -> None:
    subscription = subscribed(shop, quantity=2)
    pro = at_stripe(shop, subscription)["items"]["data"][0]["price"]["id"]
    assert items(shop, subscription) == [(pro, 2)]
    asked = change(shop, subscription, "Pro", quantity=5)
    assert (asked["items"][0]["quantity"], asked["proration_behavior"]) == (5, "always_invoice")
    assert [i["total"] for i in shop.fake.of("invoice")] == [4000, 6000]
    asked = change(shop, subscription, "Pro", quantity=3)
    assert (asked["items"][0]["quantity"], asked["proration_behavior"]) == (3, "none")
    assert asked["metadata"]["tenantry_quantity_meanwhile"] == "5"
    assert [i["total"] for i in shop.fake.of("invoice")] == [4000, 6000]


def test_a_plan_keeps_the_quantity_of_the_one_before(shop: Shop) -> None:
    subscription = subscribed(shop, quantity=4)
    team = shop.plan(name="Team", price_amount=5000, included_credits=300)
    change(shop, subscription, "Team")
    assert items(shop, subscription) == [(team["stripe_price_id"], 4)]
    assert [i["total"] for i in shop.fake.of("invoice")] == [8000, 12000]


def test_fewer_seats_of_a_dearer_plan_wait_for_the_renewal_if_they_cost_less(shop: Shop) -> None:
    subscription = subscribed(shop, quantity=10)
    shop.plan(name="Team", price_amount=5000, included_credits=300)
    asked = change(shop, subscription, "Team", quantity=1)
    assert asked["proration_behavior"] == "none"
    assert asked["metadata"]["tenantry_quantity_meanwhile"] == "10"


@pytest.mark.parametrize("quantity", [0, -1, 4, 2147483647])
def test_a_quantity_that_the_plan_does_not_allow_is_refused(shop: Shop, quantity: int) -> None:
    subscription = subscribed(shop, features={"max_quantity": 3})
    one = {"subscription_plan": "Pro", "quantity": quantity}
    refusal = refused(shop.service, "TN001", "change_plan", subscription_id=subscription["id"], **one)
    assert refusal["field"] == "quantity"
    other = organization(shop.service)
    refusal = refused(shop.service, "TN001", "create_checkout_session", organization_id=other, **one, **PAGES)
    assert refusal["field"] == "quantity"
    assert shop.requests("change_plan") == []


def test_a_quantity_beyond_an_account_or_a_bill_is_refused(shop: Shop) -> None:
    shop.plan(name="Many", included_credits=100_000_000)
    shop.plan(name="Dear", price_amount=100_000_000)
    acme = organization(shop.service)
    for plan in ("Many", "Dear"):
        page = {"organization_id": acme, "subscription_plan": plan, **PAGES}
        assert refused(shop.service, "TN001", "create_checkout_session", quantity=22, **page)["field"] == "quantity"
        call(shop.service, "create_checkout_session", quantity=21, **page)


def test_seats_of_all_taken_plans_are_counted(shop: Shop) -> None:
    plan = shop.plan(max_users=1)
    acme = organization(shop.service)
    shop.admin.execute(
        "with added as (insert into auth.users (id) select gen_random_uuid() from generate_series(1, 3) returning id)"
        " insert into public.user_roles (user_id, role_id, organization_id)"
        " select a.id, r.id, %s from added as a, public.roles as r where r.name = 'viewer'",
        [acme],
    )
    page = {"organization_id": acme, "subscription_plan": plan["name"], **PAGES}
    assert refused(shop.service, "TN023", "create_checkout_session", quantity=2, **page)["seats"] == 2
    call(shop.service, "create_checkout_session", quantity=3, **page)


def test_no_plan_is_had_for_nothing_while_collection_is_paused(shop: Shop) -> None:
    subscription = subscribed(shop)
    shop.plan(name="Team", price_amount=5000, included_credits=300)
    shop.fake.pause(subscription["stripe_subscription_id"], "void")
    hear(shop)
    one = {"subscription_id": subscription["id"], "subscription_plan": "Team"}
    refusal = refused(shop.service, "TN050", "change_plan", **one)
    assert refusal["subscription_id"] == str(subscription["id"])
    call(shop.service, "change_plan", at_renewal=True, **one)
