"""No path of changes costs less than the credits that are spent on it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.support.fake_stripe import PAGES, Shop
from tests.support.ledger import START, Row, call, consume, findings, hold, move_clock, organization, refused
from tests.support.subscriptions import current

CENTS = 10
"""The price of a credit in every plan of this module, in cents."""

DAY = 86400
MONTH = 31 * DAY + 2 * 3600
"""Seconds of January and of the time after which Stripe has charged a renewal."""


def plans(shop: Shop) -> None:
    """Three monthly plans and an annual one; all of them sell a credit at the same price."""
    for name, credits, interval in (
        ("Small", 100, "monthly"),
        ("Middle", 500, "monthly"),
        ("Large", 10000, "monthly"),
        ("Year", 1000, "annual"),
    ):
        shop.plan(name=name, price_amount=credits * CENTS, included_credits=credits, interval=interval)


@pytest.fixture(autouse=True)
def in_january(shop: Shop) -> None:
    """Months have their lengths of 2030."""
    shop.fake.now = int(START.timestamp())


def hear(shop: Shop) -> None:
    """Processes the events that are new, at the time of Stripe."""
    move_clock(shop.admin, datetime.fromtimestamp(shop.fake.now, UTC))
    heard = getattr(shop, "heard", 0)
    vars(shop)["heard"] = len(shop.fake.events)
    for event in shop.fake.events[heard:]:
        shop.service.execute("select public.process_stripe_event(%s)", [Jsonb(event)])


def advance(shop: Shop, seconds: int) -> None:
    """Moves the time here and at Stripe."""
    shop.fake.advance(seconds)
    hear(shop)


def subscribe(shop: Shop, organization_id: UUID, plan: str) -> Row:
    hear(shop)
    page = shop.ask("create_checkout_session", organization_id=organization_id, subscription_plan=plan, **PAGES)
    shop.fake.complete(page["stripe_id"])
    hear(shop)
    return current(shop.service, organization_id)


def change(shop: Shop, subscription: Row, plan: str, **arguments: Any) -> None:
    call(shop.service, "change_plan", subscription_id=subscription["id"], subscription_plan=plan, **arguments)
    shop.send()
    hear(shop)


def kept(shop: Shop, customer: str) -> int:
    """Cents that the platform has from a customer, without those that it owes as a balance."""
    paid = sum(invoice["amount_paid"] for invoice in shop.fake.of("invoice", customer=customer))
    return int(paid + min(shop.fake.objects[customer]["balance"], 0))


def spent(shop: Shop, organization_id: UUID) -> int:
    row = shop.admin.execute(
        "select coalesce(- sum(amount), 0)::int as spent from public.credit_transactions"
        " where organization_id = %s and transaction_type = 'consumed'",
        [organization_id],
    ).fetchone()
    assert row
    return int(row["spent"])


def test_up_spend_down_and_again_costs_what_was_spent(shop: Shop) -> None:
    plans(shop)
    acme = organization(shop.service)
    subscription = subscribe(shop, acme, "Small")
    for _ in range(2):
        change(shop, subscription, "Large")
        consume(shop.service, acme, shop.credits(acme))
        change(shop, subscription, "Small")
        advance(shop, MONTH)
    assert spent(shop, acme) == 20000
    assert kept(shop, subscription["stripe_customer_id"]) >= 20000 * CENTS


@pytest.mark.parametrize("way", ["consume", "hold"])
def test_a_cheaper_plan_comes_at_renewal(shop: Shop, way: str) -> None:
    """The money of the period stays, so its credits and its plan stay, too."""
    plans(shop)
    acme = organization(shop.service)
    subscription = subscribe(shop, acme, "Large")
    kept_hold = hold(shop.service, acme, 6000, time_to_live=timedelta(days=300)) if way == "hold" else None
    if not kept_hold:
        consume(shop.service, acme, 6000)
    change(shop, subscription, "Small")
    found = current(shop.service, acme)
    assert found["subscription_plan_id"] == subscription["subscription_plan_id"]
    assert found["pending_plan_id"] is not None
    assert [i["total"] for i in shop.fake.of("invoice")] == [10000 * CENTS]
    assert shop.credits(acme) == (10000 if kept_hold else 4000)
    advance(shop, MONTH)
    assert [i["total"] for i in shop.fake.of("invoice")] == [10000 * CENTS, 100 * CENTS]
    renewed = current(shop.service, acme)
    assert (renewed["pending_plan_id"], renewed["subscription_plan_id"]) == (None, found["pending_plan_id"])
    if kept_hold:
        call(shop.service, "release_hold", organization_id=acme, hold_id=kept_hold["id"])
    assert shop.credits(acme) == 100
    assert findings(shop.service, acme) == []


def test_a_dearer_plan_costs_the_whole_difference_at_the_end_of_the_period_too(shop: Shop) -> None:
    """Its credits come in full. For the last minute of a month they would otherwise cost nothing."""
    plans(shop)
    acme = organization(shop.service)
    subscription = subscribe(shop, acme, "Small")
    advance(shop, 27 * DAY)
    change(shop, subscription, "Middle")
    assert [i["total"] for i in shop.fake.of("invoice")] == [100 * CENTS, 400 * CENTS]
    assert shop.credits(acme) == 500
    advance(shop, DAY // 2)
    change(shop, subscription, "Large")
    assert [i["total"] for i in shop.fake.of("invoice")][2:] == [9500 * CENTS]
    assert shop.credits(acme) == 10000


def test_monthly_credits_of_an_annual_plan_cost_the_difference_from_this_month_on(shop: Shop) -> None:
    monthly = {"interval": "annual", "features": {"credit_interval": "monthly"}}
    shop.plan(name="Small", price_amount=12000, included_credits=100, **monthly)
    shop.plan(name="Large", price_amount=120000, included_credits=1000, **monthly)
    shop.plan(name="Whole", price_amount=360000, included_credits=36000, interval="annual")
    acme = organization(shop.service)
    subscription = subscribe(shop, acme, "Small")
    advance(shop, 330 * DAY)
    change(shop, subscription, "Large")
    (asked,) = shop.requests("change_plan")
    start, paid_from = subscription["current_period_start"], asked["params"]["proration_date"]
    # Ten months and their credits are over. The eleventh has begun, and counts in full.
    assert datetime.fromtimestamp(paid_from, UTC) == start.replace(month=11)
    assert shop.credits(acme) == 1000
    # Credits of the whole year at once have no price in the eleventh month.
    change(shop, subscription, "Whole")
    assert current(shop.service, acme)["pending_plan_id"] is not None
    assert shop.credits(acme) == 1000


def test_a_change_does_not_overtake_another(shop: Shop) -> None:
    """The second would be judged by a plan that the subscription does not have any more when Stripe makes it."""
    plans(shop)
    acme = organization(shop.service)
    subscription = subscribe(shop, acme, "Small")
    one = {"subscription_id": subscription["id"]}
    call(shop.service, "change_plan", subscription_plan="Large", **one)
    for plan, later in (("Middle", False), ("Middle", True), ("Small", True)):
        refused(shop.service, "TN047", "change_plan", subscription_plan=plan, at_renewal=later, **one)
    call(shop.service, "change_plan", subscription_plan="Large", **one)
    assert len(shop.requests("change_plan")) == 1, "the same change again is the same request"
    shop.send()
    hear(shop)
    change(shop, subscription, "Middle")
    assert [i["total"] for i in shop.fake.of("invoice")] == [100 * CENTS, 9900 * CENTS]


def test_a_change_at_renewal_that_reaches_stripe_after_the_renewal_waits_for_the_next(shop: Shop) -> None:
    """Otherwise the plan would be had for a period that was paid at the price of another."""
    plans(shop)
    acme = organization(shop.service)
    subscription = subscribe(shop, acme, "Small")
    call(
        shop.service,
        "change_plan",
        subscription_id=subscription["id"],
        subscription_plan="Large",
        at_renewal=True,
    )
    advance(shop, MONTH)
    shop.due_now()
    shop.admin.execute("update tenantry.stripe_requests set created_at = tenantry.clock() where state = 'pending'")
    shop.send()
    hear(shop)
    found = current(shop.service, acme)
    assert found["subscription_plan_id"] == subscription["subscription_plan_id"]
    assert found["pending_plan_id"] is not None
    assert shop.credits(acme) == 100
    advance(shop, MONTH)
    found = current(shop.service, acme)
    assert (found["subscription_plan_id"] == subscription["subscription_plan_id"], found["pending_plan_id"]) == (
        False,
        None,
    )
    assert shop.credits(acme) == 10000


NAMES = st.sampled_from(["Small", "Middle", "Large", "Year"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), NAMES, st.sampled_from([None, False, True])),
        st.tuples(st.just("spend"), st.sampled_from([1, 60, 100000])),
        st.tuples(st.just("hold"), st.sampled_from([1, 60, 100000])),
        st.tuples(st.just("end hold"), st.sampled_from(["capture", "release"])),
        st.tuples(st.just("cancel"), st.booleans()),
        st.tuples(st.just("resume")),
        st.tuples(st.just("pass"), st.sampled_from([3600, 13 * DAY, 27 * DAY, 32 * DAY])),
        st.tuples(st.just("decline"), st.booleans()),
    ),
    min_size=4,
    max_size=14,
)


def test_no_path_of_changes_costs_less_than_the_credits_spent_on_it(shop: Shop, request: pytest.FixtureRequest) -> None:
    plans(shop)

    @settings(
        max_examples=request.config.getoption("--model-examples") // 2,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(first=NAMES, steps=STEPS)
    def run(first: str, steps: list[tuple[Any, ...]]) -> None:
        acme = organization(shop.service)
        path = Path(shop, acme, subscribe(shop, acme, first))
        for step in steps:
            path.take(*step)
            path.check()
        path.take("end hold", "capture")
        path.take("spend", 100000)
        path.check()
        assert findings(shop.service, acme) == []
        for found in shop.fake.of("subscription"):
            # Nothing of this customer happens in the time of the next.
            shop.fake.objects[found["id"]]["status"] = "canceled"

    run()


class Path:
    """One customer's changes, one after the other."""

    def __init__(self, shop: Shop, acme: UUID, subscription: Row) -> None:
        self.shop, self.acme, self.subscription = shop, acme, subscription
        self.customer = subscription["stripe_customer_id"]
        self.hold: Row | None = None

    def check(self) -> None:
        assert kept(self.shop, self.customer) >= spent(self.shop, self.acme) * CENTS

    def take(self, kind: str, *how: Any) -> None:
        """Takes a step. One that is refused changes nothing."""
        try:
            self._take(kind, *how)
        except psycopg.Error as error:
            if error.sqlstate not in ("TN001", "TN016", "TN026", "TN031"):
                raise

    def _take(self, kind: str, *how: Any) -> None:
        shop, service = self.shop, self.shop.service
        one = {"subscription_id": self.subscription["id"]}
        available = call(service, "get_credit_balance", organization_id=self.acme)["available"]
        if kind == "change":
            if current(service, self.acme)["ended_at"] is not None:
                self.subscription = subscribe(shop, self.acme, how[0])
            else:
                change(shop, self.subscription, how[0], at_renewal=how[1])
        elif kind in ("spend", "hold") and available:
            amount = min(how[0], available)
            if kind == "spend":
                consume(service, self.acme, amount)
            elif not self.hold:
                self.hold = hold(service, self.acme, amount, time_to_live=timedelta(days=300))
        elif kind == "end hold" and self.hold:
            ended, self.hold = self.hold, None
            call(service, f"{how[0]}_hold", organization_id=self.acme, hold_id=ended["id"])
        elif kind == "cancel":
            call(service, "cancel_subscription", immediately=how[0], **one)
        elif kind == "resume":
            call(service, "resume_subscription", **one)
        elif kind == "decline":
            shop.fake.decline(self.customer, how[0])
            if not how[0]:
                shop.fake.pay_open_invoices(self.customer)
        elif kind == "pass":
            advance(shop, how[0])
        shop.send()
        hear(shop)
