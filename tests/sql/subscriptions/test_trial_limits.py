"""One trial for each user, organization or payment method, as the plan says."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import Row, balance, call, organization, refused
from tests.support.subscriptions import plan
from tests.support.users import Team, sign_in, user


def own(connection: Connection) -> UUID:
    """A new organization of the signed-in user."""
    return organization(connection)


def try_out(connection: Connection, organization_id: UUID, to_try: Row, **arguments: Any) -> Row:
    return call(
        connection, "start_trial", organization_id=organization_id, subscription_plan=to_try["name"], **arguments
    )


def no_trial(connection: Connection, organization_id: UUID, to_try: Row) -> Row:
    return refused(
        connection, "TN028", "start_trial", organization_id=organization_id, subscription_plan=to_try["name"]
    )


def test_a_user_with_many_organizations_has_one_trial(service: Connection, admin: Connection, connect: Connect) -> None:
    huge, other = (plan(service, trial_period_days=14, included_credits=100_000) for _ in range(2))
    alice = sign_in(connect(), user(admin))
    first, second = own(alice), own(alice)
    try_out(alice, first, huge)
    for to_try in (huge, other):
        assert no_trial(alice, second, to_try) == {
            "reason": "NO_TRIAL",
            "cause": "USER_HAD_A_TRIAL",
            "trial_limit": "user",
            "organization_id": str(second),
            "subscription_plan_id": str(to_try["id"]),
        }
    # The service acts for the owner.
    assert no_trial(service, second, huge)["cause"] == "USER_HAD_A_TRIAL"
    assert balance(service, second)["balance"] == 0
    bob = sign_in(connect(), user(admin))
    try_out(bob, own(bob), huge)


def test_the_service_starts_the_trial_of_every_owner(service: Connection, admin: Connection) -> None:
    small = plan(service, trial_period_days=14)
    alice, bob, carol = (user(admin) for _ in range(3))

    def of(*owners: UUID) -> UUID:
        made = organization(service)
        for owner in owners:
            call(service, "assign_role", user_id=owner, role="owner", organization_id=made)
        return made

    try_out(service, of(alice, bob), small)
    refused_one = of(bob, carol)
    assert no_trial(service, refused_one, small)["cause"] == "USER_HAD_A_TRIAL"
    # Carol lost nothing by the refusal.
    try_out(service, of(carol), small)
    # Without an owner there is no user, so only the organization counts.
    for _ in range(2):
        try_out(service, of(), small)


def test_the_user_who_starts_it_counts_and_not_the_others(
    service: Connection, admin: Connection, connect: Connect
) -> None:
    small = plan(service, trial_period_days=14)
    team = Team(admin, connect)
    try_out(team.as_("billing"), team.id, small)
    owner = team.as_("owner")
    try_out(owner, own(owner), small)
    billing = team.as_("billing")
    assert no_trial(billing, own(billing), small)["cause"] == "USER_HAD_A_TRIAL"


def test_a_support_user_who_is_no_member_starts_the_trial_of_the_owners(
    service: Connection, admin: Connection, connect: Connect
) -> None:
    small = plan(service, trial_period_days=14)
    support = user(admin)
    call(service, "assign_role", user_id=support, role="platform_admin")
    for _ in range(2):
        alice = sign_in(connect(), user(admin))
        try_out(sign_in(connect(), support), own(alice), small)


def test_a_plan_can_limit_its_trial_to_one_for_each_organization(
    service: Connection, admin: Connection, connect: Connect
) -> None:
    free = plan(service, trial_period_days=14, features={"trial_limit": "organization"})
    alice = sign_in(connect(), user(admin))
    for _ in range(3):
        try_out(alice, own(alice), free)
    assert no_trial(alice, own(alice), plan(service, trial_period_days=14))["cause"] == "USER_HAD_A_TRIAL"


def test_a_trial_for_each_payment_method_starts_on_a_checkout_page(service: Connection) -> None:
    card = plan(service, trial_period_days=14, features={"trial_limit": "payment_method"})
    detail = no_trial(service, organization(service), card)
    assert (detail["cause"], detail["trial_limit"]) == ("PAYMENT_METHOD_REQUIRED", "payment_method")


@pytest.mark.parametrize("value", ["nobody", 1, None, True, {}])
def test_another_limit_is_refused(service: Connection, value: object) -> None:
    with pytest.raises(psycopg.Error) as error:
        plan(service, trial_period_days=14, features={"trial_limit": value})
    assert error.value.sqlstate == "TN001"


def test_two_trials_of_a_user_at_once_are_one(service: Connection, admin: Connection, connect: Connect) -> None:
    small, alice = plan(service, trial_period_days=14), user(admin)
    connections = [sign_in(connect(), alice) for _ in range(4)]
    places = [own(connection) for connection in connections]

    def begin(number: int) -> str | None:
        try:
            try_out(connections[number], places[number], small)
        except psycopg.Error as error:
            return error.sqlstate
        return None

    with ThreadPoolExecutor(4) as pool:
        assert sorted(map(str, pool.map(begin, range(4)))) == ["None", "TN028", "TN028", "TN028"]
