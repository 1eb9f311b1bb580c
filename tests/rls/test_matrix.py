"""The access matrix: the result of every command on every table, and of a call of every function, by caller.

TABLES has a line for each table and command. A cell says which rows the caller reads or changes:

    -        refused for want of a privilege or by a policy (42501)
    none     no rows
    all      every row
    first    the rows of the first organization (second: of the second)
    shared   the rows that belong to no organization (first+, second+: and those of that organization)
    active   the active rows
    mine     the caller's own rows
    ok       an insert or a truncate succeeds
    kept     the caller has the privilege to delete or truncate, and other rows that refer to these prevent it

The row of a function stands in its own test module, as ACCESS (see tests/support/rpc.py). A table, a column privilege
or a function without a line fails.
"""

import re
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.conftest import Connection
from tests.rls.world import World
from tests.support.rpc import CAST, DENIED
from tests.support.rpc_modules import ROOT, access_rows, gaps, module_of, strays, title

TABLES = """
#           anon    stranger viewer  member  billing  admin   owner   other_owner  platform_admin  service_role
billing_history
  select    -       none     none    none    first    first   first   second       all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
credit_events
  select    -       active   active  active  active   active  active  active       all             all
  insert    -       -        -       -       -        -       -       -            -               ok
  update    -       -        -       -       -        -       -       -            -               all
  delete    -       -        -       -       -        -       -       -            -               all
  truncate  -       -        -       -       -        -       -       -            -               -
credit_products
  select    active  active   active  active  active   active  active  active       all             all
  insert    -       -        -       -       -        -       -       -            -               ok
  update    -       -        -       -       -        -       -       -            -               all
  delete    -       -        -       -       -        -       -       -            -               kept
  truncate  -       -        -       -       -        -       -       -            -               -
credit_transactions
  select    -       none     first   first   first    first   first   second       all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
organization_subscriptions
  select    -       none     none    none    first    first   first   second       all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
organizations
  select    -       none     first   first   first    first   first   second       all             all
  insert    -       -        -       -       -        -       -       -            -               ok
  update    -       none     none    none    none     first   first   second       all             all
  delete    -       -        -       -       -        -       -       -            -               kept
  truncate  -       -        -       -       -        -       -       -            -               -
permissions
  select    -       all      all     all     all      all     all     all          all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
role_permissions
  select    -       shared   first+  first+  first+   first+  first+  second+      all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
roles
  select    -       shared   first+  first+  first+   first+  first+  second+      all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
subscription_plans
  select    active  active   active  active  active   active  active  active       all             all
  insert    -       -        -       -       -        -       -       -            -               ok
  update    -       -        -       -       -        -       -       -            -               all
  delete    -       -        -       -       -        -       -       -            -               kept
  truncate  -       -        -       -       -        -       -       -            -               -
user_roles
  select    -       none     first   first   mine     first   first   second       all             all
  insert    -       -        -       -       -        -       -       -            -               -
  update    -       -        -       -       -        -       -       -            -               -
  delete    -       -        -       -       -        -       -       -            -               -
  truncate  -       -        -       -       -        -       -       -            -               -
"""

# table, privilege, role: the columns; * for all. No API role writes any other column.
COLUMNS = """
organizations insert service_role        id name description slug website is_active
organizations update service_role        name description slug website is_active low_balance_threshold
organizations update authenticated       name description website

credit_events insert service_role        *
credit_events update service_role        *
credit_products insert service_role      *
credit_products update service_role      *
subscription_plans insert service_role   *
subscription_plans update service_role   *
"""

# The values of an insert, enough for it to fail for want of permission only.
INSERTS: dict[str, dict[str, Any]] = {
    "billing_history": {"organization_id": "{first}", "amount": 1, "status": "paid"},
    "credit_events": {"name": "new", "credit_cost": 1, "category": "compute"},
    "credit_products": {
        "name": "new",
        "stripe_price_id": "new",
        "stripe_product_id": "new",
        "credit_amount": 1,
        "price_amount": 1,
    },
    "credit_transactions": {
        "organization_id": "{first}",
        "transaction_type": "earned",
        "amount": 1,
        "balance_after": 1,
        "source": "grant",
        "entry_number": 99,
    },
    "organization_subscriptions": {"organization_id": "{first}", "stripe_customer_id": "new", "status": "active"},
    "organizations": {"name": "new", "slug": "new"},
    "permissions": {"name": "new", "resource": "new", "action": "new"},
    "role_permissions": {"role_id": "{auditor}", "permission_id": "{permission}"},
    "roles": {"name": "new"},
    "subscription_plans": {
        "name": "new",
        "stripe_price_id": "new",
        "stripe_product_id": "new",
        "price_amount": 1,
        "interval": "monthly",
    },
    "user_roles": {"user_id": "{caller}", "role_id": "{auditor}", "organization_id": "{first}"},
}

