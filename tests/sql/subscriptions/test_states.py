"""The states of a subscription: the allowed changes, by hand, by the clock, and in psql."""

import itertools
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.conftest import Connection
from tests.support.ledger import call, events, freeze, move_clock, organization, refused, settle
from tests.support.subscriptions import current, plan, stored, subscribe

STATES = ("trial", "active", "past_due", "cancelled", "expired")
DAY = timedelta(days=1)
# The allowed changes of a subscription that Stripe does not know.
ALLOWED = {
    ("trial", "active"),
    ("trial", "past_due"),
    ("trial", "cancelled"),
    ("trial", "expired"),
    ("active", "past_due"),
    ("active", "cancelled"),
    ("past_due", "active"),
    ("past_due", "cancelled"),
    ("past_due", "expired"),
}
# Every change at Stripe has already happened, and is followed.
ALLOWED_AT_STRIPE = set(itertools.permutations(STATES, 2))

INSERT = """
insert into public.organization_subscriptions
    (organization_id, stripe_customer_id, stripe_subscription_id, status, ended_at, past_due_at)
values (%s, 'cus', %s, %s, %s, %s)
"""


def _row(admin: Connection, status: str, stripe: bool) -> psycopg.Cursor[dict[str, object]]:
    """Puts a subscription into the state, past all rules, as a DBA without triggers could."""
    acme = organization(admin)
    ended = "2030-01-01" if status in ("cancelled", "expired") else None
    admin.execute("set session_replication_role = replica")
    admin.execute(INSERT, [acme, f"sub_{uuid4()}" if stripe else None, status, ended, "2030-01-01"])
    admin.execute("set session_replication_role = origin")
    return admin.execute("select id from public.organization_subscriptions where organization_id = %s", [acme])


@pytest.mark.parametrize("stripe", [False, True], ids=["local", "stripe"])
def test_every_change_that_the_table_lacks_is_refused_even_in_psql(admin: Connection, stripe: bool) -> None:
    done, refusals = set(), {}
    for before, after in itertools.permutations(STATES, 2):
        row = _row(admin, before, stripe).fetchone()
        assert row is not None
        ended = "2030-01-01" if after in ("cancelled", "expired") else None
        try:
            admin.execute(
                "update public.organization_subscriptions set status = %s, ended_at = %s where id = %s",
                [after, ended, row["id"]],
            )
            done.add((before, after))
        except psycopg.Error as error:
            refusals[before, after] = error
    assert done == (ALLOWED_AT_STRIPE if stripe else ALLOWED)
    for (before, after), refusal in refusals.items():
        assert refusal.sqlstate == "TN025"
        assert f"a subscription that is {before} cannot become {after}" in str(refusal)


@pytest.mark.parametrize("stripe", [False, True], ids=["local", "stripe"])
def test_a_subscription_begins_on_trial_or_active(admin: Connection, stripe: bool) -> None:
    for status in STATES:
        ended = "2030-01-01" if status in ("cancelled", "expired") else None
        row = [organization(admin), f"sub_{status}" if stripe else None, status, ended, "2030-01-01"]
        if stripe or status in ("trial", "active"):
            admin.execute(INSERT, row)
            continue
        with pytest.raises(psycopg.Error) as raised:
            admin.execute(INSERT, row)
        assert raised.value.sqlstate == "TN025"


def test_a_change_by_hand_that_is_not_allowed_names_both_states(service: Connection) -> None:
    acme = organization(service)
    subscription = subscribe(service, acme, plan(service))
    detail = refused(service, "TN025", "update_subscription", subscription_id=subscription["id"], status="trial")
    assert (detail["from"], detail["to"]) == ("active", "trial")
    call(service, "cancel_subscription", subscription_id=subscription["id"], immediately=True)
    refused(service, "TN031", "update_subscription", subscription_id=subscription["id"], status="active")


def test_an_organization_has_one_live_subscription(service: Connection, admin: Connection) -> None:
    acme, basic = organization(service), plan(service)
    first = subscribe(service, acme, basic)
    detail = refused(service, "TN026", "create_subscription", organization_id=acme, subscription_plan=basic["name"])
    assert detail["subscription_id"] == str(first["id"])
    with pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute(INSERT, [acme, None, "active", None, None])
    call(service, "cancel_subscription", subscription_id=first["id"], immediately=True)
    second = subscribe(service, acme, basic)
    assert current(service, acme)["id"] == second["id"]


