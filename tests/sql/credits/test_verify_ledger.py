"""verify_ledger: no finding on healthy ledgers, and one for every kind of damage, by its invariant."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import call, consume, findings, freeze, grant, hold, move_clock, organization, refused, settle
from tests.support.plans import nodes, told_plans
from tests.support.rpc import NOBODY, NOT_FOUND, access, case

ACCESS = access("organization_id => {first}", empty="platform_admin service_role")

BAD_INPUT = [
    case(NOT_FOUND, organization_id=NOBODY),
]

HOUR = timedelta(hours=1)


def busy(service: Connection, admin: Connection, name: str | None = None) -> UUID:
    """An organization with every kind of entry, settled for the most part.

    1 and 2 are grants, 3 is a consumption over both lots, 4 a refund, 5 a capture, 6 a revocation, 7 an expiry, 8 and 9
    are consumptions, of which 9 is not settled.
    """
    acme = organization(service, name=name)
    now = admin.execute("select now from test.clock").fetchone()
    assert now is not None
    grant(service, acme, 20, expires_at=now["now"] + HOUR)
    bought = grant(service, acme, 100, transaction_type="purchased")
    spent = consume(service, acme, 30)
    call(service, "refund_credits", organization_id=acme, credit_transaction_id=spent["id"], amount=15)
    made = hold(service, acme, 5)
    call(service, "capture_hold", organization_id=acme, hold_id=made["id"])
    call(service, "revoke_credits", organization_id=acme, credit_transaction_id=bought["id"], amount=10)
    hold(service, acme, 7, time_to_live=99 * HOUR)
    move_clock(admin, "+2 hours")
    settle(admin, acme)
    consume(service, acme, 3)
    settle(admin, acme)
    consume(service, acme, 4)
    return acme


def test_nothing_is_found_on_healthy_ledgers(service: Connection, admin: Connection) -> None:
    freeze(admin)
    for _ in range(3):
        assert findings(service, busy(service, admin)) == []
    organization(service)
    assert findings(service) == []


def test_every_ledger_is_read_once_however_many_there_are(admin: Connection) -> None:
    rows: list[int] = []
    for more in (20, 60):
        for _ in range(more):
            acme = organization(admin, credits=9)
            consume(admin, acme, 1)
            settle(admin, acme)
            consume(admin, acme, 1)
        admin.execute("analyze")
        with told_plans(admin) as plans:
            assert findings(admin) == []
        (whole,) = [plan["Plan"] for plan in plans if "entries as" in plan["Query Text"]]
        rows.append(
            sum(
                node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
                for node in nodes(whole)
            )
        )
    assert rows[1] < 5 * rows[0]


LAST = "(select max(entry_number) from public.credit_transactions where organization_id = %(acme)s)"

DAMAGE = {
    "an entry is deleted": (
        "delete from public.credit_transactions where organization_id = %(acme)s and entry_number = 4",
        "entries are numbered without gap",
    ),
    "the first entry is deleted": (
        "delete from public.credit_transactions where organization_id = %(acme)s and entry_number = 1",
        "entries are numbered without gap",
    ),
    "an amount is changed": (
        "update public.credit_transactions set amount = -31 where organization_id = %(acme)s and entry_number = 3",
        "balance_after is the balance before plus amount",
    ),
    "a balance is changed": (
        "update public.credit_transactions set balance_after = 91"
        " where organization_id = %(acme)s and entry_number = 3",
        "balance_after is the balance before plus amount",
    ),
    "an entry is made older": (
        "update public.credit_transactions set created_at = '2000-01-01'"
        " where organization_id = %(acme)s and entry_number = 4",
        "time never runs backwards",
    ),
    "credits are given on the account": (
        "update public.organizations set credit_balance = credit_balance + 1 where id = %(acme)s",
        "credit_balance is balance_after of the last entry",
    ),
    "the last entry is deleted": (
        "delete from public.credit_transactions where organization_id = %(acme)s and entry_number = " + LAST,
        "credits_entry_number is that of the last entry",
    ),
    "the account's number is changed": (
        "update public.organizations set credits_entry_number = credits_entry_number + 1 where id = %(acme)s",
        "credits_entry_number is that of the last entry",
    ),
    "the account's time is changed": (
        "update public.organizations set credits_entry_at = '2100-01-01' where id = %(acme)s",
        "credits_entry_at is the time of the last entry",
    ),
    "credits are put back into a lot": (
        "update tenantry.credit_lots set remaining = remaining + 1"
        " where organization_id = %(acme)s and entry_number = 2",
        "lots less what is not allocated are the balance",
    ),
    "a lot is deleted": (
        "delete from tenantry.credit_lots where organization_id = %(acme)s and entry_number = 2",
        "lots less what is not allocated are the balance",
    ),
    "an account is called settled": (
        "update public.organizations set credits_settled_entry = credits_entry_number where id = %(acme)s",
        "every settled entry that takes credits is allocated",
    ),
    "an account is called unsettled": (
        "update public.organizations set credits_settled_entry = 0 where id = %(acme)s",
        "only consumption is not allocated",
    ),
    "a reservation is lost": (
        "update public.organizations set credits_reserved = 0 where id = %(acme)s",
        "credits_reserved is what active holds hold",
    ),
    "a hold is changed": (
        "update tenantry.credit_holds set remaining = 6 where organization_id = %(acme)s and state = 'active'",
        "credits_reserved is what active holds hold",
    ),
    "a hold holds what is not there": (
        "update public.organizations set credits_reserved = 5000 where id = %(acme)s",
        "held credits are covered by the balance, or were revoked",
    ),
    "the next settlement is forgotten": (
        "update public.organizations set credits_settle_at = null where id = %(acme)s",
        "credits_settle_at is no later than what falls due next",
    ),
    "the next settlement is put off": (
        "update public.organizations set credits_settle_at = '2100-01-01' where id = %(acme)s",
        "credits_settle_at is no later than what falls due next",
    ),
    "a settlement has failed": (
        "insert into tenantry.settlement_failures (organization_id, due_at, failed_at, code, message)"
        " select id, credits_settle_at, now(), '23514', 'damaged' from public.organizations where id = %(acme)s",
        "the due changes of the account can be applied",
    ),
    "two lots' credits are exchanged": (
        "update tenantry.credit_lots set remaining = remaining + case entry_number when 1 then 1 else -1 end"
        " where organization_id = %(acme)s and entry_number in (1, 2)",
        "what remains of a lot is its amount less its allocations",
    ),
    "a lot's amount is changed": (
        "update tenantry.credit_lots set amount = amount + 5 where organization_id = %(acme)s and entry_number = 2",
        "an entry that adds credits opens lots or returns to them",
    ),
    "a refund's allocation is deleted": (
        "delete from tenantry.credit_allocations where organization_id = %(acme)s and is_return",
        "an entry that adds credits opens lots or returns to them",
    ),
    "a step of an allocation is moved": (
        "update tenantry.credit_allocations set balance_from = balance_from + 1, balance_to = balance_to + 1"
        " where organization_id = %(acme)s and to_entry = 5",
        "allocations cover the fall of the balance exactly",
    ),
    "one of two allocations is deleted": (
        "delete from tenantry.credit_allocations where organization_id = %(acme)s and to_entry = 3"
        " and balance_to = (select max(balance_to) from tenantry.credit_allocations"
        " where organization_id = %(acme)s and to_entry = 3)",
        "allocations begin at the balance before their first entry",
    ),
    "the lower of two allocations is deleted": (
        "delete from tenantry.credit_allocations where organization_id = %(acme)s and to_entry = 3"
        " and balance_to = (select min(balance_to) from tenantry.credit_allocations"
        " where organization_id = %(acme)s and to_entry = 3)",
        "allocations cover the fall of the balance exactly",
    ),
    "an allocation is deleted": (
        "delete from tenantry.credit_allocations where organization_id = %(acme)s and to_entry = 6",
        "every settled entry that takes credits is allocated",
    ),
    "more is refunded than was spent": (
        "update public.credit_transactions set source = 'refund', source_id = ("
        " select id from public.credit_transactions where organization_id = %(acme)s and entry_number = 3)"
        " where organization_id = %(acme)s and entry_number = 2;"
        " update public.credit_transactions set transaction_type = 'refunded'"
        " where organization_id = %(acme)s and entry_number = 2",
        "no more is refunded than was spent",
    ),
    "the ledger goes below zero": (
        "alter table public.credit_transactions drop constraint credit_transactions_balance_after_check;"
        " update public.credit_transactions set balance_after = -1"
        " where organization_id = %(acme)s and entry_number = 3",
        "the balance is never negative",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found(credits_admin: Connection, damage: str) -> None:
    with credits_admin.transaction(force_rollback=True):
        freeze(credits_admin)
        healthy, acme = busy(credits_admin, credits_admin), busy(credits_admin, credits_admin)
        assert findings(credits_admin) == []
        statements, invariant = DAMAGE[damage]
        credits_admin.execute("set local session_replication_role = replica")
        for statement in statements.split(";"):
            assert credits_admin.execute(statement.encode(), {"acme": acme}).rowcount != 0, "the damage was not done"
        found = findings(credits_admin, acme)
        assert invariant in {finding["invariant"] for finding in found}, found
        assert {finding["organization_id"] for finding in found} == {acme}
        for finding in found:
            assert finding["expected"] != finding["found"]
        assert findings(credits_admin) == found, "over all organizations the same is found"
        assert findings(credits_admin, healthy) == []


def test_every_invariant_that_can_break_is_broken_here(admin: Connection) -> None:
    row = admin.execute("select prosrc from pg_proc where oid = 'tenantry.verify_ledger'::regproc").fetchone()
    assert row is not None
    quoted = {part for part in row["prosrc"].split("'")[1::2] if part.count(" ") > 2 and not part.startswith("%")}
    assert quoted == {invariant for _, invariant in DAMAGE.values()}


def test_a_finding_says_where_and_what(service: Connection, admin: Connection) -> None:
    acme = organization(service, 10)
    consume(service, acme, 4)
    admin.execute("update public.organizations set credit_balance = 9 where id = %s", [acme])
    assert {
        "organization_id": acme,
        "invariant": "credit_balance is balance_after of the last entry",
        "entry_number": 2,
        "expected": "6",
        "found": "9",
    } in findings(service, acme)


def test_an_unknown_organization_is_not_found(service: Connection) -> None:
    refused(service, "TN002", "verify_ledger", organization_id=uuid4())


def test_it_runs_in_a_read_only_transaction(service: Connection, admin: Connection) -> None:
    freeze(admin)
    acme = busy(service, admin)
    service.execute("begin read only")
    assert findings(service, acme) == []
    service.execute("rollback")


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_it_is_not_for_everyone(connect: Connect, role: str) -> None:
    refused(connect(role), "42501", "verify_ledger")
