"""tenantry.health(): each measure tells of its trouble, and costs the same in a large database."""

from typing import Any

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import organization
from tests.support.plans import nodes, told_plans

LATE = "now() - interval '10 minutes'"
TROUBLES = {
    "due_accounts": f"update public.organizations set credits_settle_at = {LATE}",
    "oldest_due_account": f"update public.organizations set credits_settle_at = {LATE}",
    "accounts_set_aside": (
        f"update public.organizations set credits_settle_at = {LATE};"
        " insert into tenantry.settlement_failures (organization_id, due_at, failed_at, code, message)"
        " select id, credits_settle_at, now(), 'XX000', 'broken' from public.organizations"
    ),
    "stuck_stripe_events": (
        "insert into tenantry.stripe_events (id, type, created, livemode, payload, state, received_at)"
        f" values ('evt_1', 'charge.refunded', now(), false, '{{}}', 'failed', {LATE})"
    ),
    "oldest_due_stripe_request": (
        "insert into tenantry.stripe_requests (id, operation, method, path, params, next_attempt_at, created_at)"
        f" values (gen_random_uuid(), 'sync_product', 'post', '/v1/products', '{{}}', {LATE}, {LATE})"
    ),
}


def health(connection: Connection) -> dict[str, dict[str, Any]]:
    return {row["measure"]: row for row in connection.execute("select * from tenantry.health()")}


def needing_attention(connection: Connection) -> set[str]:
    return {name for name, row in health(connection).items() if not row["is_ok"]}


def test_a_healthy_database_needs_no_attention(service: Connection) -> None:
    organization(service, 10)
    found = health(service)
    assert needing_attention(service) == set()
    assert found["due_accounts"]["value"] == 0
    assert found["ledger_size"]["value"] > 0
    assert 0 < found["transaction_age"]["value"] < found["transaction_age"]["limit_value"]
    assert all(row["unit"] and row["remedy"].endswith(".") for row in found.values())


@pytest.mark.parametrize("measure", TROUBLES)
def test_each_trouble_shows_in_its_measure(measure: str, service: Connection, admin: Connection) -> None:
    organization(service, 10)
    before = health(service)
    admin.execute(TROUBLES[measure].encode())
    after = health(service)
    assert after[measure]["value"] > before[measure]["value"]
    if after[measure]["limit_value"] is not None:
        assert needing_attention(service) == {measure}
        assert "." in after[measure]["remedy"]


def test_an_account_that_is_set_aside_is_not_also_late(service: Connection, admin: Connection) -> None:
    organization(service, 10)
    admin.execute(TROUBLES["accounts_set_aside"].encode())
    assert needing_attention(service) == {"accounts_set_aside"}


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_it_is_for_operators_alone(role: str, connect: Connect) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        health(connect(role))


def test_a_monitor_reads_it(admin: Connection) -> None:
    admin.execute("set role pg_monitor")
    assert needing_attention(admin) == set()
    admin.execute("reset role")


def test_it_scans_no_table_that_grows(admin: Connection) -> None:
    """A table of a hundred times the rows costs the same, because every read of it uses an index."""
    with told_plans(admin) as told:
        health(admin)
    read = [node for found in told for node in nodes(found["Plan"])]
    scanned = {node["Relation Name"] for node in read if node["Node Type"] == "Seq Scan"}
    assert {node.get("Index Name") for node in read} >= {"organizations_credits_settle_at_idx"}
    assert scanned & {"organizations", "stripe_events", "stripe_requests"} == set()
