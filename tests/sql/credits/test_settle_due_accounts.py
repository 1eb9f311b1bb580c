"""tenantry.settle_due_accounts: settles the due accounts, beside other sessions that do the same."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import (
    Row,
    assert_ledger_holds,
    batch,
    entries,
    events,
    findings,
    freeze,
    grant,
    hold,
    move_clock,
    organization,
)

HOUR = timedelta(hours=1)


def maintain(connection: Connection, limit: int | None = None) -> int:
    arguments = "" if limit is None else str(limit)
    row = connection.execute(f"select tenantry.settle_due_accounts({arguments}) as n".encode()).fetchone()
    assert row is not None
    return int(row["n"])


def due(service: Connection, admin: Connection, count: int) -> list[UUID]:
    """Organizations with something due."""
    now = freeze(admin)
    made = []
    for _ in range(count):
        acme = organization(service, 5)
        grant(service, acme, 10, expires_at=now + HOUR)
        hold(service, acme, 2, time_to_live=HOUR)
        made.append(acme)
    move_clock(admin, "+2 hours")
    return made


def raw_balance(admin: Connection, organization_id: UUID) -> int:
    row = admin.execute("select credit_balance as n from public.organizations where id = %s", [organization_id])
    found = row.fetchone()
    assert found is not None
    return int(found["n"])


def test_due_accounts_are_settled_and_then_there_is_nothing_to_do(service: Connection, admin: Connection) -> None:
    made = due(service, admin, 3)
    idle = organization(service, 5)
    assert [raw_balance(admin, acme) for acme in made] == [15, 15, 15]
    assert maintain(service) == 3
    assert [raw_balance(admin, acme) for acme in made] == [5, 5, 5]
    assert maintain(service) == 0
    assert [len(entries(admin, acme)) for acme in (*made, idle)] == [3, 3, 3, 1]
    for acme in made:
        assert_ledger_holds(admin, acme)


def test_it_takes_no_more_than_its_limit_at_a_time(service: Connection, admin: Connection) -> None:
    due(service, admin, 5)
    assert [maintain(service, 2) for _ in range(4)] == [2, 2, 1, 0]


def test_it_passes_over_what_another_session_has_locked(service: Connection, admin: Connection) -> None:
    made = due(service, admin, 4)
    admin.execute("begin")
    assert maintain(admin, 2) == 2
    service.execute("set lock_timeout = '2s'")
    assert maintain(service) == 2
    admin.execute("commit")
    assert maintain(service) == 0
    for acme in made:
        assert_ledger_holds(admin, acme)


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_it_is_not_for_users(connect: Connect, role: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        maintain(connect(role))


def test_an_account_that_cannot_be_settled_is_set_aside_and_the_others_go_on(
    service: Connection, admin: Connection
) -> None:
    broken, sound, other = due(service, admin, 3)
    # More credits in a lot than in the account: the entry of the expiry would make the balance negative.
    admin.execute("update public.organizations set credits_settle_at = credits_settle_at - interval '1 minute'")
    admin.execute(
        "update tenantry.credit_lots set amount = 1000, remaining = 1000 where organization_id = %s and amount = 10",
        [broken],
    )
    assert findings_of_settlement(service, broken) == []
    decisions = batch(
        service,
        *[{"organization_id": acme, "amount": 1} for acme in (broken, sound, broken)],
        {"organization_id": broken, "amount": 1, "credit_event": "x"},
    )
    assert [decision["reason"] for decision in decisions] == [
        "SETTLEMENT_FAILED",
        None,
        "SETTLEMENT_FAILED",
        "INVALID_ARGUMENT",
    ]
    assert decisions[0]["details"] == {"organization_id": str(broken)}
    assert maintain(service) == 1
    assert raw_balance(admin, other) == 5
    assert (raw_balance(admin, broken), len(entries(admin, broken))) == (15, 2)
    move_clock(admin, "+2 hours")
    assert [maintain(service), maintain(service)] == [1, 0]
    (event,) = events(admin, broken)
    assert (event["event_type"], event["payload"]["code"]) == ("settlement_failed", "23514")
    assert len(findings_of_settlement(service, broken)) == 1

    admin.execute("update tenantry.credit_lots set amount = 10, remaining = 10 where amount = 1000")
    move_clock(admin, "+2 hours")
    assert [maintain(service), maintain(service)] == [1, 0]
    for acme in (broken, sound, other):
        assert_ledger_holds(admin, acme)


def findings_of_settlement(service: Connection, organization_id: UUID) -> list[Row]:
    invariant = "the due changes of the account can be applied"
    return [finding for finding in findings(service, organization_id) if finding["invariant"] == invariant]