# An expression for the organization that owns a row, or for a row of no organization whether it is active.
OWNERS = {
    "organizations": "id::text",
    "role_permissions": "coalesce((select organization_id::text from public.roles where id = t.role_id), 'shared')",
    "permissions": "'shared'",
    "credit_events": "case when is_active then 'active' else 'inactive' end",
    "credit_products": "case when is_active then 'active' else 'inactive' end",
    "subscription_plans": "case when is_active then 'active' else 'inactive' end",
}

VOID = 2278  # oid of the type
COMMANDS = ("select", "insert", "update", "delete", "truncate")


def test_every_table_is_read_and_changed_by_those_who_may(shared_admin: Connection, shared_world: World) -> None:
    found = {
        f"{table} {command}": [_try(shared_admin, shared_world, who, table, command) for who in CAST]
        for table in _tables(shared_admin)
        for command in COMMANDS
    }
    _compare(found, "TABLES", TABLES)


def test_every_column_is_written_by_those_who_may(shared_admin: Connection) -> None:
    """Column privileges of the API roles to insert and update. They bind service_role too, which policies do not."""
    rows = shared_admin.execute(
        """
        select format('%s %s %s', c.relname, p.name, r.name) as line,
            string_agg(a.attname, ' ' order by a.attnum) as columns, count(*) = max(c.relnatts) as all
        from pg_class as c
        join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        cross join unnest('{insert,update}'::text[]) as p (name)
        cross join unnest('{anon,authenticated,service_role}'::text[]) as r (name)
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace = 'public'::regnamespace
          and has_column_privilege(r.name, c.oid, a.attnum, p.name)
        group by 1
        """
    ).fetchall()
    found = {row["line"]: ["*"] if row["all"] else row["columns"].split() for row in rows}
    _compare(found, "COLUMNS", COLUMNS, key_words=3)


@pytest.mark.parametrize("function", sorted(access_rows()))
def test_every_function_is_called_by_those_who_may(
    shared_server: Connection, shared_world: World, function: str
) -> None:
    expected, found = access_rows()[function].results, results(shared_server, shared_world, function)
    differences = [
        f"  {who}: expected {expected[who]}, found {found[who]}" for who in CAST if found[who] != expected[who]
    ]
    if differences:
        sentence = f"{title(function)} gives other results than ACCESS in {module_of(function)} says:"
        pytest.fail("\n".join([sentence, *differences]), pytrace=False)


def test_every_function_states_its_access(shared_admin: Connection) -> None:
    functions = _functions(shared_admin)
    wrong = [*gaps("ACCESS row", functions - access_rows().keys()), *strays("ACCESS", functions)]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.parametrize("function", sorted(access_rows()))
def test_a_function_with_two_permissions_states_its_refusals(function: str) -> None:
    """ACCESS cannot tell two permissions apart: no caller of CAST holds only one of them.

    So the test module names each permission that the function passes to tenantry.authorize() as a text. The sweep does
    not see a permission that a helper checks.
    """
    code = "".join(path.read_text() for path in ROOT.glob(f"sql/api/*/{function}.sql"))
    permissions = set(re.findall(r"tenantry\.authorize\(\s*'([^']+)'", code))
    module = ROOT / module_of(function)
    text = module.read_text()
    untested = sorted(name for name in permissions if f'"{name}"' not in text)
    if len(permissions) > 1 and untested:
        pytest.fail(
            f"{title(function)} needs {' and '.join(sorted(permissions))}: add a test to {module_of(function)} in which"
            f" a caller without {' or '.join(untested)} is refused. tests/sql/subscriptions/test_start_trial.py has an"
            " example.",
            pytrace=False,
        )


def test_no_function_is_granted_to_anon(shared_admin: Connection) -> None:
    """Users and the service may execute exactly the functions that the matrix lets any caller call.

    The matrix alone would not show a grant to anon on a function that reads as the caller and is refused anyway.
    """
    callable_by = {
        row["role"]: set(row["functions"])
        for row in shared_admin.execute(
            """
            select r.name as role, coalesce(array_agg(p.proname::text) filter (
                where has_function_privilege(r.name, p.oid, 'execute')), '{}') as functions
            from pg_proc as p
            cross join unnest('{anon,authenticated,service_role,tenantry_server,public}'::text[]) as r (name)
            where p.pronamespace = 'public'::regnamespace
            group by r.name
            """
        )
    }
    called = {function for function, row in access_rows().items() if set(row.results.values()) != {DENIED}}
    assert callable_by == {
        "anon": set(),
        "authenticated": called,
        "service_role": called,
        "tenantry_server": set(),
        "public": set(),
    }


