"""More members than seats: nobody is removed, nobody joins, and an event tells of it, whatever led there."""

from typing import Any
from uuid import UUID

import pytest

from tests.support.fake_stripe import PAGES, Shop
from tests.support.ledger import Row, call, events, move_clock, organization, refused, settle
from tests.support.subscriptions import current, plan, subscribe
from tests.support.users import user


def join(shop: Shop, organization_id: UUID, count: int = 1) -> None:
    for _ in range(count):
        call(shop.service, "assign_role", user_id=user(shop.admin), role="member", organization_id=organization_id)


def exceeded(shop: Shop, organization_id: UUID) -> list[tuple[int, int]]:
    return [
        (e["payload"]["seats"], e["payload"]["members"])
        for e in events(shop.admin, organization_id)
        if e["event_type"] == "seats_exceeded"
    ]


def state(shop: Shop, organization_id: UUID) -> tuple[Any, ...]:
    now = call(shop.service, "get_entitlements", organization_id=organization_id)
    return now["max_users"], now["members"], now["members_over"]


def nobody_joins(shop: Shop, organization_id: UUID) -> Row:
    return refused(
        shop.service,
        "TN023",
        "assign_role",
        user_id=user(shop.admin),
        role="member",
        organization_id=organization_id,
    )


def test_a_page_that_was_opened_before_the_members_came(shop: Shop) -> None:
    shop.plan(name="Pair", max_users=2)
    acme = organization(shop.service)
    asked = shop.ask("create_checkout_session", organization_id=acme, subscription_plan="Pair", **PAGES)
    join(shop, acme, 5)
    assert state(shop, acme) == (None, 5, 0)
    shop.fake.complete(asked["stripe_id"])
    shop.hear()
    assert current(shop.service, acme)["status"] == "active"
    assert state(shop, acme) == (2, 5, 3)
    assert exceeded(shop, acme) == [(2, 5)], "once"
    nobody_joins(shop, acme)
    shop.admin.execute(
        "delete from public.user_roles where id in"
        " (select id from public.user_roles where organization_id = %s limit 3)",
        [acme],
    )
    assert state(shop, acme) == (2, 2, 0)
    nobody_joins(shop, acme)
    assert exceeded(shop, acme) == [(2, 5)]


def test_a_smaller_plan_that_comes_at_renewal(shop: Shop) -> None:
    large, small = plan(shop.service, max_users=9), plan(shop.service, max_users=2)
    acme = organization(shop.service)
    subscription = subscribe(shop.service, acme, large)
    call(
        shop.service,
        "change_plan",
        subscription_id=subscription["id"],
        subscription_plan=small["name"],
        at_renewal=True,
    )
    join(shop, acme, 3)
    move_clock(shop.admin, subscription["current_period_end"])
    assert state(shop, acme) == (2, 3, 1)
    settle(shop.admin, acme)
    assert exceeded(shop, acme) == [(2, 3)]
    nobody_joins(shop, acme)


def test_a_plan_whose_seats_are_reduced(shop: Shop) -> None:
    large = plan(shop.service, max_users=9)
    acme, other, without = (organization(shop.service) for _ in range(3))
    for place, members in ((acme, 3), (other, 2), (without, 3)):
        join(shop, place, members)
    for place in (acme, other):
        subscribe(shop.service, place, large)
    call(shop.service, "update_subscription_plan", subscription_plan=large["name"], max_users=2)
    assert [exceeded(shop, place) for place in (acme, other, without)] == [[(2, 3)], [], []]
    call(shop.service, "update_subscription_plan", subscription_plan=large["name"], max_users=4)
    assert state(shop, acme) == (4, 3, 0)
    assert len(exceeded(shop, acme)) == 1
    join(shop, acme)


def test_the_plan_of_a_switch_at_stripe(shop: Shop) -> None:
    shop.plan(name="Large", max_users=9)
    small = shop.plan(name="Small", max_users=1)
    acme = organization(shop.service)
    asked = shop.ask("create_checkout_session", organization_id=acme, subscription_plan="Large", **PAGES)
    shop.fake.complete(asked["stripe_id"])
    shop.hear()
    join(shop, acme, 3)
    (subscription,) = shop.fake.of("subscription")
    subscription["items"]["data"][0]["price"]["id"] = small["stripe_price_id"]
    shop.fake.objects[subscription["id"]]["items"] = subscription["items"]
    shop.fake._emit("customer.subscription.updated", shop.fake.objects[subscription["id"]])
    shop.fake.events[-1]["created"] += 5
    shop.hear()
    assert exceeded(shop, acme) == [(1, 3)]
    assert state(shop, acme) == (1, 3, 2)


@pytest.mark.parametrize("way", ["start_trial", "create_subscription"])
def test_a_subscription_that_is_made_here_is_refused(shop: Shop, way: str) -> None:
    small = plan(shop.service, max_users=2, trial_period_days=14)
    acme = organization(shop.service)
    join(shop, acme, 3)
    detail = refused(shop.service, "TN023", way, organization_id=acme, subscription_plan=small["name"])
    assert (detail["seats"], detail["taken"]) == (2, 3)


def test_a_change_of_plan_counts_the_seats_of_add_ons(shop: Shop) -> None:
    shop.plan(name="Large", max_users=9)
    small = shop.plan(name="Small", max_users=2)
    extra = shop.plan(name="Extra", max_users=1)
    acme = organization(shop.service)
    asked = shop.ask("create_checkout_session", organization_id=acme, subscription_plan="Large", **PAGES)
    shop.fake.complete(asked["stripe_id"])
    shop.hear()
    join(shop, acme, 5)
    subscription = current(shop.service, acme)
    change = {"subscription_id": subscription["id"], "subscription_plan": small["name"], "at_renewal": True}
    assert refused(shop.service, "TN023", "change_plan", **change)["seats"] == 2
    for quantity, seats in ((2, 4), (3, 5)):
        shop.admin.execute(
            "update public.organization_subscriptions set add_ons = jsonb_build_array(jsonb_build_object("
            " 'subscription_plan_id', %s::uuid, 'quantity', %s::int)) where id = %s",
            [extra["id"], quantity, subscription["id"]],
        )
        if seats < 5:
            assert refused(shop.service, "TN023", "change_plan", **change)["seats"] == seats
    call(shop.service, "change_plan", **change)
