"""The credits that plans include: once a period, gone at its end or carried over, changed with the plan."""

from datetime import timedelta

import pytest

from tests.conftest import Connection
from tests.support.ledger import (
    assert_ledger_holds,
    balance,
    call,
    consume,
    entries,
    findings,
    freeze,
    grant,
    hold,
    lots,
    move_clock,
    organization,
    settle,
)
from tests.support.subscriptions import included, plan, stored, subscribe

DAY = timedelta(days=1)


def test_each_period_brings_its_credits_once_and_they_expire_with_it(service: Connection, admin: Connection) -> None:
    acme, start = organization(service, 1000), freeze(admin)
    subscription = subscribe(service, acme, plan(service))
    end = subscription["current_period_end"]
    assert included(service, acme) == [(100, 100, end, "active")]
    consume(service, acme, 30)
    for moment in (start + DAY, end - timedelta(microseconds=1)):
        move_clock(admin, moment)
        settle(admin, acme)
        settle(admin, acme)
        assert included(service, acme) == [(100, 70, end, "active")]
    move_clock(admin, end)
    # Nobody has settled the account: the consumption does it.
    consume(service, acme, 1)
    assert included(service, acme) == [(100, 99, end + 28 * DAY, "active")]
    assert balance(service, acme)["purchased"] == 0
    assert balance(service, acme)["balance"] == 1099
    kinds = [(entry["transaction_type"], entry["source"], entry["amount"]) for entry in entries(admin, acme)]
    assert kinds == [
        ("earned", "grant", 1000),
        ("earned", "subscription", 100),
        ("consumed", "consumption", -30),
        ("expired", "expiry", -70),
        ("earned", "subscription", 100),
        ("consumed", "consumption", -1),
    ]
    # The entries have the time at which they fell due.
    assert [entry["created_at"] for entry in entries(admin, acme)][3:5] == [end, end]
    assert_ledger_holds(admin, acme)


def test_a_balance_is_read_as_if_the_period_had_been_renewed(service: Connection, admin: Connection) -> None:
    for features, steps in (({}, 1), ({}, 3), ({"credit_rollover": 40}, 1), ({"credit_rollover": 40}, 3)):
        start = freeze(admin)
        acme = organization(service, 50)
        subscribe(service, acme, plan(service, features=features))
        consume(service, acme, 30)
        move_clock(admin, start + steps * 30 * DAY + 2 * DAY)
        service.execute("begin read only")
        read = balance(service, acme)
        service.execute("commit")
        settle(admin, acme)
        assert read == balance(service, acme)
        assert read["balance"] == 150 + (40 if features else 0)
        assert_ledger_holds(admin, acme)


def test_a_trial_brings_credits_that_end_with_it(service: Connection, admin: Connection) -> None:
    acme, start = organization(service), freeze(admin)
    call(
        service,
        "start_trial",
        organization_id=acme,
        subscription_plan=plan(service, trial_period_days=14)["name"],
        converts=True,
    )
    assert included(service, acme) == [(100, 100, start + 14 * DAY, "active")]
    move_clock(admin, start + 14 * DAY)
    settle(admin, acme)
    assert included(service, acme) == [(100, 100, start + (14 + 31) * DAY, "active")]
    assert balance(service, acme)["balance"] == 100
    assert_ledger_holds(admin, acme)


def test_what_is_left_of_a_trial_goes_back_when_it_ends_early(service: Connection, admin: Connection) -> None:
    for status, left in (("active", 100), ("cancelled", 0), ("expired", 0), ("past_due", 0)):
        freeze(admin)
        acme = organization(service, 7)
        trial = call(
            service,
            "start_trial",
            organization_id=acme,
            subscription_plan=plan(service, trial_period_days=14)["name"],
        )
        consume(service, acme, 40)
        move_clock(admin, "+1 day")
        call(service, "update_subscription", subscription_id=trial["id"], status=status)
        assert balance(service, acme)["balance"] == 7 + left
        assert_ledger_holds(admin, acme)


