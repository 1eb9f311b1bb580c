"""Permissions on subscriptions: nobody gets a plan, or more of one, without paying."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import Row, call, freeze, move_clock, organization, refused
from tests.support.subscriptions import current, plan, stored, subscribe

Member = Callable[[str], Connection]


@pytest.fixture
def acme(service: Connection) -> UUID:
    return organization(service)


@pytest.fixture
def member(service: Connection, admin: Connection, connect: Connect, acme: UUID) -> Member:
    """A connection as a user who holds that role in acme."""

    def make(role: str) -> Connection:
        user = admin.execute(
            "insert into auth.users (email) values (%s) returning id", [f"{role}@example.com"]
        ).fetchone()
        assert user is not None
        call(service, "assign_role", user_id=user["id"], role=role, organization_id=acme)
        connection = connect("authenticated")
        connection.execute("select set_config('request.jwt.claims', %s, false)", [f'{{"sub": "{user["id"]}"}}'])
        return connection

    return make


@pytest.mark.parametrize("role", ["owner", "billing"])
def test_who_manages_subscriptions_cannot_take_what_nobody_pays_for(
    service: Connection, admin: Connection, member: Member, acme: UUID, role: str
) -> None:
    freeze(admin)
    small, large = plan(service, trial_period_days=14), plan(service, included_credits=400, trial_period_days=14)
    who = member(role)
    refused(who, "42501", "create_subscription", organization_id=acme, subscription_plan=small["name"])
    refused(who, "42501", "start_trial", organization_id=acme, subscription_plan=small["name"], converts=True)
    trial = call(who, "start_trial", organization_id=acme, subscription_plan=small["name"])
    # A trial that is resumed would become a plan.
    refused(who, "42501", "resume_subscription", subscription_id=trial["id"])
    call(who, "cancel_subscription", subscription_id=trial["id"])
    refused(who, "42501", "resume_subscription", subscription_id=trial["id"])
    changes: list[dict[str, Any]] = [
        {"status": "active"},
        {"trial_end": trial["trial_end"] + timedelta(days=9)},
        {"metadata": {}},
    ]
    for change in changes:
        refused(who, "42501", "update_subscription", subscription_id=trial["id"], **change)
    for at_renewal in (False, True):
        refused(
            who,
            "42501",
            "change_plan",
            subscription_id=trial["id"],
            subscription_plan=large["name"],
            at_renewal=at_renewal,
        )
    assert stored(admin, trial)["subscription_plan_id"] == small["id"]
    move_clock(admin, "+14 days")
    assert current(who, acme)["status"] == "cancelled"


@pytest.mark.parametrize("role", ["owner", "billing"])
def test_nor_give_themselves_features_by_the_metadata_of_a_trial(
    service: Connection, member: Member, acme: UUID, role: str
) -> None:
    offered = plan(service, trial_period_days=14, features={"seats": 3})
    metadata = {"features": {"seats": 1000, "exports": True}}
    trial = {"organization_id": acme, "subscription_plan": offered["name"]}
    who = member(role)
    refused(who, "42501", "start_trial", **trial, metadata=metadata)
    call(who, "start_trial", **trial, metadata={"campaign": "spring"})
    assert call(who, "get_entitlements", organization_id=acme)["features"] == {"seats": 3}


def test_an_owner_cancels_and_takes_that_back(
    service: Connection, admin: Connection, member: Member, acme: UUID
) -> None:
    freeze(admin)
    subscription = subscribe(service, acme, plan(service))
    owner = member("owner")
    assert call(owner, "cancel_subscription", subscription_id=subscription["id"])["cancel_at_period_end"]
    assert not call(owner, "resume_subscription", subscription_id=subscription["id"])["cancel_at_period_end"]


def test_what_was_given_for_one_period_stays_for_one_period(
    service: Connection, admin: Connection, member: Member, acme: UUID
) -> None:
    freeze(admin)
    subscription = subscribe(service, acme, plan(service), cancel_at_period_end=True)
    owner = member("owner")
    refused(owner, "42501", "resume_subscription", subscription_id=subscription["id"])
    # A cancellation by the customer does not help, either.
    call(owner, "cancel_subscription", subscription_id=subscription["id"])
    refused(owner, "42501", "resume_subscription", subscription_id=subscription["id"])
    call(service, "resume_subscription", subscription_id=subscription["id"])
    assert not stored(admin, subscription)["cancel_at_period_end"]


@pytest.mark.parametrize("role", ["admin", "member", "viewer"])
def test_others_only_look_on_if_that(service: Connection, member: Member, acme: UUID, role: str) -> None:
    subscription = subscribe(service, acme, plan(service))
    who = member(role)
    sqlstate = "42501" if role == "admin" else "TN002"
    refused(who, sqlstate, "cancel_subscription", subscription_id=subscription["id"])
    refused(who, sqlstate, "resume_subscription", subscription_id=subscription["id"])
    refused(who, "42501", "start_trial", organization_id=acme, subscription_plan="any")
    found: Row = call(who, "list_subscriptions", organization_id=acme)
    assert len(found["subscriptions"]) == (role == "admin")


def test_a_subscription_of_others_does_not_exist(service: Connection, member: Member) -> None:
    owner = member("owner")
    foreign = subscribe(service, organization(service), plan(service))
    for function in ("get_subscription", "cancel_subscription", "resume_subscription"):
        refused(owner, "TN002", function, subscription_id=foreign["id"])
    refused(owner, "TN002", "change_plan", subscription_id=foreign["id"], subscription_plan="any")
    refused(owner, "TN002", "get_subscription", organization_id=foreign["organization_id"])
    assert call(owner, "list_subscriptions")["subscriptions"] == []
