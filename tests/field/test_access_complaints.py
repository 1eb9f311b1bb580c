"""Complaints of users of other multi-tenant access systems, each as a test of this one."""

import json
from collections.abc import Iterator

import psycopg
import pytest

from tenantry import migrate
from tests.conftest import Connect, Connection
from tests.rls.world import World
from tests.support.ledger import call, events, organization, refused
from tests.support.postgres import Cluster
from tests.support.rpc import CAST

# Supabase gives these grants in the database of a new project.
SUPABASE_DEFAULTS = """
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
"""
PRIVILEGES = """
select format('%s on %I.%I to %s', p.name, n.nspname, c.relname, r.name) as open
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
cross join unnest('{select,insert,update,delete,truncate,references,trigger}'::text[]) as p (name)
cross join unnest('{anon,authenticated,service_role,public}'::text[]) as r (name)
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname in ('public', 'tenantry')
  and has_table_privilege(r.name, c.oid, p.name)
union all
select format('%s of %s to %s', p.name, c.oid::regclass, r.name)
from pg_class as c
cross join unnest('{usage,select,update}'::text[]) as p (name)
cross join unnest('{anon,authenticated,service_role}'::text[]) as r (name)
where c.relkind = 'S' and c.relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
  and has_sequence_privilege(r.name, c.oid, p.name)
union all
select format('execute on %s to %s', p.oid::regprocedure, r.name)
from pg_proc as p
cross join unnest('{anon,authenticated,service_role,public}'::text[]) as r (name)
where p.pronamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
  and has_function_privilege(r.name, p.oid, 'execute')
"""


@pytest.fixture
def fresh(cluster: Cluster) -> Iterator[str]:
    """Name of an empty database."""
    cluster.create_database("fresh", "template0")
    yield "fresh"
    cluster.drop_database("fresh")


def open_to(connection: Connection | psycopg.Connection[tuple[str]]) -> set[str]:
    """Every privilege of an API role, or of everybody, on Tenantry's tables, sequences and functions."""
    cursor = psycopg.ClientCursor(connection, row_factory=psycopg.rows.scalar_row)
    return set(cursor.execute(PRIVILEGES))


@pytest.mark.parametrize("who", [who for who in CAST if who != "anon"])
def test_reading_members_does_not_recurse_through_the_policy_of_members(
    connect: Connect, world: World, who: str
) -> None:
    """bolt.new #6431: "infinite recursion detected in policy for relation". A policy on the table of members asks who
    the members are; here it asks a function that row-level security does not hold."""
    connection = world.become(connect(user="tenantry_server"), who)
    for table in ("user_roles", "roles", "role_permissions", "organizations"):
        query = f"select * from public.{table} where exists (select from public.user_roles where id is not null)"
        connection.execute(query.encode())


def test_a_role_given_or_taken_counts_at_the_next_statement(admin: Connection, connect: Connect, world: World) -> None:
    """supabase #841, #3233: roles in tokens are stale until the token is renewed. Here the token stays the same, and a
    change counts even for the next statement of the same transaction."""
    connection = world.become(connect(user="tenantry_server"), "newcomer")

    def reads() -> int:
        return len(connection.execute("select * from public.credit_transactions").fetchall())

    assert reads() == 0
    given = call(admin, "assign_role", user_id=world.users["newcomer"], role="viewer", organization_id=world.first)
    assert reads() > 0
    with connection.transaction():
        assert reads() > 0
        call(admin, "remove_role_assignment", user_role_id=given["id"])
        assert reads() == 0
    refused(connection, "42501", "get_credit_balance", organization_id=world.first)


def test_an_own_roles_permission_counts_at_the_next_statement(
    admin: Connection, connect: Connect, world: World
) -> None:
    call(
        admin,
        "assign_role",
        user_id=world.users["newcomer"],
        role=str(world.ids["role_first"]),
        organization_id=world.first,
    )
    connection = world.become(connect(user="tenantry_server"), "newcomer")
    call(connection, "get_credit_balance", organization_id=world.first)
    call(admin, "remove_role_permission", role=str(world.ids["role_first"]), permission="credits:read")
    refused(connection, "42501", "get_credit_balance", organization_id=world.first)


