"""Rows that are kept for a time: they go when it is over, no earlier, and never where nothing is set."""

import psycopg
import pytest

from tests.conftest import Connection
from tests.support.ledger import organization

TABLES = {
    "keep_audit_log_days": "tenantry.audit_log",
    "keep_events_days": "tenantry.events",
    "keep_stripe_events_days": "tenantry.stripe_events",
    "keep_stripe_requests_days": "tenantry.stripe_requests",
}


def fill(admin: Connection) -> None:
    """In each table one row of each of the days 0, 31 and 400 ago."""
    organization_id = organization(admin)
    admin.execute("alter table tenantry.audit_log disable trigger all")
    admin.execute("delete from tenantry.audit_log")
    admin.execute("alter table tenantry.audit_log enable trigger all")
    for days in (400, 31, 0):
        values = {"days": days, "organization": organization_id}
        admin.execute(
            "insert into tenantry.audit_log (actor_role, door, action, resource, created_at)"
            " values ('postgres', 'sql', 'insert', 'roles', now() - make_interval(days => %(days)s))",
            values,
        )
        admin.execute(
            "insert into tenantry.events (organization_id, event_type, payload, created_at)"
            " values (%(organization)s, 'low_balance', '{}', now() - make_interval(days => %(days)s))",
            values,
        )
        for state in ("processed", "failed"):
            admin.execute(
                "insert into tenantry.stripe_events (id, type, created, livemode, payload, state, received_at)"
                " values (%(id)s, 'charge.refunded', now(), false, '{}', %(state)s,"
                " now() - make_interval(days => %(days)s))",
                values | {"id": f"evt_{state}_{days}", "state": state},
            )
        for operation, state in (("ensure_customer", "succeeded"), ("auto_top_up", "failed")):
            admin.execute(
                "insert into tenantry.stripe_requests (id, organization_id, operation, method, path, params,"
                " next_attempt_at, created_at, state, finished_at) values (gen_random_uuid(), %(organization)s,"
                " %(operation)s, 'post', '/v1/x', '{}', now(), now(), %(state)s,"
                " now() - make_interval(days => %(days)s))",
                values | {"operation": operation, "state": state},
            )


def counts(admin: Connection) -> dict[str, int]:
    return {
        name: found["count"]
        for name, table in TABLES.items()
        for found in admin.execute(f"select count(*) from {table}".encode())
    }


def delete(admin: Connection, limit: int = 1000) -> int:
    found = admin.execute("select tenantry.delete_outdated_rows(%s) as count", [limit]).fetchone()
    assert found
    return int(found["count"])


def test_nothing_goes_where_nothing_is_set(admin: Connection) -> None:
    fill(admin)
    before = counts(admin)
    assert delete(admin) == 0
    assert counts(admin) == before


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(("days", "gone"), [(30, 2), (400, 1), (401, 0)])
def test_older_rows_go_and_no_others(admin: Connection, name: str, days: int, gone: int) -> None:
    fill(admin)
    before = counts(admin)
    admin.execute("update tenantry.settings set value = %s where name = %s", [days, name])
    assert delete(admin) == gone
    assert counts(admin) == before | {name: before[name] - gone}


def test_a_step_deletes_no_more_than_it_is_told(admin: Connection) -> None:
    fill(admin)
    admin.execute("update tenantry.settings set value = 30 where name like 'keep%%'")
    assert [delete(admin, 1), delete(admin, 1), delete(admin, 1)] == [4, 4, 0]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("days", [-1, 29])
def test_a_time_that_is_too_short_is_refused(admin: Connection, name: str, days: int) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute("update tenantry.settings set value = %s where name = %s", [days, name])
