"""consume_credits: the rows that it writes, its refusals, and that a refusal writes nothing."""

from uuid import UUID, uuid4

import psycopg
import pytest

from tests.conftest import Connection
from tests.support.ledger import assert_ledger_holds, call, entries, move_clock, organization
from tests.support.plans import nodes, told_plans
from tests.support.rpc import (
    CREDIT_EVENT_INACTIVE,
    INVALID_ARGUMENT,
    NOBODY,
    NOT_FOUND,
    ORGANIZATION_INACTIVE,
    access,
    case,
)

ACCESS = access("organization_id => {first}, amount => 1", first="member admin owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", amount=1),
    case(NOT_FOUND, organization_id=NOBODY, amount=1),
    case(ORGANIZATION_INACTIVE, organization_id="$idle", amount=1),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme"),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme", credit_event="$image", amount=1),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme", amount=0),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme", amount=-5),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme", amount=-2147483648),
    case(INVALID_ARGUMENT, "quantity", organization_id="$acme", amount=1, quantity=1),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme", quantity=1),
    case(INVALID_ARGUMENT, "quantity", organization_id="$acme", credit_event="$image", quantity=0),
    case(INVALID_ARGUMENT, "quantity", organization_id="$acme", credit_event="$image", quantity=-1),
    case(INVALID_ARGUMENT, "quantity", organization_id="$acme", credit_event="$image", quantity=2147483647),
    case(NOT_FOUND, organization_id="$acme", credit_event="nobody has this"),
    case(NOT_FOUND, organization_id="$acme", credit_event=NOBODY),
    case(CREDIT_EVENT_INACTIVE, organization_id="$acme", credit_event="$retired"),
    case(INVALID_ARGUMENT, "request_id", organization_id="$acme", amount=1, request_id="r" * 256),
    case(INVALID_ARGUMENT, "request_id", organization_id="$acme", amount=1, request_id=" "),
]


def test_an_event_is_charged_at_its_cost_times_quantity(service: Connection, admin: Connection) -> None:
    event = call(service, "create_credit_event", name="image", credit_cost=5, category="compute")
    acme = organization(service, 100)
    entry = call(service, "consume_credits", organization_id=acme, credit_event="image", quantity=3)
    assert (entry["amount"], entry["balance_after"], entry["quantity"]) == (-15, 85, 3)
    assert (entry["source"], entry["credit_event_id"]) == ("event_consumption", event["id"])
    by_id = call(service, "consume_credits", organization_id=acme, credit_event=str(event["id"]))
    assert (by_id["amount"], by_id["quantity"]) == (-5, 1)
    assert_ledger_holds(admin, acme)


def test_an_amount_is_charged_as_it_is(service: Connection) -> None:
    acme = organization(service, 100)
    reference = uuid4()
    entry = call(service, "consume_credits", organization_id=acme, amount=7, source_id=reference, description="by hand")
    assert (entry["amount"], entry["source"], entry["source_id"]) == (-7, "consumption", reference)


def test_the_balance_can_be_spent_to_zero_and_no_further(service: Connection, admin: Connection) -> None:
    acme = organization(service, 10)
    call(service, "consume_credits", organization_id=acme, amount=10)
    before = entries(admin, acme)
    with pytest.raises(psycopg.Error) as refused:
        call(service, "consume_credits", organization_id=acme, amount=1)
    assert refused.value.sqlstate == "TN009"
    assert entries(admin, acme) == before
    assert_ledger_holds(admin, acme)


def test_a_replay_returns_the_first_entry_even_when_the_price_has_changed(service: Connection) -> None:
    call(service, "create_credit_event", name="image", credit_cost=5, category="compute")
    acme = organization(service, 100)
    arguments = {"organization_id": acme, "credit_event": "image", "request_id": "r1"}
    first = call(service, "consume_credits", **arguments)
    call(service, "update_credit_event", credit_event="image", credit_cost=50, is_active=False)
    assert call(service, "consume_credits", **arguments) == first


def test_a_replay_returns_the_first_entry_when_the_credits_are_gone(service: Connection) -> None:
    acme = organization(service, 10)
    first = call(service, "consume_credits", organization_id=acme, amount=10, request_id="r1")
    assert call(service, "consume_credits", organization_id=acme, amount=10, request_id="r1") == first


