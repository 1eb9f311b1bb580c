"""Many connections at once on one organization's subscription."""

from collections import Counter
from uuid import UUID

from tests.concurrency.test_credits import at_once, outcome
from tests.conftest import Connect, Connection
from tests.support.ledger import assert_ledger_holds, balance, call, entries, freeze, move_clock, organization
from tests.support.subscriptions import plan, stored, subscribe

AT_ONCE = 12


def _live(admin: Connection, acme: UUID) -> int:
    row = admin.execute(
        "select count(*) as n from public.organization_subscriptions where organization_id = %s and ended_at is null",
        [acme],
    ).fetchone()
    assert row is not None
    count: int = row["n"]
    return count


def test_of_many_that_subscribe_one_does(connect: Connect, service: Connection, admin: Connection) -> None:
    acme, basic = organization(service), plan(service, trial_period_days=14)
    connections = [connect("service_role") for _ in range(AT_ONCE)]
    functions = ("create_subscription", "start_trial")
    outcomes = at_once(
        AT_ONCE,
        lambda n: str(outcome(connections[n], functions[n % 2], organization_id=acme, subscription_plan=basic["name"])),
    )
    assert Counter(outcomes)["TN026"] == AT_ONCE - 1
    assert _live(admin, acme) == 1
    assert balance(service, acme)["balance"] == 100
    assert_ledger_holds(admin, acme)


def test_a_period_that_many_renew_at_once_brings_its_credits_once(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    freeze(admin)
    acme = organization(service)
    subscription = subscribe(service, acme, plan(service, features={"credit_rollover": 40}))
    move_clock(admin, subscription["current_period_end"])
    connections = [connect("service_role") for _ in range(AT_ONCE)]

    def work(n: int) -> None:
        match n % 3:
            case 0:
                connections[n].execute("select tenantry.settle_due_accounts()")
            case 1:
                call(connections[n], "consume_credits", organization_id=acme, amount=1)
            case _:
                call(connections[n], "grant_credits", organization_id=acme, amount=1)

    at_once(AT_ONCE, work)
    brought = [(e["source"], e["amount"]) for e in entries(admin, acme) if e["source"] in ("subscription", "rollover")]
    assert Counter(brought) == {("subscription", 100): 2, ("rollover", 40): 1}
    assert balance(service, acme)["balance"] == 140
    assert_ledger_holds(admin, acme)


def test_changes_of_plan_at_once_leave_the_credits_of_one_plan(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    acme = organization(service)
    plans = [plan(service, included_credits=credits) for credits in (100, 250, 400)]
    subscription = subscribe(service, acme, plans[0])
    connections = [connect("service_role") for _ in range(AT_ONCE)]
    for _ in range(5):
        at_once(
            AT_ONCE,
            lambda n: call(
                connections[n],
                "change_plan",
                subscription_id=subscription["id"],
                subscription_plan=plans[n % 3]["name"],
            ),
        )
        left = {p["id"]: p["included_credits"] for p in plans}[stored(admin, subscription)["subscription_plan_id"]]
        assert balance(service, acme)["balance"] == left
        assert_ledger_holds(admin, acme)


def test_the_last_seat_and_a_smaller_plan_do_not_pass_each_other(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    large, small = plan(service, max_users=2), plan(service, max_users=1)
    for number in range(10):
        acme = organization(service)
        subscription = subscribe(service, acme, large)
        users = [
            admin.execute(
                "insert into auth.users (email) values (%s) returning id", [f"{number}-{n}@example.com"]
            ).fetchone()
            for n in range(2)
        ]
        ids = [user["id"] for user in users if user]
        call(service, "assign_role", user_id=ids[0], role="owner", organization_id=acme)
        first, second = connect("service_role"), connect("service_role")
        done = at_once(
            2,
            lambda n, acme=acme, ids=ids, s=subscription, c=(first, second): (  # type: ignore[misc]
                outcome(c[0], "assign_role", user_id=ids[1], role="member", organization_id=acme)
                if n
                else outcome(c[1], "change_plan", subscription_id=s["id"], subscription_plan=small["name"])
            ),
        )
        assert sum(result == "TN023" for result in done) == 1, done