def test_the_private_schemas_tables_are_closed_to_everybody(shared_admin: Connection) -> None:
    """The service role reads the outbox; no API role has any other privilege there."""
    rows = shared_admin.execute(
        """
        select format('%s %s %s', c.relname, p.name, r.name) as open
        from pg_class as c
        cross join unnest('{select,insert,update,delete,truncate,references,trigger}'::text[]) as p (name)
        cross join unnest('{anon,authenticated,service_role,tenantry_server}'::text[]) as r (name)
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace = 'tenantry'::regnamespace
          and (has_table_privilege(r.name, c.oid, p.name)
              or p.name in ('select', 'insert', 'update', 'references')
                and has_any_column_privilege(r.name, c.oid, p.name))
        """
    ).fetchall()
    assert [row["open"] for row in rows] == ["events select service_role"]


def test_nothing_but_tables_is_exposed(shared_admin: Connection) -> None:
    """A view or a materialized view in public would need its own lines and its own thought."""
    rows = shared_admin.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind not in ('r', 'i', 'c')"
    ).fetchall()
    assert rows == []


def _tables(admin: Connection) -> list[str]:
    rows = admin.execute(
        "select relname from pg_class"
        " where relkind in ('r', 'p', 'f') and relnamespace = 'public'::regnamespace order by 1"
    )
    return [row["relname"] for row in rows]


def _functions(admin: Connection) -> set[str]:
    rows = admin.execute("select distinct proname from pg_proc where pronamespace = 'public'::regnamespace")
    return {row["proname"] for row in rows}


def _parse(table: str, key_words: int = 1) -> dict[str, list[str]]:
    wanted, group = {}, ""
    for line in table.strip().splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        if len(words) == 1:
            group = line + " "
            continue
        wanted[group + " ".join(words[:key_words])] = words[key_words:]
    return wanted


def _compare(found: dict[str, list[str]], name: str, expected: str, key_words: int = 1) -> None:
    """Fails with the lines that differ from the table of that name, in its format."""
    wanted = _parse(expected, key_words)
    differences = [
        f"{key:<36} {' '.join(f'{cell:<13}' for cell in found.get(key, ['is not in the catalog']))}\n"
        f"{'expected':>36} {' '.join(f'{cell:<13}' for cell in wanted.get(key, ['has no line']))}"
        for key in sorted(found.keys() | wanted.keys())
        if found.get(key) != wanted.get(key)
    ]
    if differences:
        advice = (
            f"The catalog differs from {name} in tests/rls/test_matrix.py. Correct the policy file, or the line if the"
            " policy is right.\nA new table also needs rows of both organizations in _fill() of tests/rls/world.py, and"
            " values in INSERTS.\nA table without organization_id needs an expression in OWNERS."
        )
        pytest.fail("\n".join([advice, *differences]), pytrace=False)


def _rows(connection: Connection, world: World, table: str, who: str, condition: str = "true") -> dict[Any, set[str]]:
    """Returns the id of each row that the session sees, and its kinds: its owner, and `mine` for the caller's own."""
    owned_by = OWNERS.get(table, "coalesce(organization_id::text, 'shared')")
    mine = "user_id::text" if table == "user_roles" else "null::text"
    rows = connection.execute(
        f"select t.id, {owned_by} as owner, {mine} as holder from public.{table} as t where {condition}".encode()
    ).fetchall()
    names = {str(world.first): "first", str(world.second): "second"}
    caller = str(world.users.get(who))
    found: dict[Any, set[str]] = {}
    for row in rows:
        owner = str(row["owner"])
        found[row["id"]] = {names.get(owner, owner)} | ({"mine"} if row["holder"] == caller else set())
    return found


def _name(ids: set[Any], rows: dict[Any, set[str]]) -> str:
    """Names a set of rows: one word, or several where no kind alone makes the set."""
    if not ids:
        return "none"
    if ids == set(rows):
        return "all"
    kinds = sorted({kind for labels in rows.values() for kind in labels})
    for kind in ["mine", *kinds]:
        if ids == {row for row, labels in rows.items() if kind in labels}:
            return kind
    present = [kind for kind in kinds if kind != "mine" and any(kind in rows[row] for row in ids)]
    if ids == {row for row, labels in rows.items() if labels & set(present)}:
        return "+".join(present).replace("+shared", "+")
    return "some:" + "+".join(present)