def test_one_request_id_serves_every_organization_by_itself(service: Connection) -> None:
    ids = {
        call(service, "consume_credits", organization_id=organization(service, 10), amount=1, request_id="r")["id"]
        for _ in range(2)
    }
    assert len(ids) == 2


@pytest.mark.parametrize(
    "change",
    [{"amount": 2}, {"description": "other"}, {"source_id": UUID(int=7)}, {"amount": None, "credit_event": "image"}],
    ids=str,
)
def test_a_request_id_used_for_something_else_is_refused(service: Connection, change: dict[str, object]) -> None:
    call(service, "create_credit_event", name="image", credit_cost=1, category="compute")
    acme = organization(service, 10)
    arguments = {"organization_id": acme, "amount": 1, "request_id": "r1"}
    call(service, "consume_credits", **arguments)
    with pytest.raises(psycopg.Error) as refused:
        call(service, "consume_credits", **{**arguments, **change})
    assert refused.value.sqlstate == "TN011"


def test_expired_credits_are_not_spent_though_no_job_ran(service: Connection, admin: Connection) -> None:
    move_clock(admin, "0")
    acme = organization(service, 10)
    expiry = admin.execute("select now + interval '1 hour' as at from test.clock").fetchone()
    assert expiry
    call(service, "grant_credits", organization_id=acme, amount=100, expires_at=expiry["at"])
    call(service, "consume_credits", organization_id=acme, amount=30)
    move_clock(admin, "+2 hours")
    with pytest.raises(psycopg.Error) as refused:
        call(service, "consume_credits", organization_id=acme, amount=11)
    assert refused.value.sqlstate == "TN009"
    call(service, "consume_credits", organization_id=acme, amount=10)
    ledger = entries(admin, acme)
    assert [(e["transaction_type"], e["amount"]) for e in ledger] == [
        ("earned", 10),
        ("earned", 100),
        ("consumed", -30),
        ("expired", -70),
        ("consumed", -10),
    ]
    assert ledger[3]["created_at"] == expiry["at"]
    assert_ledger_holds(admin, acme)


def test_an_inactive_organization_or_event_is_refused(service: Connection) -> None:
    acme = organization(service, 10)
    call(service, "create_credit_event", name="image", credit_cost=1, category="compute")
    call(service, "update_credit_event", credit_event="image", is_active=False)
    with pytest.raises(psycopg.Error) as refused:
        call(service, "consume_credits", organization_id=acme, credit_event="image")
    assert refused.value.sqlstate == "TN013"
    call(service, "update_organization", organization_id=acme, is_active=False)
    with pytest.raises(psycopg.Error) as refused:
        call(service, "consume_credits", organization_id=acme, amount=1)
    assert refused.value.sqlstate == "TN012"


@pytest.mark.usefixtures("database")  # a reused database counts its writes late
def test_a_consumption_is_one_hot_update_and_one_insert(service: Connection, admin: Connection) -> None:
    acme = organization(service, 1000)
    for _ in range(30):
        call(service, "grant_credits", organization_id=acme, amount=1, expires_at="2100-01-01")
    admin.execute("vacuum public.organizations")
    before = _writes(service, admin)
    for _ in range(200):
        call(service, "consume_credits", organization_id=acme, amount=1)
    after = _writes(service, admin)
    written = {
        table: {kind: after[table][kind] - before[table][kind] for kind in after[table]}
        for table in after
        if after[table] != before.get(table)
    }
    hot = written["organizations"].pop("hot")
    assert written == {
        "organizations": {"inserted": 0, "updated": 200, "deleted": 0},
        "credit_transactions": {"inserted": 200, "updated": 0, "deleted": 0, "hot": 0},
    }
    assert hot >= 190


def _writes(service: Connection, admin: Connection) -> dict[str, dict[str, int]]:
    """The number of writes so far, by table, without tables that were never written to."""
    service.execute("select pg_stat_force_next_flush()")
    rows = admin.execute(
        "select relname, n_tup_ins as inserted, n_tup_upd as updated, n_tup_del as deleted, n_tup_hot_upd as hot"
        " from pg_stat_user_tables where n_tup_ins + n_tup_upd + n_tup_del > 0 and schemaname in ('public', 'tenantry')"
    ).fetchall()
    return {str(row.pop("relname")): row for row in rows}


