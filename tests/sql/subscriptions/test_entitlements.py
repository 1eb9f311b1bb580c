"""The entitlements of an organization: features of plan, state and subscription; limits; predicates for policies."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import call, freeze, move_clock, organization, refused
from tests.support.subscriptions import plan, subscribe

FEATURES = {
    "exports": True,
    "sso": False,
    "projects": 10,
    "storage_gb": None,
    "support": "email",
    "nothing": 0,
    "trial": {"projects": 3},
    "past_due": {"exports": False},
    "credit_rollover": "all",
    "grace_days": 5,
}


def _ask(connection: Connection, query: str, *values: Any) -> Any:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return next(iter(row.values()))


def _has(connection: Connection, acme: UUID, feature: str) -> Any:
    return _ask(connection, "select public.has_feature(%s, %s)", acme, feature)


def _limit(connection: Connection, acme: UUID, feature: str) -> Any:
    return _ask(connection, "select public.feature_limit(%s, %s)", acme, feature)


def test_the_features_of_a_plan(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    freeze(admin)
    full = plan(service, features=FEATURES, max_users=7)
    subscription = subscribe(service, acme, full)
    got = call(service, "get_entitlements", organization_id=acme)
    assert got["features"] == {
        "exports": True,
        "sso": False,
        "projects": 10,
        "storage_gb": None,
        "support": "email",
        "nothing": 0,
    }
    assert (got["subscription_id"], got["plan_name"], got["status"]) == (subscription["id"], full["name"], "active")
    assert (got["max_users"], got["members"]) == (7, 0)
    assert got["valid_until"] == subscription["current_period_end"]


@pytest.mark.parametrize(
    ("feature", "has", "limit"),
    [
        ("exports", True, None),
        ("sso", False, 0),
        ("projects", True, 10),
        ("storage_gb", True, None),
        ("support", True, 0),
        ("nothing", False, 0),
        ("missing", False, 0),
        ("grace_days", False, 0),
        ("trial", False, 0),
    ],
)
def test_what_a_value_means(service: Connection, feature: str, has: bool, limit: int | None) -> None:
    acme = organization(service)
    assert (_has(service, acme, feature), _limit(service, acme, feature)) == (False, 0)
    subscribe(service, acme, plan(service, features=FEATURES))
    assert (_has(service, acme, feature), _limit(service, acme, feature)) == (has, limit)


def test_the_state_and_the_subscription_have_a_say(service: Connection, admin: Connection) -> None:
    acme, start = organization(service), freeze(admin)
    trial = call(
        service,
        "start_trial",
        organization_id=acme,
        subscription_plan=plan(service, features=FEATURES, trial_period_days=14)["name"],
        converts=True,
    )
    assert _limit(service, acme, "projects") == 3
    move_clock(admin, start + timedelta(days=14))
    # Nobody has yet written that the trial is over.
    assert _limit(service, acme, "projects") == 10
    call(service, "update_subscription", subscription_id=trial["id"], metadata={"features": {"projects": 99}})
    assert _limit(service, acme, "projects") == 99
    assert _has(service, acme, "exports")
    call(service, "update_subscription", subscription_id=trial["id"], status="past_due")
    assert not _has(service, acme, "exports")
    assert _limit(service, acme, "projects") == 99
    move_clock(admin, "+5 days")
    assert _limit(service, acme, "projects") == 0
    got = call(service, "get_entitlements", organization_id=acme)
    assert (got["subscription_id"], got["status"], got["features"]) == (None, None, {})


def test_check_feature_says_what_is_left(service: Connection) -> None:
    acme = organization(service)
    subscribe(service, acme, plan(service, features=FEATURES))

    def check(feature: str, used: int | None = None) -> tuple[Any, ...]:
        return tuple(call(service, "check_feature", organization_id=acme, feature=feature, used=used).values())

    assert check("projects") == (True, True, 10, 10)
    assert check("projects", 9) == (True, True, 10, 1)
    assert check("projects", 10) == (False, True, 10, 0)
    assert check("projects", 12) == (False, True, 10, 0)
    assert check("exports") == (True, False, None, None)
    assert check("storage_gb", 10**12) == (True, False, None, None)
    assert check("support") == (True, False, None, None)
    assert check("sso") == (False, True, 0, 0)
    assert check("missing") == (False, True, 0, 0)
    assert refused(service, "TN001", "check_feature", organization_id=acme, feature="")["field"] == "feature"
    assert refused(service, "TN001", "check_feature", organization_id=acme, feature="a", used=-1)["field"] == "used"


def test_predicates_hold_in_policies_and_checks_of_own_tables(
    service: Connection, admin: Connection, connect: Connect
) -> None:
    acme, other = organization(service), organization(service)
    subscribe(service, acme, plan(service, features={"exports": True, "projects": 2}))
    user = _ask(admin, "insert into auth.users (email) values ('a@example.com') returning id")
    for tenant in (acme, other):
        call(service, "assign_role", user_id=user, role="member", organization_id=tenant)
    admin.execute(
        """
        create table public.exports (
            id int generated always as identity,
            organization_id uuid not null check (public.has_feature(organization_id, 'exports'))
        );
        alter table public.exports enable row level security;
        grant select, insert on public.exports to authenticated;
        create policy members on public.exports to authenticated
            using (organization_id = any (array(select public.organizations_with_feature('exports'))))
            with check (public.has_feature(organization_id, 'exports'));
        create table public.projects (organization_id uuid not null);
        alter table public.projects enable row level security;
        grant select, insert on public.projects to authenticated;
        create policy members_read on public.projects for select to authenticated
            using (organization_id = any (array(select public.organizations_with('organizations:read'))));
        create function public.project_count(organization uuid) returns bigint language sql stable security definer
            return (select count(*) from public.projects where organization_id = organization);
        create policy members_add on public.projects for insert to authenticated with check (
            coalesce(public.project_count(organization_id) < public.feature_limit(organization_id, 'projects'), true));
        """
    )
    member = connect("authenticated")
    member.execute("select set_config('request.jwt.claims', %s, false)", [f'{{"sub": "{user}"}}'])
    member.execute("insert into public.exports (organization_id) values (%s)", [acme])
    assert _ask(member, "select count(*) from public.exports") == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        member.execute("insert into public.exports (organization_id) values (%s)", [other])
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute("insert into public.exports (organization_id) values (%s)", [other])
    for _ in range(2):
        member.execute("insert into public.projects values (%s)", [acme])
    for tenant in (acme, other):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            member.execute("insert into public.projects values (%s)", [tenant])


def test_nobody_learns_of_the_features_of_others(service: Connection, admin: Connection, connect: Connect) -> None:
    acme = organization(service)
    subscribe(service, acme, plan(service, features={"exports": True, "projects": 2}))
    user = _ask(admin, "insert into auth.users (email) values ('a@example.com') returning id")
    stranger = connect("authenticated")
    stranger.execute("select set_config('request.jwt.claims', %s, false)", [f'{{"sub": "{user}"}}'])
    assert _has(stranger, acme, "exports") is False
    assert _limit(stranger, acme, "projects") == 0
    assert _ask(stranger, "select count(*) from public.organizations_with_feature('exports')") == 0
    refused(stranger, "42501", "get_entitlements", organization_id=acme)
    refused(stranger, "42501", "check_feature", organization_id=acme, feature="exports")


def test_seats_come_from_the_plan_as_it_is_now(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    freeze(admin)
    users = [
        _ask(admin, "insert into auth.users (email) values (%s) returning id", f"{n}@example.com") for n in range(3)
    ]
    subscription = subscribe(service, acme, plan(service, max_users=1))
    call(service, "assign_role", user_id=users[0], role="member", organization_id=acme)
    refused(service, "TN023", "assign_role", user_id=users[1], role="member", organization_id=acme)
    # Cancelled at the end of the period, which is over although nobody wrote it down: no plan, no limit.
    call(service, "cancel_subscription", subscription_id=subscription["id"])
    move_clock(admin, subscription["current_period_end"])
    call(service, "assign_role", user_id=users[1], role="member", organization_id=acme)
