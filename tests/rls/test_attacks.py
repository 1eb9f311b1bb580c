"""Attacks by a hostile client: with a valid token over PostgREST or gRPC, or with its own SQL as `authenticated`."""

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.rls.test_matrix import results
from tests.rls.world import World
from tests.support.ledger import call, refused
from tests.support.rpc import CAST
from tests.support.rpc_modules import access_rows

SIGNED_IN = [who for who in CAST if who not in ("anon", "service_role")]
NOBODY = "00000000-0000-4000-8000-000000000000"


def sees(connection: Connection, query: str, *values: Any) -> list[dict[str, Any]]:
    """Rows of a query."""
    return connection.execute(query.encode(), values or None).fetchall()


# --- Claims


@pytest.mark.parametrize(
    "claims",
    [
        {"role": "service_role"},
        {"role": "postgres"},
        {"app_metadata": {"role": "platform_admin", "roles": ["owner"], "permissions": ["*:*"]}},
        {"user_metadata": {"role": "platform_admin", "is_admin": True}},
        {"roles": ["platform_admin", "service_role"], "permissions": ["*:*"], "is_super_admin": True},
        {"organization_id": "{first}", "org_id": "{first}", "org_role": "owner"},
        {"sub": NOBODY},
        {"sub": None},
    ],
    ids=json.dumps,
)
def test_nothing_in_a_token_but_who_it_is_counts(
    shared_server: Connection, shared_world: World, claims: dict[str, Any]
) -> None:
    """A gateway verifies the token; every claim but `sub` gives nothing."""
    world = shared_world
    claims = json.loads(json.dumps(claims).replace("{first}", str(world.first)))
    with world.acting(shared_server, "stranger") as connection:
        world.become(connection, "stranger", **claims)
        for table in ("organizations", "credit_transactions", "billing_history", "user_roles"):
            assert sees(connection, f"select * from public.{table}") == []
        assert sees(connection, "select * from public.organizations_with('organizations:read')") == []
        assert call(connection, "list_organizations")["organizations"] == []
        assert not call(connection, "has_permission", organization_id=world.first, permission="credits:read")[
            "has_permission"
        ]
        refused(connection, "42501", "consume_credits", organization_id=world.first, amount=1)


@pytest.mark.parametrize("subject", ["", "' or true --", "null", "*"])
def test_a_subject_that_is_no_id_is_an_error_and_shows_nothing(
    shared_server: Connection, shared_world: World, subject: str
) -> None:
    with shared_world.acting(shared_server, "stranger") as connection:
        shared_world.become(connection, "stranger", sub=subject)
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("select * from public.organizations")


def test_a_token_for_anon_with_a_users_subject_is_still_anonymous(
    shared_server: Connection, shared_world: World
) -> None:
    """The database role decides, not the claims: a gateway that sets only the claims signs in nobody."""
    with shared_world.acting(shared_server, "owner") as connection:
        connection.execute("set local role anon")
        refused(connection, "42501", "get_organization", organization_id=shared_world.first)


