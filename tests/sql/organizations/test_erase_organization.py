"""The end of an organization: its export, and its erasure in steps that leave others alone."""

from uuid import UUID, uuid4

import psycopg
import pytest

from tests.conftest import Connection
from tests.support.ledger import Row, call, grant, refused
from tests.support.stripe import deliver, tell
from tests.support.users import Team

# Tables with a column organization_id that say nothing about a customer.
NO_DATA = {"tenantry.erasures", "tenantry.role_grants"}


def tables(admin: Connection) -> set[str]:
    return {row["name"] for row in admin.execute("select name from tenantry.organization_tables()")}


def rows(admin: Connection, organization_id: UUID) -> dict[str, int]:
    """The number of rows of the organization by table."""
    return {
        row["name"]: count["count"]
        for row in admin.execute("select * from tenantry.organization_tables()").fetchall()
        for count in admin.execute(
            f"select count(*) from {row['name']} as t where {row['condition'].replace('$1', '%s')}".encode(),
            [organization_id],
        )
    }


def deactivate(admin: Connection, organization_id: UUID) -> None:
    admin.execute("update public.organizations set is_active = false where id = %s", [organization_id])


def erase(admin: Connection, organization_id: UUID, limit: int = 10000) -> bool:
    found = admin.execute("select tenantry.erase_organization(%s, %s) as done", [organization_id, limit]).fetchone()
    assert found
    return bool(found["done"])


def cannot_erase(admin: Connection, organization_id: UUID | None) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as raised:
        admin.execute("select tenantry.erase_organization(%s)", [organization_id])
    return raised.value


def fill(admin: Connection, team: Team) -> None:
    """Data in as many tables as a few calls reach."""
    call(admin, "create_role", name="editor", organization_id=team.id)
    call(admin, "invite_member", organization_id=team.id, email="ada@example.com", role="viewer")
    grant(admin, team.id, 100)
    grant(admin, team.id, 10, effective_at="2100-01-01T00:00:00Z")
    call(admin, "consume_credits", organization_id=team.id, amount=30)
    call(admin, "hold_credits", organization_id=team.id, amount=20)
    call(admin, "create_billing_record", organization_id=team.id, amount=1, status="paid")


def test_every_table_with_data_of_an_organization_is_listed_after_those_it_refers_to(admin: Connection) -> None:
    owned = admin.execute(
        """
        select a.attrelid::regclass::text as name, c.relnamespace::regnamespace::text as schema, c.relname
        from pg_attribute as a join pg_class as c on c.oid = a.attrelid
        where a.attname = 'organization_id' and c.relkind in ('r', 'p')
          and c.relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
        """
    ).fetchall()
    names = {f"{row['schema']}.{row['relname']}" for row in owned} - NO_DATA
    assert names <= tables(admin)
    wrong = admin.execute(
        """
        with listed as (select t.place, t.name::regclass as id from tenantry.organization_tables() as t)
        select c.conname from pg_constraint as c
        join listed as referring on referring.id = c.conrelid
        join listed as referred on referred.id = c.confrelid
        where c.contype = 'f' and referring.place < referred.place
        """
    ).fetchall()
    assert wrong == []


def test_an_erased_organization_leaves_no_row_and_others_keep_all(acme: Team, globex: Team, admin: Connection) -> None:
    for team in (acme, globex):
        fill(admin, team)
    before = rows(admin, globex.id)
    deactivate(admin, acme.id)
    steps = 1
    while not erase(admin, acme.id, limit=3):
        steps += 1
        assert call(admin, "verify_ledger")["findings"] == []
    assert steps > 5
    assert set(rows(admin, acme.id).values()) == {0}
    assert rows(admin, globex.id) == before
    erasure = admin.execute("select * from tenantry.erasures").fetchall()
    assert [(row["organization_id"], row["finished_at"] is None) for row in erasure] == [(acme.id, False)]
    assert erase(admin, acme.id)


def test_an_erased_customer_of_stripe_leaves_no_object(admin: Connection) -> None:
    story = tell(admin, "credit_purchase")
    for event in story.events:
        deliver(admin, event)
    deactivate(admin, story.organization_id)
    assert erase(admin, story.organization_id)
    assert set(rows(admin, story.organization_id).values()) == {0}
    assert admin.execute("select from tenantry.stripe_events").fetchall() == []
    assert admin.execute("select from tenantry.stripe_objects where customer is not null").fetchall() == []