def test_a_consumption_reads_no_more_pages_for_more_lots_and_entries(service: Connection, admin: Connection) -> None:
    small, large = organization(service, 1000), organization(service, 1000)
    for _ in range(100):
        call(service, "grant_credits", organization_id=large, amount=10, expires_at="2100-01-01")
    service.execute(
        "select public.batch_consume_credits((select jsonb_agg(jsonb_build_object("
        " 'organization_id', %s::uuid, 'amount', 1)) from generate_series(1, 1500)))",
        [large],
    )
    admin.execute("vacuum analyze")
    pages = {name: _pages(service, one) for name, one in (("small", small), ("large", large))}
    # Room for one more level in an index and a new page now and then, but not for a page for each lot.
    assert pages["large"] <= pages["small"] + 15


def test_a_request_is_looked_up_by_its_own_index_when_only_short_ledgers_are_known_of(
    service: Connection, admin: Connection
) -> None:
    """The statistics date from a time when every organization had one entry. One organization now has many, with long
    ids: by size alone another index would look better."""
    accounts = [organization(service, 5000) for _ in range(300)]
    admin.execute("analyze public.credit_transactions")
    admin.execute(
        "select count(public.consume_credits(%s, amount => 1, request_id => repeat('x', 230) || n))"
        " from generate_series(1, 3000) as n",
        [accounts[0]],
    )
    admin.execute("set plan_cache_mode = force_generic_plan")
    admin.execute(
        "prepare looking (uuid, text) as"
        " select from public.credit_transactions"
        " where organization_id = $1 and idempotency_key = $2 and transaction_type = 'consumed'"
    )
    row = admin.execute(f"explain (format json) execute looking ('{accounts[0]}', 'none')".encode()).fetchone()
    assert row
    assert row["QUERY PLAN"][0]["Plan"]["Index Name"] == "credit_transactions_organization_id_idempotency_key_key"


GROWING = {"organizations", "credit_transactions", "credit_lots", "credit_holds", "credit_allocations"}
CALLS = {
    "consume_credits": "select public.consume_credits(%(id)s, amount => 1, request_id => gen_random_uuid()::text)",
    "hold_credits": "select public.hold_credits(%(id)s, amount => 1, request_id => gen_random_uuid()::text)",
    "capture_hold": "select public.capture_hold(%(id)s, (public.hold_credits(%(id)s, amount => 1)).id)",
    "batch_consume_credits": "select public.batch_consume_credits(jsonb_agg(item)) from (select jsonb_build_object("
    " 'organization_id', %(id)s::uuid, 'amount', 1, 'request_id', gen_random_uuid()::text) as item"
    " from generate_series(1, 20)) as items",
    # A refused consumption reads everything with care.
    "decide_items": "select public.batch_consume_credits(jsonb_agg(item)) from (select jsonb_build_object("
    " 'organization_id', %(id)s::uuid, 'amount', n, 'request_id', gen_random_uuid()::text) as item"
    " from generate_series(0, 20) as n) as items",
}


@pytest.mark.usefixtures("database")  # the tables of a reused database are larger
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_plan_from_when_there_was_little_reads_a_whole_table(admin: Connection, call: str) -> None:
    """A connection keeps its plans, and for a table with one row a sequential scan is the fastest plan."""
    acme = organization(admin, 5000)
    admin.execute("analyze")
    # PL/pgSQL makes a plan for good after five calls.
    for _ in range(8):
        admin.execute(call.encode(), {"id": acme})
    with told_plans(admin) as plans:
        admin.execute(call.encode(), {"id": acme})
    read = [node for plan in plans for node in nodes(plan["Plan"]) if node.get("Relation Name") in GROWING]
    assert "organizations" in {node["Relation Name"] for node in read}
    assert [node["Relation Name"] for node in read if node["Node Type"] == "Seq Scan"] == []
    assert [node["Relation Name"] for node in read if node["Actual Rows"] * node["Actual Loops"] > 30] == []


def _pages(service: Connection, organization_id: UUID) -> int:
    """Number of pages that a planned consumption touches in all its statements."""
    touched = []
    for _ in range(8):
        row = service.execute(
            "explain (analyze, buffers, format json) select public.consume_credits(%s, amount => 1)", [organization_id]
        ).fetchone()
        assert row
        touched.append(row["QUERY PLAN"][0]["Plan"]["Shared Hit Blocks"])
    return int(sorted(touched)[len(touched) // 2])
