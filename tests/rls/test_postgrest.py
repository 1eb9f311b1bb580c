"""Requests as PostgREST 12 to 14 send them: settings that last for the transaction, then one statement with a CTE. The
connection is a login like Supabase's `authenticator`, used for one caller after another."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.rls.world import World

SETTINGS = """
select set_config('search_path', %(path)s, true), set_config('role', %(role)s, true),
       set_config('request.jwt.claims', %(claims)s, true), set_config('request.method', %(method)s, true),
       set_config('request.path', %(url)s, true), set_config('request.headers', %(headers)s, true),
       set_config('request.cookies', '{}', true)
"""

READ = """
with pgrst_source as (select {columns} from "public"."{table}" {filters} limit {limit} offset 0)
select null::bigint as total_result_set, pg_catalog.count(_postgrest_t) as page_total,
       coalesce(json_agg(_postgrest_t), '[]') as body
from (select * from pgrst_source) as _postgrest_t
"""

WRITE = """
with pgrst_source as ({statement} returning {columns})
select '' as total_result_set, pg_catalog.count(_postgrest_t) as page_total, array[]::text[] as header,
       coalesce(json_agg(_postgrest_t), '[]') as body
from (select * from pgrst_source) as _postgrest_t
"""


class Gateway:
    """One of PostgREST's connections."""

    def __init__(self, connection: Connection, world: World) -> None:
        self.connection = connection
        self._world = world

    def rpc(self, who: str | None, function: str, **arguments: Any) -> Any:
        """POST /rpc/<function> with a JSON object; a composite comes as an object, a scalar as it is."""
        # PostgREST derives the types of the arguments from the catalog.
        types = self._types(function)
        columns = ", ".join(f'"{name}" {types[name]}' for name in arguments)
        given = ", ".join(f'"{name}" := pgrst_args."{name}"' for name in arguments)
        source = (
            f"with pgrst_source as (select pgrst_call.* from (select * from json_to_record(%(body)s) as _({columns}))"
            f' pgrst_args, lateral "public"."{function}"({given}) pgrst_call)'
            if arguments
            else f'with pgrst_source as (select pgrst_call.* from "public"."{function}"() pgrst_call)'
        )
        query = (
            f"{source} select null::bigint as total_result_set, pg_catalog.count(_postgrest_t) as page_total,"
            " coalesce(json_agg(_postgrest_t), '[]') as body,"
            " nullif(current_setting('response.headers', true), '') as response_headers"
            f' from (select "{function}".* from "pgrst_source" as "{function}") as _postgrest_t'
        )
        return self._send(who, "POST", f"/rpc/{function}", query, body=json.dumps(arguments, default=str))

    def get(self, who: str | None, table: str, columns: str = "*", filters: str = "") -> Any:
        """GET /<table>?select=…"""
        query = READ.format(columns=columns, table=table, filters=filters, limit=1000)
        return self._send(who, "GET", f"/{table}", query)

    def write(self, who: str | None, method: str, table: str, statement: str, columns: str = "1") -> Any:
        """POST, PATCH or DELETE /<table>; with `Prefer: return=representation` the columns come back."""
        return self._send(who, method, f"/{table}", WRITE.format(statement=statement, columns=columns))

    def settings(self) -> dict[str, Any]:
        """The settings that remain between requests."""
        row = self.connection.execute(
            "select current_user as role, current_setting('request.jwt.claims', true) as claims,"
            " current_setting('request.method', true) as method"
        ).fetchone()
        assert row
        return row

    def _send(self, who: str | None, method: str, url: str, query: str, **values: Any) -> Any:
        with self.connection.transaction():
            self.connection.execute(
                SETTINGS,
                {
                    "path": '"public", "extensions"',
                    "role": self._world.role(who) if who else "anon",
                    # An anonymous request has the claims of the anon role, or with older versions none.
                    "claims": json.dumps(self._world.claims(who)) if who else "",
                    "method": method,
                    "url": url,
                    "headers": json.dumps({"host": "localhost", "user-agent": "test"}),
                },
            )
            row = self.connection.execute(query.encode(), values or None).fetchone()
        assert row
        return row["body"]

    def _types(self, function: str) -> dict[str, str]:
        rows = self.connection.execute(
            """
            select argument.name, format_type(argument.type, null) as type
            from pg_proc as p
            cross join lateral unnest(
                p.proargnames, coalesce(p.proallargtypes, p.proargtypes::oid[])) as argument (name, type)
            where p.pronamespace = 'public'::regnamespace and p.proname = %s
            """,
            [function],
        )
        return {row["name"]: row["type"] for row in rows}


@pytest.fixture
def gateway(admin: Connection, connect: Connect, world: World) -> Iterator[Gateway]:
    """PostgREST's connection, logged in as a role of its own."""
    admin.execute("create role authenticator login noinherit; grant anon, authenticated, service_role to authenticator")
    connection = connect(user="authenticator")
    yield Gateway(connection, world)
    connection.close()
    admin.execute("drop role authenticator")


def test_rpc_calls_a_function_by_its_arguments_names(gateway: Gateway, world: World) -> None:
    [entry] = gateway.rpc("member", "consume_credits", organization_id=world.first, credit_event="image", quantity=2)
    assert (entry["amount"], entry["organization_id"]) == (-4, str(world.first))
    [balance] = gateway.rpc("member", "get_credit_balance", organization_id=world.first)
    assert balance["balance"] == entry["balance_after"]
    # PostgREST takes a scalar out of its column; the name of that column is its own affair.
    answer = gateway.rpc("member", "has_permission", organization_id=world.first, permission="credits:read")
    assert [list(row.values()) for row in answer] == [[True]]
    [page] = gateway.rpc("member", "list_organizations")
    assert [organization["name"] for organization in page["organizations"]] == ["Acme"]