def test_a_period_renews_by_itself_and_is_read_so_before_anybody_wrote_it(
    service: Connection, admin: Connection
) -> None:
    acme, start = organization(service), freeze(admin)
    subscription = subscribe(service, acme, plan(service))
    assert (subscription["status"], subscription["current_period_start"]) == ("active", start)
    assert subscription["current_period_end"] == start + timedelta(days=31)
    move_clock(admin, start + timedelta(days=31))
    read = current(service, acme)
    assert read["current_period_start"] == start + timedelta(days=31)
    assert stored(admin, subscription)["current_period_start"] == start
    settle(admin, acme)
    assert stored(admin, subscription)["current_period_start"] == start + timedelta(days=31)
    # Three more periods pass, and nobody looks at the subscription.
    move_clock(admin, start + timedelta(days=31 + 28 + 31 + 5))
    assert current(service, acme)["current_period_start"] == start + timedelta(days=31 + 28 + 31)
    settle(admin, acme)
    assert stored(admin, subscription) | {"updated_at": 0} == current(service, acme) | {"updated_at": 0}


def test_maintenance_renews(service: Connection, admin: Connection) -> None:
    acme, start = organization(service), freeze(admin)
    subscription = subscribe(service, acme, plan(service))
    move_clock(admin, start + timedelta(days=31))
    admin.execute("select tenantry.settle_due_accounts()")
    assert stored(admin, subscription)["current_period_start"] == start + timedelta(days=31)


def test_cancelled_at_period_end_it_lives_until_then(service: Connection, admin: Connection) -> None:
    acme, start = organization(service), freeze(admin)
    subscription = subscribe(service, acme, plan(service))
    cancelled = call(service, "cancel_subscription", subscription_id=subscription["id"])
    assert (cancelled["status"], cancelled["cancel_at_period_end"]) == ("active", True)
    assert cancelled["cancelled_at"] == start
    # Run later again, the call changes nothing.
    move_clock(admin, "+1 day")
    assert call(service, "cancel_subscription", subscription_id=subscription["id"])["cancelled_at"] == start
    move_clock(admin, cancelled["current_period_end"] - timedelta(microseconds=1))
    assert current(service, acme)["status"] == "active"
    move_clock(admin, cancelled["current_period_end"])
    ended = current(service, acme)
    assert (ended["status"], ended["ended_at"]) == ("cancelled", cancelled["current_period_end"])
    settle(admin, acme)
    assert stored(admin, subscription)["status"] == "cancelled"
    refused(service, "TN031", "cancel_subscription", subscription_id=subscription["id"])
    refused(service, "TN031", "resume_subscription", subscription_id=subscription["id"])