def test_an_upgrade_grants_the_difference_and_a_downgrade_takes_back_what_is_left_of_it(
    service: Connection, admin: Connection
) -> None:
    acme = organization(service)
    freeze(admin)
    call(service, "grant_credits", organization_id=acme, amount=500, transaction_type="purchased")
    small, large = plan(service), plan(service, included_credits=400)
    subscription = subscribe(service, acme, small)
    consume(service, acme, 60)

    def change(to: object) -> dict[str, object]:
        call(service, "change_plan", subscription_id=subscription["id"], subscription_plan=str(to))
        assert_ledger_holds(admin, acme)
        now = balance(service, acme)
        return {"purchased": now["purchased"], "granted": now["granted"]}

    assert change(large["name"]) == {"purchased": 500, "granted": 340}
    assert change(large["name"]) == {"purchased": 500, "granted": 340}
    assert change(small["name"]) == {"purchased": 500, "granted": 40}
    assert change(large["name"]) == {"purchased": 500, "granted": 340}
    # The credits are spent before the plan takes them back: the rest is recorded as missing, and does not come out of
    # bought credits.
    consume(service, acme, 300)
    assert change(small["name"]) == {"purchased": 500, "granted": 0}
    assert change(large["name"]) == {"purchased": 500, "granted": 40}


def test_nobody_gains_credits_by_going_up_and_down(service: Connection, admin: Connection) -> None:
    freeze(admin)
    small, large = plan(service), plan(service, included_credits=500)
    acme = organization(service)
    subscription = subscribe(service, acme, small)
    for round_ in range(3):
        call(service, "change_plan", subscription_id=subscription["id"], subscription_plan=large["name"])
        assert balance(service, acme)["balance"] == (0 if round_ else 500)
        if not round_:
            consume(service, acme, 500)
        call(service, "change_plan", subscription_id=subscription["id"], subscription_plan=small["name"])
        assert balance(service, acme)["balance"] == 0
    assert findings(service, acme) == []


def test_nor_by_going_between_credits_by_the_month_and_by_the_year(service: Connection, admin: Connection) -> None:
    freeze(admin)
    months = plan(service, interval="annual", features={"credit_interval": "monthly"})
    year = plan(service, interval="annual", included_credits=1200)
    acme = organization(service)
    subscription = subscribe(service, acme, months)
    move_clock(admin, "+70 days")
    assert balance(service, acme)["balance"] == 100
    for _ in range(2):
        call(service, "change_plan", subscription_id=subscription["id"], subscription_plan=year["name"])
        call(service, "change_plan", subscription_id=subscription["id"], subscription_plan=months["name"])
        assert balance(service, acme)["balance"] == 100
        assert_ledger_holds(admin, acme)