def test_a_refusal_says_which_permission_is_missing(gateway: Gateway, world: World) -> None:
    """PostgREST answers 42501 with status 403 and passes on the message and the details."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as denied:
        gateway.rpc("viewer", "consume_credits", organization_id=world.first, amount=1)
    detail = json.loads(denied.value.diag.message_detail or "")
    assert (detail["reason"], detail["permission"]) == ("PERMISSION_DENIED", "credits:consume")


def test_tables_are_read_and_edited_as_policies_allow(gateway: Gateway, world: World) -> None:
    assert [row["name"] for row in gateway.get("viewer", "organizations")] == ["Acme"]
    assert gateway.get("stranger", "organizations") == []
    embedded = gateway.get("viewer", "credit_transactions", "description", f"where organization_id = '{world.second}'")
    assert embedded == []
    patch = 'update "public"."organizations" set description = \'ours\''
    assert gateway.write("admin", "PATCH", "organizations", patch, "name, description") == [
        {"name": "Acme", "description": "ours"}
    ]
    assert gateway.write("viewer", "PATCH", "organizations", patch, "name") == []
    for method, statement in (
        ("POST", "insert into public.organizations (name, slug) values ('n', 'n')"),
        (
            "POST",
            "insert into public.organizations (name, slug) values ('n', 'n') on conflict (slug) do nothing",
        ),
        ("DELETE", "delete from public.user_roles"),
        ("PATCH", "update public.organizations set credit_balance = 1"),
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            gateway.write("owner", method, "organizations", statement)


def test_an_anonymous_request_after_a_users_is_anonymous(gateway: Gateway, world: World) -> None:
    """SET LOCAL leaves empty strings behind instead of nothing: they must count as no user."""
    gateway.rpc("owner", "get_credit_balance", organization_id=world.first)
    assert gateway.settings() == {"role": "authenticator", "claims": "", "method": ""}
    for caller in (None, "anon"):
        assert [plan["name"] for plan in gateway.get(caller, "subscription_plans")] == ["current"]
        assert [product["name"] for product in gateway.get(caller, "credit_products")] == ["current"]
        for table in ("organizations", "credit_events", "permissions"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                gateway.get(caller, table)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            gateway.rpc(caller, "list_organizations")
    assert gateway.settings() == {"role": "authenticator", "claims": "", "method": ""}


def test_a_user_without_claims_is_nobody(gateway: Gateway) -> None:
    """Empty claims with the users' role: a gateway should not send them, and they give no access and cause no error."""
    with gateway.connection.transaction():
        gateway.connection.execute(
            "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', '', true)"
        )
        assert gateway.connection.execute("select * from public.organizations").fetchall() == []
        assert gateway.connection.execute("select * from public.user_roles").fetchall() == []
        answer = gateway.connection.execute("select auth.uid() as id, auth.jwt() as claims").fetchone()
        assert answer == {"id": None, "claims": None}


def test_a_users_request_after_anothers_is_their_own(gateway: Gateway) -> None:
    for who, names in (("owner", ["Acme"]), ("other_owner", ["Globex"]), ("stranger", []), ("owner", ["Acme"])):
        assert [row["name"] for row in gateway.get(who, "organizations")] == names


def test_a_request_that_fails_leaves_nothing_to_the_next(gateway: Gateway, world: World) -> None:
    with pytest.raises(psycopg.Error):
        gateway.rpc("owner", "consume_credits", organization_id=world.first, amount=1_000_000)
    assert gateway.settings()["role"] == "authenticator"
    assert gateway.get("stranger", "organizations") == []


def test_the_audit_log_tells_postgrests_door_from_the_others(
    gateway: Gateway, admin: Connection, connect: Connect, world: World
) -> None:
    gateway.write("admin", "PATCH", "organizations", "update public.organizations set description = 'by postgrest'")
    gateway.rpc("owner", "update_organization", organization_id=world.first, description="by rpc")
    gateway.rpc("service_role", "update_organization", organization_id=world.first, description="by the service")
    with world.acting(connect(user="tenantry_server"), "admin") as server:
        server.execute("update public.organizations set description = 'by grpc'")
        server.execute("commit; begin")
    admin.execute("update public.organizations set description = 'by sql' where id = %s", [world.first])
    rows = admin.execute(
        "select new ->> 'description' as what, door, actor_role, actor_id from tenantry.audit_log"
        " where resource = 'organizations' and action = 'update' order by id"
    ).fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("by postgrest", "postgrest", "authenticated", world.users["admin"]),
        ("by rpc", "postgrest", "authenticated", world.users["owner"]),
        ("by the service", "postgrest", "service_role", None),
        ("by grpc", "grpc", "authenticated", world.users["admin"]),
        ("by sql", "sql", "postgres", None),
    ]
    [page] = gateway.rpc("owner", "list_audit_events", organization_id=world.first, resource="organizations")
    assert UUID(page["audit_events"][0]["organization_id"]) == world.first


def test_a_caller_cannot_set_the_claims_from_within_a_request(gateway: Gateway) -> None:
    """PostgREST calls functions of exposed schemas only, and set_config() stands in pg_catalog. A call to it would have
    no effect: the new role and claims hold for later statements, and a request has none after its own."""
    rows = gateway.connection.execute(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace and prosrc ~ 'set_config|query_to_xml'"
    ).fetchall()
    assert rows == []
    with pytest.raises(psycopg.errors.UndefinedFunction):
        gateway.rpc("stranger", "set_config")