def test_resumed_it_renews(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    freeze(admin)
    subscription = subscribe(service, acme, plan(service))
    call(service, "cancel_subscription", subscription_id=subscription["id"])
    resumed = call(service, "resume_subscription", subscription_id=subscription["id"])
    assert (resumed["cancel_at_period_end"], resumed["cancelled_at"]) == (False, None)
    move_clock(admin, "+40 days")
    assert current(service, acme)["status"] == "active"


def test_a_trial_runs_out_unless_it_converts(service: Connection, admin: Connection) -> None:
    start = freeze(admin)
    basic = plan(service, trial_period_days=14)
    for converts, status, ended in ((False, "expired", start + 14 * DAY), (True, "active", None)):
        acme = organization(service)
        trial = call(service, "start_trial", organization_id=acme, subscription_plan=basic["name"], converts=converts)
        assert (trial["status"], trial["trial_start"], trial["trial_end"]) == ("trial", start, start + 14 * DAY)
        move_clock(admin, start + 14 * DAY)
        settle(admin, acme)
        over = stored(admin, trial)
        assert (over["status"], over["ended_at"]) == (status, ended)
        assert over["current_period_start"] == (start + 14 * DAY if converts else start)
        move_clock(admin, start)


def test_a_cancelled_trial_ends_as_cancelled(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    freeze(admin)
    trial = call(
        service,
        "start_trial",
        organization_id=acme,
        subscription_plan=plan(service, trial_period_days=14)["name"],
    )
    call(service, "cancel_subscription", subscription_id=trial["id"])
    assert current(service, acme)["status"] == "trial"
    move_clock(admin, "+14 days")
    assert current(service, acme)["status"] == "cancelled"


def test_a_trial_is_had_once_and_where_the_plan_has_one(service: Connection) -> None:
    acme, basic = organization(service), plan(service, trial_period_days=14)
    detail = refused(service, "TN028", "start_trial", organization_id=acme, subscription_plan=plan(service)["name"])
    assert detail["cause"] == "PLAN_HAS_NO_TRIAL"
    trial = call(service, "start_trial", organization_id=acme, subscription_plan=basic["name"])
    refused(service, "TN026", "start_trial", organization_id=acme, subscription_plan=basic["name"])
    call(service, "cancel_subscription", subscription_id=trial["id"], immediately=True)
    detail = refused(service, "TN028", "start_trial", organization_id=acme, subscription_plan=basic["name"])
    assert detail["cause"] == "HAD_A_SUBSCRIPTION"


def test_past_due_has_grace_and_then_expires(service: Connection, admin: Connection) -> None:
    start = freeze(admin)
    for features, days in (({}, 7), ({"grace_days": 3}, 3), ({"grace_days": 0}, 0)):
        acme = organization(service)
        subscription = subscribe(service, acme, plan(service, features=features))
        late = call(service, "update_subscription", subscription_id=subscription["id"], status="past_due")
        assert (late["status"], late["past_due_at"]) == ("past_due", start)
        if days:
            move_clock(admin, start + days * DAY - timedelta(microseconds=1))
            assert current(service, acme)["status"] == "past_due"
        move_clock(admin, start + days * DAY)
        over = current(service, acme)
        assert (over["status"], over["ended_at"]) == ("expired", start + days * DAY)
        settle(admin, acme)
        assert stored(admin, subscription)["status"] == "expired"
        move_clock(admin, start)


def test_paid_within_grace_it_is_active_and_a_period_that_is_over_starts_anew(
    service: Connection, admin: Connection
) -> None:
    acme, start = organization(service), freeze(admin)
    subscription = subscribe(service, acme, plan(service))
    call(service, "update_subscription", subscription_id=subscription["id"], status="past_due")
    move_clock(admin, start + 3 * DAY)
    paid = call(service, "update_subscription", subscription_id=subscription["id"], status="active")
    assert (paid["status"], paid["past_due_at"], paid["current_period_start"]) == ("active", None, start)
    move_clock(admin, paid["current_period_end"] - DAY)
    call(service, "update_subscription", subscription_id=subscription["id"], status="past_due")
    move_clock(admin, paid["current_period_end"] + DAY)
    paid = call(service, "update_subscription", subscription_id=subscription["id"], status="active")
    assert paid["current_period_start"] == start + 32 * DAY


def test_every_change_is_an_event(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    freeze(admin)
    subscription = subscribe(service, acme, plan(service))
    call(service, "update_subscription", subscription_id=subscription["id"], status="past_due")
    move_clock(admin, "+7 days")
    settle(admin, acme)
    seen = [
        (event["payload"].get("from"), event["payload"]["to"])
        for event in events(admin, acme)
        if event["event_type"] == "subscription_changed"
    ]
    assert seen == [("new", "active"), ("active", "past_due"), ("past_due", "expired")]


def test_a_subscription_at_stripe_follows_stripe_and_only_silence_lets_the_clock_decide(
    service: Connection, admin: Connection
) -> None:
    acme, start = organization(service), freeze(admin)
    row = admin.execute(
        "insert into public.organization_subscriptions (organization_id, subscription_plan_id, stripe_customer_id,"
        " stripe_subscription_id, status, current_period_start, current_period_end)"
        " values (%s, %s, 'cus_1', 'sub_1', 'active', %s, %s) returning id",
        [acme, plan(service)["id"], start, start + 31 * DAY],
    ).fetchone()
    assert row is not None
    detail = refused(service, "TN030", "update_subscription", subscription_id=row["id"], status="past_due")
    assert detail["stripe_subscription_id"] == "sub_1"
    changed = call(service, "update_subscription", subscription_id=row["id"], metadata={"tier": "gold"})
    assert changed["metadata"] == {"tier": "gold"}
    move_clock(admin, start + 33 * DAY)
    assert current(service, acme)["status"] == "active"
    move_clock(admin, start + 34 * DAY)
    assert current(service, acme)["status"] == "past_due"
    move_clock(admin, start + (31 + 7) * DAY)
    over = current(service, acme)
    assert (over["status"], over["ended_at"]) == ("expired", start + 38 * DAY)


def test_seats_of_a_smaller_plan_must_hold_the_members(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    for name in ("a", "b"):
        user = admin.execute(
            "insert into auth.users (email) values (%s) returning id", [f"{name}@example.com"]
        ).fetchone()
        assert user is not None
        call(service, "assign_role", user_id=user["id"], role="member", organization_id=acme)
    subscription = subscribe(service, acme, plan(service, max_users=5))
    detail = refused(
        service,
        "TN023",
        "change_plan",
        subscription_id=subscription["id"],
        subscription_plan=plan(service, max_users=1)["name"],
    )
    assert (detail["seats"], detail["taken"]) == (1, 2)
