"""The audit log: it records every change with its author, time and values, and nothing else."""

import json
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import Row, call, refused
from tests.support.users import Team, own_role

AUDITED = {
    "organizations",
    "roles",
    "permissions",
    "role_permissions",
    "user_roles",
    "invitations",
    "subscription_plans",
    "credit_products",
    "credit_events",
    "organization_subscriptions",
    "billing_history",
}


def log(admin: Connection, since: int = 0) -> list[Row]:
    return admin.execute("select * from tenantry.audit_log where id > %s order by id", [since]).fetchall()


def last(admin: Connection) -> int:
    found = admin.execute("select coalesce(max(id), 0) as id from tenantry.audit_log").fetchone()
    assert found
    return int(found["id"])


def test_every_audited_table_writes_insert_update_and_delete(admin: Connection) -> None:
    rows = admin.execute(
        """
        select c.relname::text as name, t.tgtype & 28 as commands
        from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
        where t.tgfoid = 'tenantry.record_audit_event()'::regprocedure and t.tgenabled = 'O'
        """
    ).fetchall()
    # 4 inserts, 8 deletes, 16 updates.
    assert {row["name"]: row["commands"] for row in rows} == dict.fromkeys(AUDITED, 28)


STATEMENTS: dict[str, tuple[str, str]] = {
    "organizations": ("(name, slug) values ('New', 'new')", "name = 'Newer'"),
    "roles": ("(name) values ('new')", "description = 'newer'"),
    "permissions": ("(name, resource, action) values ('new', 'new', 'new')", "description = 'newer'"),
    "role_permissions": (
        "(role_id, permission_id) select r.id, p.id from public.roles as r, public.permissions as p"
        " where r.name = 'viewer' and p.name = 'audit:read'",
        "created_at = now()",
    ),
    "user_roles": (
        "(user_id, role_id) select u.id, r.id from auth.users as u, public.roles as r where r.name = 'viewer' limit 1",
        "role_id = (select id from public.roles where name = 'member')",
    ),
    "subscription_plans": (
        "(name, stripe_price_id, stripe_product_id, price_amount, interval) values ('new', 'p', 'q', 1, 'monthly')",
        "price_amount = 2",
    ),
    "credit_products": (
        "(name, stripe_price_id, stripe_product_id, credit_amount, price_amount) values ('new', 'p', 'q', 1, 1)",
        "price_amount = 2",
    ),
    "credit_events": ("(name, credit_cost, category) values ('new', 1, 'compute')", "credit_cost = 2"),
    "organization_subscriptions": (
        "(organization_id, stripe_customer_id, status) select id, 'c', 'active' from public.organizations limit 1",
        "cancel_at_period_end = true",
    ),
    "billing_history": (
        "(organization_id, amount, status) select id, 100, 'pending' from public.organizations limit 1",
        "status = 'paid'",
    ),
}


@pytest.mark.parametrize("table", [name for name in sorted(AUDITED) if name in STATEMENTS])
def test_old_and_new_are_kept_whoever_writes(acme: Team, admin: Connection, table: str) -> None:
    assert acme.users
    values, change = STATEMENTS[table]
    before = last(admin)
    made = admin.execute(f"insert into public.{table} {values} returning id".encode()).fetchone()
    assert made
    admin.execute(f"update public.{table} set {change} where id = %s".encode(), [made["id"]])
    admin.execute(f"delete from public.{table} where id = %s".encode(), [made["id"]])
    written = log(admin, before)
    assert [(row["action"], row["resource"], row["resource_id"]) for row in written] == [
        ("insert", table, made["id"]),
        ("update", table, made["id"]),
        ("delete", table, made["id"]),
    ]
    inserted, updated, deleted = written
    assert (inserted["old"], deleted["new"]) == (None, None)
    assert (updated["old"], deleted["old"]) == (inserted["new"], updated["new"])
    assert updated["new"] != updated["old"]
    assert {(row["actor_id"], row["actor_role"], row["door"]) for row in written} == {(None, "postgres", "sql")}