def test_a_token_does_not_grow_with_what_a_user_may_do(admin: Connection, connect: Connect, world: World) -> None:
    """auth #1754: a token that lists every membership grows past the size limit of a header. Here the token holds only
    the user's id."""
    for number in range(100):
        tenant = organization(admin, name=f"tenant-{number}")
        call(admin, "assign_role", user_id=world.users["newcomer"], role="owner", organization_id=tenant)
    claims = {"sub": str(world.users["newcomer"]), "role": "authenticated"}
    connection = connect(user="tenantry_server")
    connection.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps(claims)])
    connection.execute("set role authenticated")
    assert len(json.dumps(claims)) < 100
    page = call(connection, "list_organizations", page_size=1000)
    assert len(page["organizations"]) == 100


def test_what_a_user_creates_comes_back_to_them(connect: Connect, world: World) -> None:
    """supabase #7289, #49106: INSERT … RETURNING is denied, as the row's creator is not a member of it yet."""
    connection = world.become(connect(user="tenantry_server"), "newcomer")
    created = call(connection, "create_organization", name="Mine", slug="mine")
    assert created["name"] == "Mine"
    row = connection.execute(
        "update public.organizations set website = 'https://example.com' where id = %s returning name", [created["id"]]
    ).fetchone()
    assert row == {"name": "Mine"}
    assert call(connection, "list_user_roles")["roles"][0]["name"] == "owner"


@pytest.mark.parametrize(
    "statement",
    [
        "insert into public.organizations (name, slug) values ('a', 'a') returning id",
        "insert into public.organizations (name, slug) values ('a', 'a') on conflict do nothing",
        "insert into public.user_roles (user_id, role_id) select auth.uid(), id from public.roles"
        " on conflict do nothing",
        "delete from public.user_roles returning id",
    ],
)
def test_a_write_that_nobody_may_make_fails_loudly(connect: Connect, world: World, statement: str) -> None:
    """supabase #49106: a write past the functions is refused with 42501, with every clause that it may carry."""
    connection = world.become(connect(user="tenantry_server"), "owner")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_a_denial_says_which_permission_is_missing(connect: Connect, world: World) -> None:
    """supabase #7792: a denial answers [] and no reason. A policy cannot do more, so a function gives the reason."""
    connection = world.become(connect(user="tenantry_server"), "viewer")
    row = connection.execute("update public.organizations set description = 'x' returning id").fetchall()
    assert row == []
    detail = refused(connection, "42501", "update_organization", organization_id=world.first, description="x")
    assert detail == {
        "reason": "PERMISSION_DENIED",
        "permission": "organizations:update",
        "organization_id": str(world.first),
    }
    why = call(connection, "explain_permission", organization_id=world.first, permission="organizations:update")
    assert (why["allowed"], why["reason"]) == (False, "no role that the user holds here has the permission")


def test_default_privileges_of_the_database_open_nothing(cluster: Cluster, admin: Connection, fresh: str) -> None:
    """supabase #48382, #43884: TRUNCATE on tables and EXECUTE on functions come with default privileges."""
    with psycopg.connect(cluster.conninfo(fresh), autocommit=True) as connection:
        connection.execute(SUPABASE_DEFAULTS)
    migrate.up(cluster.conninfo(fresh))
    with psycopg.connect(cluster.conninfo(fresh)) as connection:
        found = open_to(connection)
    assert sorted(found - open_to(admin)) == []
    assert sorted(open_to(admin) - found) == []
    assert [privilege for privilege in found if privilege.startswith(("truncate", "references", "trigger"))] == []
    assert [privilege for privilege in found if privilege.endswith("to public")] == []
    assert [privilege for privilege in found if "execute on " in privilege and privilege.endswith("to anon")] == [
        privilege for privilege in found if "execute on tenantry." in privilege and privilege.endswith("to anon")
    ]


