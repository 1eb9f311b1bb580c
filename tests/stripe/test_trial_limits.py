"""Trials that begin on a checkout page: one for each user or card, as the plan says."""

from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Connect
from tests.support.fake_stripe import PAGES, Shop
from tests.support.ledger import Row, call, organization, refused
from tests.support.subscriptions import current
from tests.support.users import sign_in, user


def page(shop: Shop, connection: Any, organization_id: UUID, plan: str = "Trial") -> Row:
    asked = call(
        connection, "create_checkout_session", organization_id=organization_id, subscription_plan=plan, **PAGES
    )
    return shop.answered(asked)


def test_pages_that_were_opened_before_bring_one_trial_of_credits(shop: Shop, connect: Connect) -> None:
    shop.plan(name="Trial", trial_period_days=14)
    alice = sign_in(connect(), user(shop.admin))
    places = [organization(alice) for _ in range(3)]
    pages = [page(shop, alice, place) for place in places]
    for opened in pages:
        shop.fake.complete(opened["stripe_id"])
        shop.hear()
    # Stripe has begun each trial, so each has the state. The credits come once.
    assert [current(shop.service, place)["status"] for place in places] == ["trial"] * 3
    assert [shop.credits(place) for place in places] == [100, 0, 0]
    shop.hear()
    assert [shop.credits(place) for place in places] == [100, 0, 0]
    assert (
        refused(alice, "TN028", "start_trial", organization_id=organization(alice), subscription_plan="Trial")["cause"]
        == "USER_HAD_A_TRIAL"
    )
    # A page that is opened now offers no trial.
    page(shop, alice, organization(alice))
    offered = [c.params["subscription_data"].get("trial_period_days") for c in shop.posts("/v1/checkout/sessions")]
    assert offered == [14, 14, 14, None]


def test_a_new_owner_does_not_end_the_credits_of_a_trial(shop: Shop, connect: Connect) -> None:
    shop.plan(name="Trial", trial_period_days=14)
    alice, bob = user(shop.admin), user(shop.admin)
    place, other = organization(shop.service), organization(sign_in(connect(), bob))
    call(shop.service, "assign_role", user_id=alice, role="owner", organization_id=place)
    call(shop.service, "start_trial", organization_id=other, subscription_plan="Trial")
    shop.fake.complete(page(shop, shop.service, place)["stripe_id"])
    shop.hear()
    assert shop.credits(place) == 100
    call(shop.service, "assign_role", user_id=bob, role="owner", organization_id=place)
    shop.admin.execute("select tenantry.recompute_stripe_subscriptions(%s, %s)", [place, []])
    assert shop.credits(place) == 100


@pytest.mark.parametrize("order", [1, -1])
def test_a_card_has_one_trial(shop: Shop, order: int) -> None:
    shop.plan(name="Trial", trial_period_days=14, features={"trial_limit": "payment_method"})
    places = [organization(shop.service) for _ in range(3)]
    for place, card in zip(places, ("visa-1", "visa-1", "visa-2"), strict=True):
        shop.fake.complete(page(shop, shop.service, place)["stripe_id"], card)
        # The card can be heard of after the trial.
        shop.fake.events.sort(key=lambda e: order * (e["type"] != "payment_method.attached"))
        shop.hear()
    assert [shop.credits(place) for place in places] == [100, 0, 100]


def test_a_trial_is_not_moved_to_a_plan_whose_limit_is_reached(shop: Shop, connect: Connect) -> None:
    shop.plan(name="Trial", trial_period_days=14, features={"trial_limit": "organization"})
    shop.plan(name="Huge", trial_period_days=14, included_credits=100_000)
    alice = sign_in(connect(), user(shop.admin))
    first, second = organization(alice), organization(alice)
    for place in (first, second):
        shop.fake.complete(page(shop, alice, place)["stripe_id"])
        shop.hear()
    assert [shop.credits(place) for place in (first, second)] == [100, 100]
    moved = current(shop.service, second)["id"]
    assert refused(alice, "TN028", "change_plan", subscription_id=moved, subscription_plan="Huge")["cause"] == (
        "USER_HAD_A_TRIAL"
    )
    call(alice, "change_plan", subscription_id=current(shop.service, first)["id"], subscription_plan="Huge")
    shop.send()
    assert [shop.credits(place) for place in (first, second)] == [100_000, 100]