def test_who_did_it_and_in_which_role_is_kept(acme: Team, admin: Connection, service: Connection) -> None:
    before = last(admin)
    guest = acme.users["member"]
    given = call(acme.as_("admin"), "assign_role", user_id=guest, role="viewer", organization_id=acme.id)
    # The service counts as the service, regardless of the other claims in its token.
    service.execute(
        "select set_config('request.jwt.claims', %s, false)", [json.dumps({"role": "service_role", "sub": str(guest)})]
    )
    call(service, "remove_role_assignment", user_role_id=given["id"])
    first, second = log(admin, before)
    assert (first["actor_id"], first["actor_role"]) == (acme.users["admin"], "authenticated")
    assert (second["actor_id"], second["actor_role"]) == (None, "service_role")
    for row in (first, second):
        assert (row["organization_id"], row["resource"], row["resource_id"]) == (acme.id, "user_roles", given["id"])
    assert first["new"]["user_id"] == str(guest)


def test_which_door_it_came_through_is_kept(acme: Team, admin: Connection, connect: Connect) -> None:
    server = connect(user="tenantry_server")
    server.execute("set role service_role")
    server.execute("select public.update_organization(organization_id => %s, name => 'By gRPC')", [acme.id])
    admin.execute("create role authenticator login noinherit; grant service_role to authenticator")
    try:
        posting = connect(user="authenticator")
        posting.execute("set role service_role")
        call(posting, "update_organization", organization_id=acme.id, name="By PostgREST")
    finally:
        admin.execute("drop role authenticator")
    # A caller can set what PostgREST sets, and stays in psql.
    typing = acme.as_("owner")
    typing.execute("select set_config('request.method', 'GET', false)")
    call(typing, "update_organization", organization_id=acme.id, name="By SQL")
    typing.execute("reset request.method")
    assert [(row["door"], row["new"]["name"]) for row in log(admin)[-3:]] == [
        ("grpc", "By gRPC"),
        ("postgrest", "By PostgREST"),
        ("sql", "By SQL"),
    ]


def test_a_plain_edit_of_a_user_is_kept(acme: Team, admin: Connection) -> None:
    before = last(admin)
    acme.as_("admin").execute("update public.organizations set description = 'Edited'")
    (row,) = log(admin, before)
    assert (row["actor_id"], row["action"]) == (acme.users["admin"], "update")
    assert (row["old"]["description"], row["new"]["description"]) == (None, "Edited")


def test_the_ledger_writes_nothing_into_it(acme: Team, admin: Connection, service: Connection) -> None:
    before = last(admin)
    call(service, "grant_credits", organization_id=acme.id, amount=100)
    call(service, "consume_credits", organization_id=acme.id, amount=10)
    call(acme.as_("member"), "consume_credits", organization_id=acme.id, amount=10)
    held = call(service, "hold_credits", organization_id=acme.id, amount=5)
    call(service, "release_hold", organization_id=acme.id, hold_id=held["id"])
    assert log(admin, before) == []
    call(service, "update_organization", organization_id=acme.id, name="Renamed")
    (row,) = log(admin, before)
    assert not [name for name in row["new"] if name.startswith("credit")]
    assert "updated_at" not in row["new"]


def test_a_change_of_nothing_is_not_kept(acme: Team, admin: Connection) -> None:
    before = last(admin)
    call(acme.as_("owner"), "update_organization", organization_id=acme.id, website="https://example.com")
    call(acme.as_("owner"), "update_organization", organization_id=acme.id, website="https://example.com")
    assert len(log(admin, before)) == 1


def test_no_secret_is_kept(acme: Team, admin: Connection, stranger: Connection) -> None:
    before = last(admin)
    made = call(acme.as_("owner"), "invite_member", organization_id=acme.id, email="a@example.com", role="viewer")
    call(stranger, "accept_invitation", token=made["token"])
    written = log(admin, before)
    assert [(row["resource"], row["action"]) for row in written] == [
        ("invitations", "insert"),
        ("invitations", "update"),
        ("user_roles", "insert"),
    ]
    stored = admin.execute("select encode(token_hash, 'hex') as hash from tenantry.invitations").fetchone()
    assert stored
    text = json.dumps(written, default=str)
    assert made["token"] not in text
    assert stored["hash"] not in text
    assert "token_hash" not in text