def test_a_plan_changed_at_renewal_holds_from_then_on(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    freeze(admin)
    small, large = plan(service), plan(service, included_credits=400, interval="annual")
    subscription = subscribe(service, acme, small)
    changed = call(
        service,
        "change_plan",
        subscription_id=subscription["id"],
        subscription_plan=large["name"],
        at_renewal=True,
    )
    assert (changed["subscription_plan_id"], changed["pending_plan_id"]) == (small["id"], large["id"])
    assert balance(service, acme)["balance"] == 100
    end = subscription["current_period_end"]
    move_clock(admin, end + DAY)
    settle(admin, acme)
    renewed = stored(admin, subscription)
    assert (renewed["subscription_plan_id"], renewed["pending_plan_id"]) == (large["id"], None)
    assert (renewed["current_period_start"], renewed["current_period_end"]) == (end, end.replace(year=end.year + 1))
    assert balance(service, acme)["balance"] == 400
    # The grant is taken back before it takes effect.
    call(service, "change_plan", subscription_id=subscription["id"], subscription_plan=small["name"], at_renewal=True)
    undone = call(
        service, "change_plan", subscription_id=subscription["id"], subscription_plan=large["name"], at_renewal=True
    )
    assert undone["pending_plan_id"] is None


def test_a_change_to_another_billing_period_starts_it_now(service: Connection, admin: Connection) -> None:
    acme, start = organization(service), freeze(admin)
    subscription = subscribe(service, acme, plan(service))
    move_clock(admin, start + 10 * DAY)
    changed = call(
        service,
        "change_plan",
        subscription_id=subscription["id"],
        subscription_plan=plan(service, interval="annual", included_credits=1200)["name"],
    )
    assert changed["current_period_start"] == start + 10 * DAY
    assert changed["current_period_end"] == start + (10 + 365) * DAY
    # The credits of the old period stay until it would have ended.
    assert included(service, acme) == [
        (100, 100, start + 31 * DAY, "active"),
        (1200, 1200, start + 375 * DAY, "active"),
    ]


def test_monthly_credits_on_an_annual_plan(service: Connection, admin: Connection) -> None:
    acme, start = organization(service), freeze(admin)
    yearly = plan(service, interval="annual", included_credits=10, features={"credit_interval": "monthly"})
    subscription = subscribe(service, acme, yearly)
    assert subscription["current_period_end"] == start.replace(year=start.year + 1)
    coming = included(service, acme)
    assert [state for *_, state in coming] == ["active"] + ["pending"] * 11
    assert balance(service, acme)["balance"] == 10
    for month in range(1, 13):
        year, index = divmod(month, 12)
        move_clock(admin, start.replace(year=start.year + year, month=index + 1))
        assert balance(service, acme)["balance"] == 10
        consume(service, acme, 3)
        assert balance(service, acme)["balance"] == 7
    # The second year has begun; it brings its monthly credits in the same way.
    assert [state for *_, state in included(service, acme)] == ["active"] + ["pending"] * 11
    assert_ledger_holds(admin, acme)
    move_clock(admin, "+1 day")
    call(service, "cancel_subscription", subscription_id=subscription["id"], immediately=True)
    assert [state for *_, state in included(service, acme)] == ["active"]
    assert balance(service, acme)["balance"] == 7
    assert_ledger_holds(admin, acme)


def test_a_cancelled_subscription_keeps_the_credits_of_its_period_until_they_expire(
    service: Connection, admin: Connection
) -> None:
    acme = organization(service)
    freeze(admin)
    subscription = subscribe(service, acme, plan(service))
    move_clock(admin, "+1 day")
    call(service, "cancel_subscription", subscription_id=subscription["id"], immediately=True)
    assert balance(service, acme)["balance"] == 100
    move_clock(admin, subscription["current_period_end"])
    assert balance(service, acme)["balance"] == 0


@pytest.mark.parametrize(
    ("rollover", "balances"),
    [
        (None, [70, 100, 100, 100]),
        ("none", [70, 100, 100, 100]),
        ("all", [70, 170, 270, 370]),
        (50, [70, 150, 150, 150]),
        (90, [70, 170, 190, 190]),
        (0, [70, 100, 100, 100]),
    ],
)
def test_what_is_left_rolls_over_as_the_plan_says(
    service: Connection, admin: Connection, rollover: object, balances: list[int]
) -> None:
    acme, start = organization(service), freeze(admin)
    features = {} if rollover is None else {"credit_rollover": rollover}
    subscribe(service, acme, plan(service, features=features))
    consume(service, acme, 30)
    seen = []
    for month in range(4):
        move_clock(admin, start.replace(month=1 + month))
        read = balance(service, acme)["balance"]
        settle(admin, acme)
        assert balance(service, acme)["balance"] == read
        seen.append(read)
    assert seen == balances
    assert_ledger_holds(admin, acme)


def test_what_rolled_over_is_spent_before_what_lasts_longer(service: Connection, admin: Connection) -> None:
    acme, start = organization(service), freeze(admin)
    subscribe(service, acme, plan(service, features={"credit_rollover": 50}))
    call(service, "grant_credits", organization_id=acme, amount=500, transaction_type="purchased")
    move_clock(admin, start.replace(month=2))
    consume(service, acme, 120)
    now = balance(service, acme)
    assert (now["purchased"], now["granted"]) == (500, 30)


def test_months_of_an_annual_plan_roll_over_too(service: Connection, admin: Connection) -> None:
    acme, start = organization(service), freeze(admin)
    features = {"credit_interval": "monthly", "credit_rollover": 5}
    subscribe(service, acme, plan(service, interval="annual", included_credits=10, features=features))
    consume(service, acme, 2)
    for month in (2, 3, 4):
        move_clock(admin, start.replace(month=month))
        settle(admin, acme)
        assert balance(service, acme)["balance"] == 15
    assert_ledger_holds(admin, acme)


def test_credits_under_a_hold_outlive_their_period_and_do_not_roll_over(service: Connection, admin: Connection) -> None:
    acme, start = organization(service), freeze(admin)
    subscribe(service, acme, plan(service, features={"credit_rollover": 1000}))
    held = hold(service, acme, 60, time_to_live=timedelta(days=40))
    move_clock(admin, start.replace(month=2))
    settle(admin, acme)
    now = balance(service, acme)
    assert (now["balance"], now["held"]) == (200, 60)
    call(service, "capture_hold", organization_id=acme, hold_id=held["id"])
    assert balance(service, acme)["balance"] == 140
    assert_ledger_holds(admin, acme)


def test_credits_written_off_by_hand_do_not_roll_over(service: Connection, admin: Connection) -> None:
    for amount, rolled in ((100, 0), (70, 30)):
        start = freeze(admin)
        acme = organization(service)
        subscribe(service, acme, plan(service, features={"credit_rollover": 1000}))
        call(
            service,
            "create_credit_transaction",
            organization_id=acme,
            transaction_type="expired",
            amount=-amount,
            source="test",
            source_id=lots(service, acme)[0]["id"],
        )
        assert balance(service, acme)["balance"] == 100 - amount
        move_clock(admin, start.replace(month=2))
        read = balance(service, acme)["balance"]
        settle(admin, acme)
        assert (read, balance(service, acme)["balance"]) == (100 + rolled, 100 + rolled)
        assert_ledger_holds(admin, acme)


def test_an_extended_period_keeps_its_credits_as_long(service: Connection, admin: Connection) -> None:
    acme, start = organization(service), freeze(admin)
    subscription = subscribe(service, acme, plan(service))
    consume(service, acme, 20)
    later = subscription["current_period_end"] + 5 * DAY
    call(service, "update_subscription", subscription_id=subscription["id"], current_period_end=later)
    assert [(left, end) for _, left, end, _ in included(service, acme)] == [(80, later)]
    move_clock(admin, start + 32 * DAY)
    assert balance(service, acme)["balance"] == 80
    assert_ledger_holds(admin, acme)


def test_credits_of_a_plan_without_any_move_nothing(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    subscribe(service, acme, plan(service, included_credits=0))
    settle(admin, acme)
    assert entries(admin, acme) == []


def test_what_is_granted_for_later_leaves_no_room_for_a_period(service: Connection, admin: Connection) -> None:
    """Otherwise the account could not be settled from then on, and the organization could not spend."""
    now = freeze(admin)
    acme = organization(service)
    grant(service, acme, 2_000_000_000, effective_at=now + timedelta(days=10))
    subscribe(service, acme, plan(service, included_credits=500_000_000))
    assert balance(service, acme)["balance"] == 147_483_647
    move_clock(admin, "+11 days")
    consume(service, acme, 1)
    assert balance(service, acme)["balance"] == 2_147_483_646
    assert findings(service, acme) == []


def test_a_full_account_takes_what_it_can_hold_and_still_renews(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    freeze(admin)
    subscription = subscribe(service, acme, plan(service))
    grant(service, acme, 2147483647 - 100)
    move_clock(admin, subscription["current_period_end"])
    consume(service, acme, 1)
    assert balance(service, acme)["balance"] == 2147483646
    grant(service, acme, 1)
    move_clock(admin, stored(admin, subscription)["current_period_end"])
    assert balance(service, acme)["balance"] == 2147483647
    consume(service, acme, 1)
    assert_ledger_holds(admin, acme)