def test_a_database_login_of_ones_own_can_say_who_it_is_and_become_nothing_more(
    admin: Connection, connect: Connect, world: World
) -> None:
    """Claims are a setting, and any client can set a setting: a login that may send SQL as `authenticated` can claim to
    be any user. For this reason only gateways get logins that may become `authenticated`, as on Supabase; PostgREST and
    the gRPC server take no SQL from callers. Such a login cannot become another database role."""
    admin.execute("create role direct_login login noinherit; grant authenticated to direct_login")
    try:
        connection = connect(user="direct_login")
        for statement in (
            "select * from public.organizations",
            "set role service_role",
            "set role postgres",
            "set session authorization postgres",
            "select set_config('role', 'service_role', false)",
            "alter role direct_login superuser",
            "grant service_role to direct_login",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
        world.become(connection, "owner")
        assert [row["name"] for row in sees(connection, "select name from public.organizations")] == ["Acme"]
        # Even a claim to be the service does not make the caller the service.
        world.become(connection, "owner", role="service_role")
        refused(connection, "42501", "grant_credits", organization_id=world.first, amount=1)
        connection.close()
    finally:
        admin.execute("drop role direct_login")


def test_who_inherits_a_users_role_is_not_taken_for_a_user(admin: Connection, connect: Connect, world: World) -> None:
    """A member of `authenticated` gets its grants but no permission: it acts under its own name."""
    admin.execute("create role heir login inherit; grant authenticated to heir")
    try:
        connection = connect(user="heir")
        connection.execute(
            "select set_config('request.jwt.claims', %s, false)", [json.dumps(world.claims("platform_admin"))]
        )
        assert sees(connection, "select * from public.organizations") == []
        refused(connection, "42501", "consume_credits", organization_id=world.first, amount=1)
        connection.close()
    finally:
        admin.execute("drop role heir")


@pytest.mark.parametrize(
    "statement", ["set role postgres", "set session authorization postgres", "reset session authorization"]
)
def test_the_servers_login_cannot_leave_its_three_roles(
    shared_server: Connection, shared_world: World, statement: str
) -> None:
    with shared_world.acting(shared_server, "owner") as connection:
        if statement.startswith("reset"):
            connection.execute(statement.encode())
            assert sees(connection, "select session_user as name") == [{"name": "tenantry_server"}]
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


# --- Statements


@pytest.mark.parametrize("who", SIGNED_IN)
def test_no_policy_recurses_however_tables_are_joined(shared_server: Connection, shared_world: World, who: str) -> None:
    with shared_world.acting(shared_server, who) as connection:
        rows = sees(
            connection,
            """
            select o.name, count(*) as n
            from public.organizations as o
            left join public.user_roles as ur on ur.organization_id = o.id
            left join public.roles as r on r.id = ur.role_id or r.organization_id = o.id
            left join public.role_permissions as rp on rp.role_id = r.id
            left join public.permissions as p on p.id = rp.permission_id
            left join public.credit_transactions as t on t.organization_id = o.id
            left join public.credit_events as e on e.id = t.credit_event_id
            left join public.organization_subscriptions as s on s.organization_id = o.id
            left join public.subscription_plans as sp on sp.id = s.subscription_plan_id
            left join public.billing_history as b on b.organization_id = o.id
            left join public.credit_products as cp on cp.is_active
            where exists (select from public.user_roles as x where x.organization_id = o.id or x.organization_id isnull)
              and o.id in (select organization_id from public.credit_transactions)
            group by o.name
            """,
        )
    expected = {"stranger": set(), "other_owner": {"Globex"}, "platform_admin": {"Acme", "Globex"}}
    assert {row["name"] for row in rows} == expected.get(who, {"Acme"})


@pytest.mark.parametrize(
    "statement",
    [
        "insert into public.organizations (name, slug) values ('n', 'n') returning id",
        "insert into public.organizations (name, slug) values ('Globex', 'globex') on conflict do nothing",
        "insert into public.organizations (name, slug) values ('Globex', 'globex')"
        " on conflict (slug) do update set description = 'taken'",
        "insert into public.user_roles (user_id, role_id) select auth.uid(), id from public.roles returning id",
        "insert into public.user_roles (user_id, role_id, organization_id) select auth.uid(), id, '{second}'"
        " from public.roles on conflict do nothing",
        "insert into public.role_permissions (role_id, permission_id)"
        " select r.id, p.id from public.roles as r, public.permissions as p on conflict do nothing",
        "update public.roles set is_system_role = false",
        "update public.user_roles set user_id = auth.uid() returning *",
        "update public.organizations set slug = 'mine' where id = '{first}'",
        "update public.organizations set id = '{second}' where id = '{first}'",
        "update public.organizations set is_active = true, name = 'x' where id = '{first}'",
        "merge into public.organizations as o using (select 1) as x on o.slug = 'globex' when matched then delete",
        "merge into public.organizations as o using (select 1) as x on o.slug = 'new'"
        " when not matched then insert (name, slug) values ('new', 'new')",
        "with gone as (delete from public.user_roles returning *) select * from gone",
        "copy public.user_roles from stdin",
        "copy public.organizations (name, slug) from stdin",
        "copy (select 1) to program 'true'",
        "copy public.organizations to '/tmp/organizations'",
        "lock table public.organizations in access exclusive mode",
        "lock table public.user_roles in row exclusive mode",
        "select * from public.user_roles for update",
        "alter table public.organizations disable row level security",
        "drop policy members_read on public.organizations",
        "create policy everybody on public.organizations using (true)",
        "create trigger t after insert on public.organizations execute function tenantry.record_audit_event()",
        "create rule r as on select to public.organizations do instead nothing",
        "create table public.mine (id int references public.organizations)",
        "create function public.has_permission(uuid, text, int) returns boolean language sql return true",
        "comment on function public.has_permission is 'mine'",
        "select * from auth.users",
        "select * from tenantry.audit_log",
        "select * from tenantry.invitations",
        "delete from tenantry.audit_log",
        "select tenantry.add_user_role(auth.uid(), r.id, '{second}') from public.roles as r",
        "select tenantry.user_has_permission('{other_owner}', 'credits:read', '{second}')",
        "select tenantry.settle_due_accounts()",
        "select pg_read_file('/etc/passwd')",
        "select lo_import('/etc/passwd')",
        "set session_replication_role = replica",
        "alter role authenticated superuser",
        "alter role authenticated bypassrls",
    ],
)
@pytest.mark.parametrize("who", ["stranger", "owner"])
def test_no_statement_gets_round_the_policies(
    shared_server: Connection, shared_world: World, who: str, statement: str
) -> None:
    world = shared_world
    filled = statement.format(first=world.first, second=world.second, other_owner=world.users["other_owner"])
    with world.acting(shared_server, who) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(filled.encode())


def test_a_grant_by_who_may_not_grant_gives_nothing(shared_server: Connection, shared_world: World) -> None:
    """PostgreSQL answers with a warning, not an error."""
    with shared_world.acting(shared_server, "owner") as connection:
        connection.execute("grant all on public.organizations to public")
        connection.execute("set local role anon")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from public.organizations")


def test_an_update_reaches_only_the_callers_organizations(shared_server: Connection, shared_world: World) -> None:
    world = shared_world
    with world.acting(shared_server, "owner") as connection:
        changed = sees(
            connection, "update public.organizations set description = 'x' where slug = 'globex' returning id"
        )
        assert changed == []
        assert sees(connection, "update public.organizations set description = 'x' returning name") == [
            {"name": "Acme"}
        ]
    with world.acting(shared_server, "member") as connection:
        assert sees(connection, "update public.organizations set description = 'x' returning name") == []
        # Nor can a member without the right to change the row lock it and delay the members who may change it.
        assert sees(connection, "select id from public.organizations for update") == []


def test_copy_writes_out_only_what_the_caller_sees(shared_server: Connection, shared_world: World) -> None:
    for source in ("public.organizations (name)", "(select name from public.organizations)"):
        with (
            shared_world.acting(shared_server, "viewer") as connection,
            connection.cursor() as cursor,
            cursor.copy(f"copy {source} to stdout".encode()) as copy,
        ):
            assert [bytes(block) for block in copy] == [b"Acme\n"]


@pytest.fixture
def attacker(admin: Connection) -> Iterator[None]:
    """A schema in which users may create objects."""
    admin.execute("create schema attacker; grant all on schema attacker to authenticated")
    yield
    admin.execute("drop schema attacker cascade")


@pytest.mark.usefixtures("attacker")
def test_a_view_shows_its_owners_rows_unless_it_is_made_with_security_invoker(
    admin: Connection, connect: Connect, world: World
) -> None:
    """A superuser's view without security_invoker opens the table to every reader of the view: PostgreSQL works this
    way, and advisors warn of it. A view that a user creates opens nothing to anybody."""
    server = connect(user="tenantry_server")
    with world.acting(server, "owner") as connection:
        connection.execute("create view attacker.theirs as select name from public.organizations")
        connection.execute("create materialized view attacker.kept as select name from public.organizations")
        assert sees(connection, "select * from attacker.theirs") == [{"name": "Acme"}]
        world.become(connection, "stranger")
        assert sees(connection, "select * from attacker.theirs") == []
        # A copy keeps its rows: the caller's own rows, and no others.
        assert sees(connection, "select * from attacker.kept") == [{"name": "Acme"}]
    admin.execute(
        """
        create view attacker.safe with (security_invoker) as select name from public.organizations;
        create view attacker.unsafe as select name from public.organizations;
        grant select on attacker.safe, attacker.unsafe to authenticated;
        """
    )
    with world.acting(server, "stranger") as connection:
        assert sees(connection, "select * from attacker.safe") == []
        assert len(sees(connection, "select * from attacker.unsafe")) == 2


@pytest.mark.usefixtures("attacker")
def test_a_function_of_the_users_own_sees_no_row_that_the_policy_hides(connect: Connect, world: World) -> None:
    """Even a cheap function that the planner would like to run first sees no hidden row."""
    server = connect(user="tenantry_server")
    said: list[str] = []
    server.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
    with world.acting(server, "viewer") as connection:
        connection.execute(
            """
            create function attacker.leak(text) returns boolean language plpgsql immutable cost 0.0000001
            as $$ begin raise notice '%', $1; return true; end $$
            """
        )
        connection.execute("select * from public.organizations where attacker.leak(name)")
        connection.execute("select * from public.roles where attacker.leak(coalesce(description, ''))")
        connection.execute("select * from public.credit_transactions where attacker.leak(coalesce(description, ''))")
        connection.execute("update public.organizations set description = 'x' where attacker.leak(name)")
    assert "Acme" in said
    assert not [text for text in said if "Globex" in text]


def test_explain_says_the_same_of_what_is_hidden_and_what_is_not_there(
    shared_server: Connection, shared_world: World
) -> None:
    """EXPLAIN ANALYZE counts the rows that a policy removed, and so tells that a slug exists, as the unique key does
    (below). Neither PostgREST (unless db-plan-enabled is set) nor the gRPC server lets callers explain."""
    with shared_world.acting(shared_server, "stranger") as connection:
        plans = [
            sees(connection, f"explain (verbose, settings) select * from public.organizations where slug = '{slug}'")
            for slug in ("globex", "glabex")
        ]
    assert str(plans[0]).replace("globex", "glabex") == str(plans[1])


# --- Oracles

# Each call asks for an object of the second organization by its id or name: function, arguments, and the argument that
# names the object.
ORACLES: list[tuple[str, dict[str, str], str]] = [
    ("get_organization", {"organization_id": "{second}"}, "organization_id"),
    ("get_organization", {"slug": "globex"}, "slug"),
    ("get_role", {"role": "{role_second}"}, "role"),
    ("get_role", {"role": "own:{role_second}"}, "role"),
    ("get_role_assignment", {"user_role_id": "{foreigner_role}"}, "user_role_id"),
    ("list_role_permissions", {"role": "{role_second}"}, "role"),
    ("update_role", {"role": "{role_second}", "description": "x"}, "role"),
    ("delete_role", {"role": "{role_second}"}, "role"),
    ("add_role_permission", {"role": "{role_second}", "permission": "credits:read"}, "role"),
    ("remove_role_permission", {"role": "{role_second}", "permission": "credits:read"}, "role"),
    ("remove_role_assignment", {"user_role_id": "{foreigner_role}"}, "user_role_id"),
    ("update_role_assignment", {"user_role_id": "{foreigner_role}", "role": "viewer"}, "user_role_id"),
    ("update_role_assignment", {"user_role_id": "{colleague_role}", "role": "{role_second}"}, "role"),
    ("assign_role", {"organization_id": "{first}", "user_id": "{newcomer}", "role": "{role_second}"}, "role"),
    ("assign_role", {"organization_id": "{second}", "user_id": "{newcomer}", "role": "viewer"}, "organization_id"),
    ("invite_member", {"organization_id": "{first}", "email": "a@b.c", "role": "{role_second}"}, "role"),
    ("invite_member", {"organization_id": "{second}", "email": "a@b.c", "role": "viewer"}, "organization_id"),
    ("list_roles", {"organization_id": "{second}"}, "organization_id"),
    ("list_members", {"organization_id": "{second}"}, "organization_id"),
    ("list_invitations", {"organization_id": "{second}"}, "organization_id"),
    ("list_audit_events", {"organization_id": "{second}"}, "organization_id"),
    ("list_role_assignments", {"organization_id": "{second}"}, "organization_id"),
    ("list_role_assignments", {"user_id": "{foreigner}"}, "user_id"),
    ("list_user_roles", {"user_id": "{foreigner}"}, "user_id"),
    ("list_user_organizations", {"user_id": "{foreigner}"}, "user_id"),
    ("list_users_with_permission", {"organization_id": "{second}", "permission": "credits:read"}, "organization_id"),
    ("check_permission", {"organization_id": "{second}", "permission": "credits:read"}, "organization_id"),
    ("has_permission", {"organization_id": "{second}", "permission": "credits:read"}, "organization_id"),
    ("explain_permission", {"organization_id": "{second}", "permission": "credits:read"}, "organization_id"),
    ("can_afford", {"organization_id": "{second}", "credit_event": "image"}, "organization_id"),
    ("update_organization", {"organization_id": "{second}", "description": "x"}, "organization_id"),
    ("delete_organization", {"organization_id": "{second}"}, "organization_id"),
    ("transfer_ownership", {"organization_id": "{second}", "user_id": "{newcomer}"}, "organization_id"),
    ("transfer_ownership", {"organization_id": "{first}", "user_id": "{foreigner}"}, "user_id"),
    ("revoke_invitation", {"organization_id": "{second}", "invitation_id": "{invitation_second}"}, "invitation_id"),
    ("revoke_invitation", {"organization_id": "{first}", "invitation_id": "{invitation_second}"}, "invitation_id"),
    ("accept_invitation", {"token": "{invitation_second}"}, "token"),
    ("get_credit_balance", {"organization_id": "{second}"}, "organization_id"),
    ("consume_credits", {"organization_id": "{second}", "amount": "1"}, "organization_id"),
    ("hold_credits", {"organization_id": "{second}", "amount": "1"}, "organization_id"),
    ("release_hold", {"organization_id": "{second}", "hold_id": "{hold_second}"}, "hold_id"),
    ("release_hold", {"organization_id": "{first}", "hold_id": "{hold_second}"}, "hold_id"),
    (
        "get_credit_transaction",
        {"organization_id": "{first}", "credit_transaction_id": "{spent_second}"},
        "credit_transaction_id",
    ),
    ("list_allocations", {"organization_id": "{first}", "lot_id": "{grant_second}"}, "lot_id"),
    ("list_credit_transactions", {"organization_id": "{second}"}, "organization_id"),
    ("list_credit_transactions", {"organization_id": "{first}", "source_id": "{hold_second}"}, "source_id"),
    ("list_credit_lots", {"organization_id": "{second}"}, "organization_id"),
    ("get_credit_event", {"credit_event": "old image"}, "credit_event"),
    ("consume_credits", {"organization_id": "{second}", "credit_event": "old image"}, "credit_event"),
]


@pytest.mark.parametrize("who", ["stranger", "owner"])
def test_what_is_hidden_and_what_does_not_exist_answer_alike(
    shared_server: Connection, shared_world: World, who: str
) -> None:
    """Every answer, error text and error detail is the same for an id or name of another tenant and for an invented
    one."""
    world = shared_world
    names = {"first": world.first, "second": world.second, **world.ids, **world.users}
    told = []
    for function, arguments, asked in ORACLES:
        values = {name: value.format(**names) for name, value in arguments.items()}
        hidden = values[asked]
        made_up = "not-there" if len(hidden) < 30 else hidden.replace(hidden[-36:], NOBODY)
        answers = [
            _answer(shared_server, world, who, function, values | {asked: value}).replace(value, "…")
            for value in (hidden, made_up)
        ]
        if answers[0] != answers[1]:
            told.append((function, asked, answers))
        assert "Globex" not in answers[0]
    assert told == []


# The tables that describe the caller's own account and permissions.
OWN = {"permissions", "role_permissions", "roles", "user_roles", "users"}
# Listings that filter a table by an organization's id, as its readers over PostgREST may: PostgreSQL finds the rows by
# the index and then asks the policy of each. A caller who knows an organization's id can estimate its number of rows
# from the time.
READ = ["list_roles", "list_role_assignments"]


@pytest.mark.parametrize("who", ["stranger", "owner"])
def test_what_is_hidden_and_what_does_not_exist_cost_the_same_work_but_for_one_row(
    admin: Connection, connect: Connect, world: World, who: str
) -> None:
    """Differing work shows in the time, so the test compares the work: the number of rows fetched from each table.

    A query by id or by name finds at most the one row of a unique index, and only then calls the policy, which looks up
    the caller's own roles. A clock that is fine enough tells that the row exists: for an id, which nobody can guess, or
    for a name, which the unique key tells anyway (below). Except for READ, no work depends on the data of the other
    tenant.
    """
    server = connect(user="tenantry_server")
    # The planner works as on much data, and each table has enough rows for a full read to show.
    server.execute("set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off")
    admin.execute(
        f"""
        begin;
        set local session_replication_role = replica;
        insert into public.roles (id, name, organization_id, display_name)
            select id, 'own:' || id, '{world.second}', id
            from (select gen_random_uuid() from generate_series(1, 100)) as x (id);
        insert into public.user_roles (user_id, role_id, organization_id)
            select gen_random_uuid(), id, organization_id from public.roles where organization_id = '{world.second}';
        insert into public.role_permissions (role_id, permission_id)
            select r.id, p.id from public.roles as r, public.permissions as p
            where r.organization_id = '{world.second}' and p.name = 'billing:read';
        commit;
        analyze;
        """.encode()
    )
    names = {"first": world.first, "second": world.second, **world.ids, **world.users}
    told = []
    for function, arguments, asked in ORACLES:
        values = {name: value.format(**names) for name, value in arguments.items()}
        hidden = values[asked]
        made_up = "not-there" if len(hidden) < 30 else hidden.replace(hidden[-36:], NOBODY)
        # The first call also makes the plans, which reads rows too.
        tried = (made_up, hidden, made_up)
        work = [_work(server, world, who, function, values | {asked: value}) for value in tried][1:]
        more = {table: n - work[1].get(table, 0) for table, n in work[0].items() if n > work[1].get(table, 0)}
        if any(rows > (25 if table in OWN else 1) for table, rows in more.items()):
            told.append((function, more))
    assert [function for function, _ in told] == READ, told


def _work(server: Connection, world: World, who: str, function: str, arguments: dict[str, str]) -> dict[str, int]:
    """The number of rows that the call fetches, by table."""
    given = ", ".join(f"{name} => '{value}'" for name, value in arguments.items())
    counted = "select relname, seq_tup_read + idx_tup_fetch as rows from pg_stat_xact_user_tables"
    with world.acting(server, who) as connection:
        before = {row["relname"]: row["rows"] for row in sees(connection, counted)}
        connection.execute("savepoint call")
        try:
            sees(connection, f"select * from public.{function}({given})")
        except psycopg.Error:
            connection.execute("rollback to call")
        after = {row["relname"]: row["rows"] for row in sees(connection, counted)}
    return {table: rows - before.get(table, 0) for table, rows in after.items()}


def _answer(server: Connection, world: World, who: str, function: str, arguments: dict[str, str]) -> str:
    given = ", ".join(f"{name} => '{value}'" for name, value in arguments.items())
    with world.acting(server, who) as connection:
        try:
            return str(sees(connection, f"select * from public.{function}({given})"))
        except psycopg.Error as error:
            diag = error.diag
            return str(
                (diag.sqlstate, diag.message_primary, diag.message_detail, diag.message_hint, diag.constraint_name)
            )


def test_a_name_or_slug_that_is_taken_is_told_to_everybody(shared_server: Connection, shared_world: World) -> None:
    """Organizations' names and slugs are unique among all tenants, as requested: a user who chooses a taken one learns
    that it is taken, even if they cannot see that tenant. The error repeats the user's own words and nothing of that
    tenant's."""
    for arguments in ({"name": "Globex", "slug": "other"}, {"name": "Other", "slug": "globex"}):
        with (
            shared_world.acting(shared_server, "stranger") as connection,
            pytest.raises(psycopg.errors.UniqueViolation) as taken,
        ):
            call(connection, "create_organization", **arguments)
        assert str(shared_world.second) not in str(taken.value)


def test_an_own_roles_name_is_not_told_to_others(shared_server: Connection, shared_world: World) -> None:
    """Both organizations have an editor. The name of a role is unique in its organization only, and no other
    organization learns it."""
    with shared_world.acting(shared_server, "owner") as connection:
        connection.execute("savepoint again")
        refused(connection, "23505", "create_role", name="editor", organization_id=shared_world.first)
        connection.execute("rollback to again")
        roles = call(connection, "list_roles", organization_id=shared_world.first, page_size=1000)["roles"]
        assert [role["display_name"] for role in roles if role["display_name"]] == ["editor"]


FORGED = [
    '["0001-01-01", "00000000-0000-0000-0000-000000000000"]',
    '["infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff"]',
    '["00000000-0000-0000-0000-000000000000"]',
    "[0]",
    "[null, null]",
    '[{"a": []}]',
    '"\' or true --"',
    "{}",
]


@pytest.mark.parametrize("who", ["stranger", "owner"])
def test_a_page_token_of_ones_own_making_shows_nothing_more(
    shared_server: Connection, shared_world: World, who: str
) -> None:
    """Page tokens are not secret: every reader of the code can make one. A token gives the start of a page and nothing
    more."""
    world = shared_world
    listings = [
        ("list_organizations", "organizations ", ""),
        ("list_role_assignments", f'user_roles [null, "{world.second}"]', f"organization_id => '{world.second}',"),
        ("list_roles", f'roles ["{world.second}"]', f"organization_id => '{world.second}',"),
        ("list_members", f"members {world.second}", f"organization_id => '{world.second}',"),
        ("list_invitations", f"invitations {world.second}", f"organization_id => '{world.second}',"),
    ]
    taken = 0
    for function, scope, arguments in listings:
        for key in FORGED:
            with world.acting(shared_server, who) as connection:
                try:
                    rows = sees(
                        connection,
                        f"select * from public.{function}"
                        f"({arguments} page_token => tenantry.encode_page_token(%s, %s))",
                        scope,
                        key,
                    )
                except psycopg.Error as error:
                    assert str(error.sqlstate)[:2] in ("22", "42", "TN"), error  # noqa: PT017
                    assert error.sqlstate != "TN003", f"the token is not one of {function}: {scope}"  # noqa: PT017
                    continue
            taken += 1
            assert "Globex" not in str(rows)
            assert str(world.users["foreigner"]) not in str(rows)
    assert taken


@pytest.mark.parametrize("who", ["stranger", "owner"])
def test_statistics_and_the_sessions_of_others_tell_nothing(
    shared_admin: Connection, shared_server: Connection, shared_world: World, who: str
) -> None:
    """ANALYZE collects the values of every tenant."""
    shared_admin.execute("analyze public.organizations")
    collected = "select * from pg_stats where schemaname in ('public', 'tenantry')"
    assert sees(shared_admin, collected)
    with shared_world.acting(shared_server, who) as connection:
        assert sees(connection, collected) == []
        for catalog in ("pg_statistic", "pg_authid", "pg_statistic_ext_data", "pg_user_mapping"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"select * from {catalog}".encode())
        others = sees(connection, "select distinct query from pg_stat_activity where usename = 'postgres'")
        assert {row["query"] for row in others} <= {"", "<insufficient privilege>"}


# --- Shadowing

# The names that the package's own SQL uses; each shadow fails loudly if it ever runs.
SHADOWS = """
create function attacker.ran() returns void language plpgsql
    as $f$ begin raise exception using errcode = 'XX999', message = 'code of the attacker ran'; end $f$;
create function attacker.lower(text) returns text language plpgsql as $f$ begin perform attacker.ran(); end $f$;
create function attacker.format(text, variadic text[]) returns text language plpgsql
    as $f$ begin perform attacker.ran(); end $f$;
create function attacker.current_setting(text, boolean) returns text language plpgsql
    as $f$ begin perform attacker.ran(); end $f$;
create function attacker.current_setting(text) returns text language plpgsql
    as $f$ begin perform attacker.ran(); end $f$;
create function attacker.now() returns timestamptz language plpgsql as $f$ begin perform attacker.ran(); end $f$;
create function attacker.clock_timestamp() returns timestamptz language plpgsql
    as $f$ begin perform attacker.ran(); end $f$;
create function attacker.gen_random_uuid() returns uuid language plpgsql as $f$ begin perform attacker.ran(); end $f$;
create function attacker.split_part(text, text, integer) returns text language plpgsql
    as $f$ begin perform attacker.ran(); end $f$;
create function attacker.cardinality(anyarray) returns integer language plpgsql
    as $f$ begin perform attacker.ran(); end $f$;
create function attacker.uid() returns uuid language plpgsql as $f$ begin perform attacker.ran(); end $f$;
create function attacker.equal(uuid, uuid) returns boolean language plpgsql
    as $f$ begin perform attacker.ran(); end $f$;
create function attacker.equal(text, text) returns boolean language plpgsql
    as $f$ begin perform attacker.ran(); end $f$;
create function attacker.equal(varchar, text) returns boolean language plpgsql
    as $f$ begin perform attacker.ran(); end $f$;
create function attacker.equal(integer, integer) returns boolean language plpgsql
    as $f$ begin perform attacker.ran(); end $f$;
create function attacker.join(text, text) returns text language plpgsql as $f$ begin perform attacker.ran(); end $f$;
create function attacker.field(jsonb, text) returns text language plpgsql as $f$ begin perform attacker.ran(); end $f$;
create operator attacker.= (leftarg = uuid, rightarg = uuid, function = attacker.equal);
create operator attacker.= (leftarg = text, rightarg = text, function = attacker.equal);
create operator attacker.= (leftarg = varchar, rightarg = text, function = attacker.equal);
create operator attacker.= (leftarg = integer, rightarg = integer, function = attacker.equal);
create operator attacker.<> (leftarg = text, rightarg = text, function = attacker.equal);
create operator attacker.~ (leftarg = text, rightarg = text, function = attacker.equal);
create operator attacker.|| (leftarg = text, rightarg = text, function = attacker.join);
create operator attacker.->> (leftarg = jsonb, rightarg = text, function = attacker.field);
"""
TABLES = """
create {temp} table {schema}.organizations (id uuid, name text, slug text, credit_balance integer, is_active boolean);
create {temp} table {schema}.permissions (id uuid, name text, resource text, action text);
create {temp} table {schema}.roles (id uuid, name text, organization_id uuid, is_system_role boolean);
create {temp} table {schema}.role_permissions (id uuid, role_id uuid, permission_id uuid);
create {temp} table {schema}.user_roles (id uuid, user_id uuid, role_id uuid, organization_id uuid);
create {temp} table {schema}.credit_transactions (id uuid, organization_id uuid, amount integer);
insert into {schema}.permissions (id, name, resource, action) values ('{nobody}', 'all', '*', '*');
insert into {schema}.roles (id, name) values ('{nobody}', 'all');
insert into {schema}.role_permissions (id, role_id, permission_id) values ('{nobody}', '{nobody}', '{nobody}');
insert into {schema}.user_roles (id, user_id, role_id) values ('{nobody}', auth.uid(), '{nobody}');
"""


@pytest.mark.parametrize("place", ["attacker", "pg_temp"])
def test_no_function_runs_or_reads_what_a_caller_puts_in_its_way(
    shared_admin: Connection, shared_server: Connection, shared_world: World, place: str
) -> None:
    """Calls every public function as every caller, with a search_path full of the attacker's functions, operators and
    tables: the answers are those of the matrix."""
    shared_admin.execute("create schema attacker; grant all on schema attacker to public")
    try:
        if place == "attacker":
            with shared_world.acting(shared_admin, "owner") as connection:
                shadows = SHADOWS + TABLES.format(temp="", schema="attacker", nobody=NOBODY)
                connection.execute(shadows.encode())
                connection.execute("commit; begin")
            shared_admin.execute("grant all on all tables in schema attacker to public")
            shared_admin.execute("grant execute on all functions in schema attacker to public")
            preamble = ["set local search_path = attacker, pg_catalog, public"]
        else:
            # The login's own role may not create anything, so a user's role creates them, for the whole session.
            shared_server.execute("set role authenticated")
            shared_server.execute(TABLES.format(temp="temporary", schema="pg_temp", nobody=NOBODY).encode())
            shared_server.execute("grant all on all tables in schema pg_temp to public")
            shared_server.execute(
                "create function pg_temp.organizations_with(text) returns setof uuid language sql"
                " return 'cccccccc-cccc-4ccc-8ccc-cccccccccccc'::uuid"
            )
            shared_server.execute("reset role")
            preamble = ["set local search_path = pg_temp, public, tenantry"]
        found = {function: results(shared_server, shared_world, function, *preamble) for function in access_rows()}
        # The attack is real: outside the package's functions it works.
        if place == "attacker":
            with shared_world.acting(shared_server, "stranger") as connection:
                connection.execute(preamble[-1].encode())
                with pytest.raises(psycopg.Error) as ran:
                    connection.execute("select 'a'::text = 'b'::text")
                assert ran.value.sqlstate == "XX999"
            with shared_world.acting(shared_server, "stranger") as connection:
                connection.execute(preamble[-1].encode())
                assert sees(connection, "select * from public.organizations") == []
    finally:
        shared_admin.execute("drop schema attacker cascade")
        shared_server.execute("discard temp")
    assert found == {function: row.results for function, row in access_rows().items()}


# --- Escalation


def _held(admin: Connection, user: UUID) -> set[tuple[Any, Any]]:
    """The permissions of a user, with their organizations."""
    rows = sees(
        admin,
        """
        select ur.organization_id, p.resource || ':' || p.action as permission
        from public.user_roles as ur
        join public.role_permissions as rp on rp.role_id = ur.role_id
        join public.permissions as p on p.id = rp.permission_id
        where ur.user_id = %s
        """,
        user,
    )
    return {(row["organization_id"], row["permission"]) for row in rows}


@pytest.mark.parametrize("who", [who for who in SIGNED_IN if who != "platform_admin"])
def test_nobody_comes_to_a_permission_by_calling_everything_they_can(
    admin: Connection, connect: Connect, world: World, who: str
) -> None:
    """Tries twice every call that could raise the caller's rights: gives roles to the caller and to a friend, fills
    roles with every permission, accepts invitations to every role, and edits the roles that the caller holds. The calls
    that succeed are kept."""
    caller, friend = world.users[who], world.users["newcomer"]
    before = {user: _held(admin, user) for user in world.users.values()}
    server = connect(user="tenantry_server")
    permissions = [row["name"] for row in sees(admin, "select name from public.permissions")]
    shipped = {str(row["id"]) for row in sees(admin, "select id from public.roles where is_system_role")}

    def attempt(function: str, **arguments: Any) -> dict[str, Any] | None:
        try:
            with server.transaction():
                world.become(server, who)
                return call(server, function, **arguments)
        except psycopg.Error:
            return None

    own = attempt("create_role", name="crown", organization_id=world.first)
    for _ in range(2):
        roles = [str(row["id"]) for row in sees(admin, "select id from public.roles")]
        for role in roles:
            for permission in permissions if role not in shipped else ["*:*"]:
                attempt("add_role_permission", role=role, permission=permission)
            attempt("update_role", role=role, name=f"r{uuid4()}")
            for tenant in (world.first, world.second, None):
                for user in (caller, friend):
                    attempt("assign_role", user_id=user, role=role, organization_id=tenant)
                invited = attempt("invite_member", organization_id=tenant, email="a@b.c", role=role)
                if invited:
                    attempt("accept_invitation", token=invited["token"])
        for row in sees(admin, "select id from public.user_roles where user_id = %s", caller):
            for role in roles:
                attempt("update_role_assignment", user_role_id=row["id"], role=role)
        for permission in permissions:
            attempt("update_permission", permission=permission, resource="*", action="*")
        attempt("create_permission", name="mine", resource="credits", action="*")
        for tenant in (world.first, world.second):
            attempt("transfer_ownership", organization_id=tenant, user_id=caller, from_user_id=world.users["owner"])

    assert (own is not None) == (who in ("admin", "owner"))
    mine = before[caller]
    for user in world.users.values():
        gained = _held(admin, user) - before[user]
        # The caller passed on at most the permissions that they held in that organization.
        assert {x for x in gained if not _covers(mine, x)} == set()
    assert {x for x in _held(admin, caller) if not _covers(mine, x)} == set()


def _covers(held: set[tuple[Any, Any]], wanted: tuple[Any, Any]) -> bool:
    organization, permission = wanted
    resource, action = permission.split(":")
    return any(
        where in (organization, None) and name.split(":")[0] in ("*", resource) and name.split(":")[1] in ("*", action)
        for where, name in held
    )


def test_who_manages_roles_everywhere_does_not_turn_a_permission_into_a_greater_one(
    admin: Connection, connect: Connect, world: World
) -> None:
    call(admin, "add_role_permission", role="auditor", permission="roles:manage")
    call(admin, "assign_role", user_id=world.users["stranger"], role="auditor")
    connection = world.become(connect(), "stranger")
    refused(connection, "42501", "update_permission", permission="reports:view", resource="credits", action="*")
    refused(connection, "42501", "add_role_permission", role="auditor", permission="credits:grant")
    refused(connection, "42501", "grant_credits", organization_id=world.first, amount=1)


def test_an_invitation_gives_nothing_that_its_maker_has_lost(admin: Connection, connect: Connect, world: World) -> None:
    invited = call(
        world.become(connect(), "admin"), "invite_member", organization_id=world.first, email="a@b.c", role="admin"
    )
    admin.execute("delete from public.user_roles where user_id = %s", [world.users["admin"]])
    detail = refused(world.become(connect(), "stranger"), "TN024", "accept_invitation", token=invited["token"])
    assert detail["state"] == "void"


def test_who_gave_ownership_away_has_it_no_more(connect: Connect, world: World) -> None:
    connection = world.become(connect(), "owner")
    call(connection, "transfer_ownership", organization_id=world.first, user_id=world.users["admin"])
    refused(connection, "42501", "transfer_ownership", organization_id=world.first, user_id=world.users["viewer"])
    refused(
        connection,
        "42501",
        "transfer_ownership",
        organization_id=world.first,
        user_id=world.users["viewer"],
        from_user_id=world.users["admin"],
    )
    refused(connection, "42501", "delete_organization", organization_id=world.first)


def test_an_owner_does_not_give_away_anothers_ownership(admin: Connection, connect: Connect, world: World) -> None:
    call(admin, "assign_role", user_id=world.users["admin"], role="owner", organization_id=world.first)
    refused(
        world.become(connect(), "admin"),
        "42501",
        "transfer_ownership",
        organization_id=world.first,
        user_id=world.users["viewer"],
        from_user_id=world.users["owner"],
    )


def test_an_own_role_holds_nowhere_else_even_if_it_is_written_there(
    admin: Connection, connect: Connect, world: World
) -> None:
    """A writer who bypasses the functions on user_roles (a DBA's script) opens no other organization through an own
    role."""
    for tenant in (world.second, None):
        admin.execute(
            "insert into public.user_roles (user_id, role_id, organization_id) values (%s, %s, %s)",
            [world.users["stranger"], world.ids["role_first"], tenant],
        )
    connection = world.become(connect(), "stranger")
    for tenant in (world.first, world.second, None):
        assert not call(connection, "has_permission", organization_id=tenant, permission="credits:read")[
            "has_permission"
        ]
    assert sees(connection, "select * from public.credit_transactions") == []


# --- At the same time


def _race(*actions: Callable[[], object]) -> list[str]:
    """Runs the actions at once; returns for each the SQLSTATE of its refusal or 'ok'."""
    results = ["" for _ in actions]
    start = threading.Barrier(len(actions))

    def run(number: int) -> None:
        start.wait()
        try:
            actions[number]()
            results[number] = "ok"
        except psycopg.Error as error:
            results[number] = str(error.sqlstate)

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def test_two_owners_who_remove_each_other_at_once_leave_one(admin: Connection, connect: Connect, world: World) -> None:
    pair = ("owner", "admin")
    connections = [world.become(connect(), who) for who in pair]
    for _ in range(10):
        admin.execute(
            "insert into public.user_roles (user_id, role_id, organization_id)"
            " select u, r.id, %s from unnest(%s::uuid[]) as u, public.roles as r where r.name = 'owner'"
            " on conflict do nothing",
            [world.first, [world.users[who] for who in pair]],
        )
        assigned = {
            row["user_id"]: row["id"]
            for row in sees(
                admin,
                "select ur.user_id, ur.id from public.user_roles as ur join public.roles as r on r.id = ur.role_id"
                " where r.name = 'owner' and ur.organization_id = %s",
                world.first,
            )
        }
        _race(
            *(
                partial(call, connection, "remove_role_assignment", user_role_id=assigned[world.users[victim]])
                for connection, victim in zip(connections, reversed(pair), strict=True)
            )
        )
        owners = sees(
            admin,
            "select ur.user_id from public.user_roles as ur join public.roles as r on r.id = ur.role_id"
            " where r.name = 'owner' and ur.organization_id = %s",
            world.first,
        )
        assert len(owners) == 1


def test_an_invitation_taken_up_by_two_at_once_lets_one_in(connect: Connect, world: World) -> None:
    connections = [world.become(connect(), who) for who in ("stranger", "newcomer")]
    token = world.ids["token_first"]
    accept = [partial(call, connection, "accept_invitation", token=token) for connection in connections]
    assert _race(*accept) == ["TN024", "ok"]