def test_what_is_in_use_is_not_erased(acme: Team, admin: Connection) -> None:
    assert cannot_erase(admin, acme.id).diag.message_primary == "the organization cannot be erased: it is active"
    deactivate(admin, acme.id)
    admin.execute("create table public.orders (tenant uuid references public.organizations (id))")
    admin.execute("insert into public.orders values (%s)", [acme.id])
    error = cannot_erase(admin, acme.id)
    assert (error.sqlstate, error.diag.message_primary) == (
        "TN051",
        "the organization cannot be erased: rows of public.orders refer to it",
    )
    admin.execute("drop table public.orders")
    assert admin.execute("select from tenantry.erasures").fetchall() == []
    admin.execute(
        "insert into public.organization_subscriptions (organization_id, stripe_customer_id, stripe_subscription_id,"
        " status) values (%s, 'cus_1', 'sub_1', 'active')",
        [acme.id],
    )
    assert "it has a live subscription at Stripe" in str(cannot_erase(admin, acme.id))


def test_a_request_to_stripe_that_is_under_way_stops_it(acme: Team, admin: Connection) -> None:
    deactivate(admin, acme.id)
    admin.execute(
        "insert into tenantry.stripe_requests (id, organization_id, operation, method, path, params, next_attempt_at,"
        " created_at) values (gen_random_uuid(), %s, 'ensure_customer', 'post', '/v1/customers', '{}', now(), now())",
        [acme.id],
    )
    assert "a request to Stripe is under way" in str(cannot_erase(admin, acme.id))


def test_an_unknown_organization_is_not_found(admin: Connection) -> None:
    for nobody in (uuid4(), None):
        assert cannot_erase(admin, nobody).sqlstate == "TN002"


def test_there_is_no_way_back(acme: Team, admin: Connection) -> None:
    fill(admin, acme)
    deactivate(admin, acme.id)
    assert not erase(admin, acme.id, limit=1)
    assert refused(admin, "TN051", "update_organization", organization_id=acme.id, is_active=True)


def test_no_other_ledger_can_be_deleted_meanwhile(acme: Team, globex: Team, admin: Connection) -> None:
    for team in (acme, globex):
        fill(admin, team)
    deactivate(admin, acme.id)
    assert not erase(admin, acme.id, limit=1)
    for table in ("public.credit_transactions", "tenantry.audit_log"):
        with pytest.raises(psycopg.Error) as raised:
            admin.execute(f"delete from {table} where organization_id = %s".encode(), [globex.id])
        assert raised.value.sqlstate == "TN015"


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
@pytest.mark.parametrize("function", ["erase_organization", "export_organization", "erase_user", "is_erased"])
def test_only_the_owner_of_the_schema_may_call_them(admin: Connection, role: str, function: str) -> None:
    found = admin.execute(
        "select has_function_privilege(%s, oid, 'execute') as allowed from pg_proc"
        " where proname = %s and pronamespace = 'tenantry'::regnamespace",
        [role, function],
    ).fetchone()
    assert found == {"allowed": False}


def test_the_export_has_every_row_and_no_secret(acme: Team, globex: Team, admin: Connection) -> None:
    for team in (acme, globex):
        fill(admin, team)
    lines: list[Row] = [
        row["line"] for row in admin.execute("select tenantry.export_organization(%s) as line", [acme.id]).fetchall()
    ]
    count = dict.fromkeys(tables(admin), 0)
    for line in lines:
        count[line["table"]] += 1
    assert count == rows(admin, acme.id)
    assert sum(count.values()) > 20
    assert not any({"token_hash", "fingerprint"} & line["row"].keys() for line in lines)
    assert str(globex.id) not in str(lines)


def test_an_export_of_nobody_is_refused(admin: Connection) -> None:
    with pytest.raises(psycopg.Error) as raised:
        admin.execute("select tenantry.export_organization(%s)", [uuid4()])
    assert raised.value.sqlstate == "TN002"