def test_changes_of_an_own_role_belong_to_its_organization(acme: Team, admin: Connection) -> None:
    before = last(admin)
    role = str(own_role(acme.as_("owner"), acme.id, "editor", "credits:read")["id"])
    call(acme.as_("owner"), "remove_role_permission", role=role, permission="credits:read")
    call(acme.as_("owner"), "add_role_permission", role=role, permission="audit:read")
    call(acme.as_("owner"), "delete_role", role=role)
    written = log(admin, before)
    assert [(row["resource"], row["action"]) for row in written] == [
        ("roles", "insert"),
        ("role_permissions", "insert"),
        ("role_permissions", "delete"),
        ("role_permissions", "insert"),
        ("role_permissions", "delete"),
        ("roles", "delete"),
    ]
    assert {row["organization_id"] for row in written} == {acme.id}


def test_it_outlives_the_organization(acme: Team, platform: Connection) -> None:
    call(acme.as_("owner"), "delete_organization", organization_id=acme.id)
    rows = call(platform, "list_audit_events", organization_id=acme.id, page_size=1000)["audit_events"]
    gone = next(row for row in rows if (row["resource"], row["action"]) == ("organizations", "delete"))
    assert gone["actor_id"] == acme.users["owner"]
    assert refused(acme.as_("owner"), "42501", "list_audit_events", organization_id=acme.id)


@pytest.mark.parametrize(
    "statement",
    ["update tenantry.audit_log set actor_id = null", "delete from tenantry.audit_log", "truncate tenantry.audit_log"],
)
def test_it_is_changed_by_nobody_its_owner_included(
    acme: Team, admin: Connection, service: Connection, statement: str
) -> None:
    for connection in (acme.as_("owner"), service):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
    with pytest.raises(psycopg.Error) as raised:
        admin.execute(statement.encode())
    assert raised.value.sqlstate == "TN015"
    for connection in (acme.as_("owner"), service):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "insert into tenantry.audit_log (actor_role, door, action, resource)"
                " values ('me', 'sql', 'insert', 'roles')"
            )


def entries(connection: Connection, organization_id: UUID | None = None, **filters: Any) -> list[Row]:
    """All entries, over pages of 3."""
    found: list[Row] = []
    token = None
    while True:
        page = call(
            connection, "list_audit_events",
            organization_id=organization_id, page_size=3, page_token=token, **filters,
        )  # fmt: skip
        found += page["audit_events"]
        token = page["next_page_token"]
        if not token:
            return found


def test_who_may_read_it_reads_their_organizations_newest_first(
    acme: Team, globex: Team, service: Connection, platform: Connection, admin: Connection
) -> None:
    for who in ("owner", "admin"):
        seen = entries(acme.as_(who), acme.id)
        assert {row["organization_id"] for row in seen} == {acme.id}
        assert [row["id"] for row in seen] == sorted((row["id"] for row in seen), reverse=True)
        assert len(seen) == 6
        refused(acme.as_(who), "42501", "list_audit_events", organization_id=globex.id)
        refused(acme.as_(who), "42501", "list_audit_events")
    for who in ("billing", "member", "viewer"):
        denied = refused(acme.as_(who), "42501", "list_audit_events", organization_id=acme.id)
        assert denied["permission"] == "audit:read"
    for everywhere in (service, platform):
        assert len(entries(everywhere)) == last(admin) == len(log(admin))


def test_it_is_read_by_table_and_by_row(acme: Team, service: Connection) -> None:
    assert len(entries(acme.as_("owner"), acme.id, resource="user_roles")) == 5
    one = acme.assignment("viewer")
    (row,) = entries(acme.as_("owner"), acme.id, resource_id=one)
    assert row["resource_id"] == one
    page = call(service, "list_audit_events", organization_id=acme.id, page_size=1)
    refused(service, "TN003", "list_audit_events", page_token=page["next_page_token"])