def test_an_account_can_be_deleted_even_of_a_last_owner(admin: Connection, service: Connection, world: World) -> None:
    """supabase #30879: a foreign key, or a trigger that keeps the last owner, keeps the account for ever. Here the
    organization continues without an owner, reports it, and gets another owner from the platform."""
    invited = call(
        world.become(service, "owner"), "invite_member", organization_id=world.first, email="a@b.c", role="viewer"
    )
    service.execute("reset role")
    world.become(service, "service_role")
    for account in (*world.users.values(), world.ids["invited_first"], world.ids["invited_second"]):
        service.execute("delete from auth.users where id = %s", [account])
    assert service.execute("select * from auth.users").fetchall() == []
    assert service.execute("select * from public.user_roles").fetchall() == []
    names = [row["name"] for row in service.execute("select name from public.organizations order by 1")]
    assert names == ["Acme", "Globex"]
    assert [event["event_type"] for event in events(admin, world.first)][-1:] == ["owner_lost"]
    admin.execute("insert into auth.users (id, email) values (%s, 'new@example.com')", [world.users["newcomer"]])
    call(service, "assign_role", user_id=world.users["newcomer"], role="owner", organization_id=world.first)
    # An invitation by a user who is gone gives no role.
    refused(world.become(service, "newcomer"), "TN024", "accept_invitation", token=invited["token"])
    told = admin.execute("select count(*) as n from tenantry.audit_log where actor_id = %s", [world.users["owner"]])
    assert told.fetchone() != {"n": 0}


def test_a_last_owner_cannot_leave_by_any_other_way(connect: Connect, admin: Connection, world: World) -> None:
    connection = world.become(connect(user="tenantry_server"), "owner")
    row = connection.execute("select id from public.user_roles where user_id = auth.uid()").fetchone()
    assert row
    refused(connection, "TN022", "remove_role_assignment", user_role_id=row["id"])
    refused(connection, "TN022", "update_role_assignment", user_role_id=row["id"], role="member")
    assert "owner_lost" not in {event["event_type"] for event in events(admin, world.first)}


def test_every_migration_can_be_taken_back_and_applied_again(cluster: Cluster, admin: Connection, fresh: str) -> None:
    """supabase/cli #611: there are no down-migrations. Here each has one, and a test that it leaves nothing."""
    conninfo = cluster.conninfo(fresh)
    migrate.up(conninfo)
    migrate.down(conninfo, to="0")
    with psycopg.connect(conninfo) as connection:
        left = connection.execute(
            "select oid::regclass::text from pg_class where relnamespace::regnamespace::text in ('public', 'tenantry')"
            " union all select oid::regprocedure::text from pg_proc"
            " where pronamespace::regnamespace::text in ('public', 'tenantry')"
        ).fetchall()
    assert left == []
    migrate.up(conninfo)
    with psycopg.connect(conninfo) as connection:
        assert open_to(connection) == open_to(admin)


def test_an_organization_has_roles_of_its_own(connect: Connect, world: World) -> None:
    """supabase-tenant-rbac #30, #31: users want roles of their own. Two organizations may give a role the same name. An
    owner creates each and fills it with permissions that the owner holds, and neither organization learns of the
    other's role."""
    owner = world.become(connect(user="tenantry_server"), "owner")
    role = call(owner, "create_role", name="auditors", organization_id=world.first)
    assert (role["display_name"], role["organization_id"]) == ("auditors", world.first)
    call(owner, "add_role_permission", role=str(role["id"]), permission="audit:read")
    refused(owner, "42501", "add_role_permission", role=str(role["id"]), permission="credits:grant")
    call(owner, "assign_role", user_id=world.users["viewer"], role="auditors", organization_id=world.first)
    viewer = world.become(connect(user="tenantry_server"), "viewer")
    assert call(viewer, "list_audit_events", organization_id=world.first)["audit_events"]
    refused(viewer, "42501", "list_audit_events", organization_id=world.second)

    other = world.become(connect(user="tenantry_server"), "other_owner")
    refused(other, "TN002", "get_role", role=str(role["id"]))
    refused(
        other, "TN002", "assign_role", user_id=world.users["newcomer"], role="auditors", organization_id=world.second
    )
    call(other, "create_role", name="auditors", organization_id=world.second)
