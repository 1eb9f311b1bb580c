"""estimate_runway: the time when the credits run out, with expiring credits counted in."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.conftest import Connection
from tests.support.ledger import Row, call, consume, entries, freeze, grant, hold, move_clock, organization, refused
from tests.support.plans import nodes, told_plans
from tests.support.rpc import INVALID_ARGUMENT, access, case

ACCESS = access("organization_id => {first}", ok="viewer member billing admin owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(INVALID_ARGUMENT, "days", organization_id="$acme", days=0),
    case(INVALID_ARGUMENT, "days", organization_id="$acme", days=367),
]

DAY = timedelta(days=1)


def estimate(service: Connection, organization_id: UUID, days: int | None = None) -> Row:
    return call(service, "estimate_runway", organization_id=organization_id, days=days)


def burn(service: Connection, admin: Connection, organization_id: UUID, days: int, daily: int) -> datetime:
    """Spends on several days in a row; returns the time after that."""
    for _ in range(days):
        move_clock(admin, "+1 day")
        consume(service, organization_id, daily)
    now = admin.execute("select now from test.clock").fetchone()
    assert now is not None
    time: datetime = now["now"]
    return time


def test_credits_last_for_what_there_is_divided_by_the_daily_burn(service: Connection, admin: Connection) -> None:
    freeze(admin)
    acme = organization(service, 300)
    now = burn(service, admin, acme, 10, 10)
    assert estimate(service, acme) == {
        "available": 200,
        "mean_daily_burn": 10,
        "runs_out_at": now + 20 * DAY,
        "expiring_unspent": 0,
    }


def test_the_burn_is_that_of_the_last_days(service: Connection, admin: Connection) -> None:
    freeze(admin)
    acme = organization(service, 1000)
    burn(service, admin, acme, 30, 2)
    now = burn(service, admin, acme, 10, 14)
    assert estimate(service, acme, 10)["mean_daily_burn"] == 14
    assert estimate(service, acme, 10)["runs_out_at"] == now + timedelta(days=800 / 14)
    assert estimate(service, acme, 20)["mean_daily_burn"] == 8
    assert estimate(service, acme)["mean_daily_burn"] == 6
    assert estimate(service, acme, 366)["mean_daily_burn"] == 5, "since the first entry"


def test_what_expires_on_the_way_is_lost(service: Connection, admin: Connection) -> None:
    freeze(admin)
    acme = organization(service, 200)
    now = burn(service, admin, acme, 10, 10)
    grant(service, acme, 80, expires_at=now + 5 * DAY)
    # 50 of the 80 are spent in five days, then 100 last ten days more.
    assert estimate(service, acme) == {
        "available": 180,
        "mean_daily_burn": 10,
        "runs_out_at": now + 15 * DAY,
        "expiring_unspent": 30,
    }
    grant(service, acme, 20, expires_at=now + 6 * DAY)
    assert estimate(service, acme)["runs_out_at"] == now + 16 * DAY
    assert estimate(service, acme)["expiring_unspent"] == 40


def test_everything_may_expire_before_it_is_spent(service: Connection, admin: Connection) -> None:
    freeze(admin)
    acme = organization(service, 100)
    now = burn(service, admin, acme, 10, 10)
    grant(service, acme, 500, expires_at=now + 7 * DAY)
    found = estimate(service, acme)
    assert (found["runs_out_at"], found["expiring_unspent"]) == (now + 7 * DAY, 430)


def test_without_burn_credits_last_for_ever_but_for_those_that_expire(service: Connection, admin: Connection) -> None:
    now = freeze(admin)
    acme = organization(service, 100)
    assert estimate(service, acme) == {
        "available": 100,
        "mean_daily_burn": 0,
        "runs_out_at": None,
        "expiring_unspent": 0,
    }
    grant(service, acme, 30, expires_at=now + DAY)
    assert (estimate(service, acme)["runs_out_at"], estimate(service, acme)["expiring_unspent"]) == (None, 30)
    only = organization(service)
    grant(service, only, 30, expires_at=now + DAY)
    assert (estimate(service, only)["runs_out_at"], estimate(service, only)["expiring_unspent"]) == (now + DAY, 30)


def test_held_credits_are_spoken_for(service: Connection, admin: Connection) -> None:
    now = freeze(admin)
    acme = organization(service, 100)
    grant(service, acme, 30, expires_at=now + 9 * DAY)
    hold(service, acme, 30, time_to_live=DAY)
    found = estimate(service, acme)
    assert (found["available"], found["runs_out_at"], found["expiring_unspent"]) == (100, None, 0)
    grant(service, acme, 20, expires_at=now + 10 * DAY)
    assert estimate(service, acme)["expiring_unspent"] == 20
    consume(service, acme, 10)
    # The hold backs itself with the 20 left of the first lot and 10 of the second.
    found = estimate(service, acme)
    assert (found["available"], found["mean_daily_burn"]) == (110, 10)
    assert (found["runs_out_at"], found["expiring_unspent"]) == (now + 11 * DAY, 0)


def test_with_nothing_left_it_is_now(service: Connection, admin: Connection) -> None:
    now = freeze(admin)
    empty, acme = organization(service), organization(service, 10)
    consume(service, acme, 10)
    assert estimate(service, acme) == {
        "available": 0,
        "mean_daily_burn": 10,
        "runs_out_at": now,
        "expiring_unspent": 0,
    }
    assert (estimate(service, empty)["mean_daily_burn"], estimate(service, empty)["runs_out_at"]) == (0, now)


def test_what_has_expired_does_not_count_though_nothing_is_settled(service: Connection, admin: Connection) -> None:
    now = freeze(admin)
    acme = organization(service, 10)
    grant(service, acme, 100, expires_at=now + DAY)
    move_clock(admin, "+2 days")
    service.execute("begin read only")
    assert estimate(service, acme)["available"] == 10
    service.execute("rollback")
    assert len(entries(admin, acme)) == 2


@pytest.mark.parametrize("days", [0, -1, 367])
def test_bad_input_is_refused(credits_service: Connection, days: int) -> None:
    acme = organization(credits_service)
    assert refused(credits_service, "TN001", "estimate_runway", organization_id=acme, days=days)["field"] == "days"
    assert refused(credits_service, "TN001", "estimate_runway")["field"] == "organization_id"
    refused(credits_service, "TN002", "estimate_runway", organization_id=uuid4())


def test_sums_and_entries_give_the_burn_of_the_exact_days(service: Connection, admin: Connection) -> None:
    """The days begin inside a quarter of an hour. Some entries are in the sums, and others are not yet."""
    first = freeze(admin)
    acme = organization(service, 10_000)
    for minutes in range(0, 3 * 24 * 60, 131):
        admin.execute("update test.clock set now = %s", [first + timedelta(minutes=minutes, seconds=17)])
        consume(service, acme, minutes % 50 + 1)
    for _ in range(3):
        move_clock(admin, "+5 minutes")
        now = consume(service, acme, 9)["created_at"]
        spent = [(row["created_at"], -row["amount"]) for row in entries(admin, acme) if row["amount"] < 0]
        for days in (1, 2, 3, 30):
            expected = sum(credits for at, credits in spent if at > now - days * DAY) / min(days, (now - first) / DAY)
            assert estimate(service, acme, days)["mean_daily_burn"] == pytest.approx(expected)
        admin.execute("select tenantry.sum_up_usage(%s)", [acme])


def test_a_long_ledger_costs_no_more(scratch: Connection) -> None:
    acme = organization(scratch)
    scratch.execute("set local session_replication_role = replica")
    scratch.execute(
        "insert into public.credit_transactions"
        " (organization_id, transaction_type, amount, balance_after, source, entry_number, created_at)"
        " select %(id)s, 'consumed', -1, 1, 'consumption', n, now() - (20000 - n) * interval '100 seconds'"
        " from generate_series(1, 20000) as n",
        {"id": acme},
    )
    scratch.execute(
        "update public.organizations set credits_entry_number = 20000, credits_settled_entry = 20000 where id = %s",
        [acme],
    )
    estimate(scratch, acme)
    with told_plans(scratch) as told:
        estimate(scratch, acme)
    read = [node for plan in told for node in nodes(plan["Plan"]) if node.get("Relation Name") == "credit_transactions"]
    assert read
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in read) < 200