def _try(admin: Connection, world: World, who: str, table: str, command: str) -> str:
    rows = _rows(admin, world, table, who)
    with world.acting(admin, who):
        try:
            match command:
                case "select":
                    seen = {row["id"] for row in admin.execute(f"select id from public.{table}".encode())}
                    return _name(seen, rows)
                case "insert":
                    _insert(admin, world, who, table)
                    return "ok"
                case "truncate":
                    admin.execute(f"truncate public.{table}".encode())
                    return "ok"
                case "delete":
                    admin.execute(f"delete from public.{table}".encode())
                    admin.execute("reset role")
                    return _name(set(rows) - set(_rows(admin, world, table, who)), rows)
        except psycopg.errors.InsufficientPrivilege:
            return DENIED
        except (psycopg.errors.ForeignKeyViolation, psycopg.errors.FeatureNotSupported):
            return "kept"
        except psycopg.Error as error:
            return str(error.sqlstate)
    return _update(admin, world, who, table, rows)


def _insert(admin: Connection, world: World, who: str, table: str) -> None:
    values = INSERTS.get(table, {})
    names = {"first": world.first, "caller": world.users.get(who, world.users["newcomer"]), **world.ids}
    given = [str(value).format(**names) if isinstance(value, str) else value for value in values.values()]
    admin.execute(
        sql.SQL("insert into public.{} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        ),
        given,
    )


def _update(admin: Connection, world: World, who: str, table: str, rows: dict[Any, set[str]]) -> str:
    """Names the rows that the caller changes when it sets each column, one at a time, to its own value."""
    columns = admin.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped",
        [f"public.{table}"],
    ).fetchall()
    changed: set[Any] = set()
    is_denied = True
    for column in columns:
        with world.acting(admin, who):
            try:
                admin.execute(
                    sql.SQL("update public.{0} set {1} = {1}").format(
                        sql.Identifier(table), sql.Identifier(column["attname"])
                    )
                )
            except psycopg.errors.InsufficientPrivilege:
                continue
            is_denied = False
            admin.execute("reset role")
            changed |= set(_rows(admin, world, table, who, "xmin = pg_current_xact_id()::xid"))
    return DENIED if is_denied else _name(changed, rows)


def results(
    server: Connection,
    world: World,
    function: str,
    *preamble: str,
    callers: Sequence[str] = CAST,
    afterwards: str | None = None,
) -> dict[str, str]:
    """Calls a function as each caller; returns the results by caller.

    Args:
        server: a connection as the gRPC server's login.
        world: the cast in that database.
        function: its name.
        preamble: statements that each caller runs before.
        callers: some of the CAST.
        afterwards: a query that follows the call in its transaction, also if the call fails. Its first row is added to
            the result.
    """
    expression = f"public.{function}({access_rows()[function].arguments})"
    return {who: _call(server, world, who, expression, preamble, afterwards) for who in callers}


def _call(
    server: Connection, world: World, who: str, expression: str, preamble: Sequence[str], afterwards: str | None
) -> str:
    with world.acting(server, who):
        for statement in preamble:
            server.execute(statement.encode())
        result = _result(server, world, expression)
        if afterwards is None:
            return result
        server.execute("reset role")
        return f"{result} and {server.execute(afterwards.encode()).fetchone()}"


def _result(server: Connection, world: World, expression: str) -> str:
    try:
        with server.transaction():
            cursor = server.execute(f"select * from {expression.format(**_names(world))}".encode())
            rows = cursor.fetchall()
    except psycopg.Error as error:
        state = str(error.sqlstate)
        if state.startswith("42") and state != "42501":  # The statement in ACCESS is wrong.
            return f"{state} ({error.diag.message_primary})"
        return {"42501": DENIED, "TN002": "hidden"}.get(state, state)
    if cursor.description and cursor.description[0].type_code == VOID:
        return "ok"
    values = [value for row in rows for value in row.values()]
    if values == [False]:
        return "no"
    if not any(value not in (None, [], "{}") for value in values):
        return "empty"
    text = str(values)
    if re.search(r"""[,'"]42501[,'"]""", text):  # a decision of a batch
        return DENIED
    first, second = (any(str(mark) in text for mark in marks) for marks in _marks(world))
    return {(True, True): "both", (True, False): "first", (False, True): "second"}.get((first, second), "ok")


def _names(world: World) -> dict[str, Any]:
    return {
        name: f"'{value}'"
        for name, value in {"first": world.first, "second": world.second, **world.ids, **world.users}.items()
    }


def _marks(world: World) -> list[list[Any]]:
    ids = world.ids.items()
    return [
        [world.first, "Acme", world.users["colleague"], *(value for name, value in ids if name.endswith("_first"))],
        [world.second, "Globex", world.users["foreigner"], *(value for name, value in ids if name.endswith("_second"))],
    ]
