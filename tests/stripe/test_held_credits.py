"""Credits that are taken back under a hold are gone when the hold ends. A capture can still spend them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.fake_stripe import PAGES, Shop
from tests.support.ledger import (
    Row,
    assert_ledger_holds,
    balance,
    call,
    consume,
    freeze,
    hold,
    move_clock,
    organization,
    refused,
    settle,
)
from tests.support.subscriptions import current, plan, subscribe

LONG = timedelta(days=366)

ENDS = pytest.mark.parametrize("end", ["release", "lapse", "capture", "part"])
"""How a hold ends; a part is a capture of 30 whose rest is released."""


def end_hold(shop: Shop, organization_id: UUID, held: Row, end: str) -> int:
    """Ends a hold. Returns the credits that were captured."""
    one: dict[str, Any] = {"organization_id": organization_id, "hold_id": held["id"]}
    if end == "release":
        call(shop.service, "release_hold", **one)
    elif end == "lapse":
        move_clock(shop.admin, held["expires_at"] + timedelta(seconds=1))
        settle(shop.admin, organization_id)
    elif end == "capture":
        call(shop.service, "capture_hold", **one)
    else:
        call(shop.service, "capture_hold", amount=30, release_remainder=True, **one)
    return int({"capture": held["amount"], "part": 30}.get(end, 0))


def left(shop: Shop, organization_id: UUID) -> tuple[int, int]:
    now = balance(shop.service, organization_id)
    return now["balance"], now["available"]


@ENDS
@pytest.mark.parametrize("way", ["cancel", "expire"])
def test_a_trial_that_ends_early_keeps_no_held_credits(shop: Shop, end: str, way: str) -> None:
    freeze(shop.admin)
    acme = organization(shop.service, 7)
    trial = call(
        shop.service,
        "start_trial",
        organization_id=acme,
        subscription_plan=plan(shop.service, trial_period_days=730)["name"],
    )
    held = hold(shop.service, acme, 100, time_to_live=LONG)
    move_clock(shop.admin, "+1 day")
    if way == "cancel":
        call(shop.service, "cancel_subscription", subscription_id=trial["id"], immediately=True)
    else:
        call(shop.service, "update_subscription", subscription_id=trial["id"], status="expired")
    # The hold is kept: the work that it was made for can still be charged.
    assert balance(shop.service, acme)["held"] == 100
    end_hold(shop, acme, held, end)
    # A capture after the end of the trial spends the other credits, as a consumption would.
    assert left(shop, acme) == ((0, 0) if end in ("capture", "part") else (7, 7))
    refused(shop.service, "TN009", "consume_credits", organization_id=acme, amount=8)
    assert_ledger_holds(shop.admin, acme)


@ENDS
def test_a_smaller_plan_takes_back_held_credits(shop: Shop, end: str) -> None:
    freeze(shop.admin)
    year = {"interval": "annual", "interval_count": 3}
    small, large = plan(shop.service, **year), plan(shop.service, included_credits=400, **year)
    acme = organization(shop.service)
    subscription = subscribe(shop.service, acme, large)
    held = hold(shop.service, acme, 400, time_to_live=LONG)
    call(shop.service, "change_plan", subscription_id=subscription["id"], subscription_plan=small["name"])
    assert left(shop, acme) == (100, 0)
    captured = end_hold(shop, acme, held, end)
    assert left(shop, acme) == (max(100 - captured, 0),) * 2
    # Up again: the captured credits beyond the smaller plan are a shortfall, which the larger plan pays for first.
    call(shop.service, "change_plan", subscription_id=subscription["id"], subscription_plan=large["name"])
    assert left(shop, acme) == (400 - captured,) * 2
    assert_ledger_holds(shop.admin, acme)


def test_going_up_and_down_under_a_hold_brings_nothing(shop: Shop) -> None:
    freeze(shop.admin)
    small, large = plan(shop.service), plan(shop.service, included_credits=400)
    acme = organization(shop.service)
    subscription = subscribe(shop.service, acme, large)
    held = hold(shop.service, acme, 400)
    for _ in range(3):
        for to in (small, large):
            call(shop.service, "change_plan", subscription_id=subscription["id"], subscription_plan=to["name"])
    assert left(shop, acme) == (400, 0)
    call(shop.service, "release_hold", organization_id=acme, hold_id=held["id"])
    assert left(shop, acme) == (400, 400)
    assert_ledger_holds(shop.admin, acme)


def test_two_holds_free_only_what_is_left(shop: Shop) -> None:
    freeze(shop.admin)
    small, large = plan(shop.service), plan(shop.service, included_credits=400)
    acme = organization(shop.service)
    subscription = subscribe(shop.service, acme, large)
    holds = [hold(shop.service, acme, 200) for _ in range(2)]
    call(shop.service, "change_plan", subscription_id=subscription["id"], subscription_plan=small["name"])
    end_hold(shop, acme, holds[0], "release")
    assert left(shop, acme) == (100, 0), "the rest is under the other hold"
    end_hold(shop, acme, holds[1], "release")
    assert left(shop, acme) == (100, 100)
    consume(shop.service, acme, 100)
    assert_ledger_holds(shop.admin, acme)


@ENDS
def test_a_trial_at_stripe_that_ends_keeps_no_held_credits(shop: Shop, end: str) -> None:
    now = freeze(shop.admin)
    shop.fake.now = int(now.timestamp()) - 600
    shop.plan(name="Trial", trial_period_days=730)
    acme = organization(shop.service)
    page = shop.ask("create_checkout_session", organization_id=acme, subscription_plan="Trial", **PAGES)
    shop.fake.complete(page["stripe_id"])
    shop.hear()
    held = hold(shop.service, acme, 100, time_to_live=LONG)
    call(
        shop.service,
        "cancel_subscription",
        subscription_id=current(shop.service, acme)["id"],
        immediately=True,
    )
    shop.send()
    shop.hear()
    assert left(shop, acme) == (0, 0)
    end_hold(shop, acme, held, end)
    assert left(shop, acme) == (0, 0)
    assert_ledger_holds(shop.admin, acme)


@ENDS
def test_a_period_whose_money_went_back_keeps_no_held_credits(shop: Shop, end: str) -> None:
    now = freeze(shop.admin)
    shop.fake.now = int(now.timestamp()) - 600
    shop.plan(interval="annual", interval_count=3)
    acme = organization(shop.service)
    page = shop.ask("create_checkout_session", organization_id=acme, subscription_plan="Pro", **PAGES)
    shop.fake.complete(page["stripe_id"])
    shop.hear()
    held = hold(shop.service, acme, 100, time_to_live=LONG)
    (payment,) = shop.fake.of("payment_intent")
    shop.fake.refund(payment["id"])
    shop.hear()
    assert left(shop, acme) == (0, 0)
    end_hold(shop, acme, held, end)
    assert left(shop, acme) == (0, 0)
    # The same events again take nothing more.
    shop.hear()
    assert left(shop, acme) == (0, 0)
    assert_ledger_holds(shop.admin, acme)
