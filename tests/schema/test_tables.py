"""The eleven tables match the promised schema, column by column, and refuse invalid rows."""

import re
import uuid
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Connection
from tests.support.expected_schema import COMMENTS, FOREIGN_KEYS, TABLES, UNIQUE

SQL = Path(__file__).parents[2] / "sql"

COLUMNS = """
select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
       regexp_replace(pg_get_expr(d.adbin, d.adrelid), '::character varying$', '') as default
from pg_attribute as a
left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped
"""


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_as_promised(scratch: Connection, table: str) -> None:
    found = {
        row["name"]: (row["name"], row["type"], row["nullable"], row["default"])
        for row in scratch.execute(COLUMNS, [f"public.{table}"])
    }
    for column in TABLES[table]:
        assert found.get(column[0]) == column


@pytest.mark.parametrize("table", TABLES)
def test_keys_are_as_promised(scratch: Connection, table: str) -> None:
    rows = scratch.execute(
        """
        select contype::text as kind, array(
            select attname::text from unnest(conkey) as key join pg_attribute on attrelid = conrelid and attnum = key
        ) as columns
        from pg_constraint where conrelid = %s::regclass
        """,
        [f"public.{table}"],
    ).fetchall()
    assert [row["columns"] for row in rows if row["kind"] == "p"] == [["id"]]
    unique = {tuple(row["columns"]) for row in rows if row["kind"] == "u"}
    assert UNIQUE.get(table, set()) <= unique


def test_foreign_keys_are_as_promised(scratch: Connection) -> None:
    rows = scratch.execute(
        """
        select conrelid::regclass::text as table, attname as column, n.nspname || '.' || f.relname as target
        from pg_constraint
        join pg_attribute on attrelid = conrelid and attnum = conkey[1]
        join pg_class as f on f.oid = confrelid join pg_namespace as n on n.oid = f.relnamespace
        where contype = 'f' and connamespace = 'public'::regnamespace
        """
    ).fetchall()
    found = {(row["table"], row["column"], row["target"]) for row in rows}
    assert not found - FOREIGN_KEYS, f"add to FOREIGN_KEYS in tests/support/expected_schema.py: {found - FOREIGN_KEYS}"
    assert not FOREIGN_KEYS - found, f"these foreign keys are missing: {FOREIGN_KEYS - found}"


def test_every_foreign_key_has_an_index(scratch: Connection) -> None:
    rows = scratch.execute(
        """
        select conrelid::regclass::text as table, conname
        from pg_constraint as k
        where contype = 'f' and connamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
          and not exists (
              select from pg_index where indrelid = k.conrelid
                and (indkey::int2[])[0:cardinality(k.conkey) - 1] = k.conkey
          )
        """
    ).fetchall()
    assert rows == [], "create an index that begins with the columns of each foreign key"


def test_every_table_has_a_primary_key(scratch: Connection) -> None:
    """A publication of all tables refuses updates and deletes of a table without one."""
    rows = scratch.execute(
        """
        select oid::regclass::text as table from pg_class as c
        where relkind = 'r' and relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
          and not exists (select from pg_index as i where i.indrelid = c.oid and i.indisprimary)
        """
    ).fetchall()
    assert rows == []


def test_comments_are_as_promised(scratch: Connection) -> None:
    for (table, column), comment in COMMENTS.items():
        row = scratch.execute(
            "select col_description(%s::regclass, attnum) as comment from pg_attribute"
            " where attrelid = %s::regclass and attname = %s",
            [f"public.{table}", f"public.{table}", column],
        ).fetchone()
        assert row == {"comment": comment}


def test_row_level_security_is_on_everywhere(scratch: Connection) -> None:
    rows = scratch.execute(
        """
        select oid::regclass::text as table from pg_class
        where relkind in ('r', 'p') and relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
          and not relrowsecurity
        """
    ).fetchall()
    assert rows == [], "add to the migration: alter table … enable row level security"


def test_every_table_and_function_is_described(scratch: Connection) -> None:
    rows = scratch.execute(
        """
        select oid::regclass::text as name from pg_class
        where relkind = 'r' and relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
          and obj_description(oid, 'pg_class') is null
          and relname not in ('schema_migrations', 'repeatable_migrations', 'installed_objects', 'catalog_record')
        union all
        select oid::regprocedure::text from pg_proc
        where pronamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
          and obj_description(oid, 'pg_proc') is null
        """
    ).fetchall()
    assert rows == [], "add a COMMENT ON beside each definition"


def test_every_private_table_and_view_is_in_the_policy_file(scratch: Connection) -> None:
    """New objects have no privileges here, but Supabase grants some by default."""
    rows = scratch.execute(
        """
        select c.oid::regclass::text as name from pg_class as c
        where c.relkind in ('r', 'p', 'v', 'm') and c.relnamespace = 'tenantry'::regnamespace
          and c.relname not in ('schema_migrations', 'repeatable_migrations', 'installed_objects', 'catalog_record')
        """
    ).fetchall()
    files = "".join(re.sub("--.*", "", path.read_text()) for path in (SQL / "policies").glob("*.sql"))
    named = set(re.findall(r"tenantry\.\w+\b(?! *\()", files))
    missing = {row["name"] for row in rows} - named
    assert not missing, f"add to sql/policies/private_tables.sql: {sorted(missing)}"


def test_migrations_leave_rights_and_policies_to_the_files_that_a_repair_applies_again() -> None:
    for path in (SQL / "migrations").glob("*.sql"):
        text = re.sub("--.*", "", path.read_text())
        found = re.findall(r"^\s*(grant|revoke|create policy|create role)\b", text, re.MULTILINE)
        assert not found, f"{path.name} has {found}: put it into sql/policies or sql/roles"


def test_every_public_table_has_a_policy_file(scratch: Connection) -> None:
    rows = scratch.execute(
        "select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
    ).fetchall()
    missing = {row["relname"] for row in rows} - {path.stem for path in (SQL / "policies").glob("*.sql")}
    assert not missing, f"add a file in sql/policies for each of {sorted(missing)}"


def test_every_file_has_the_name_of_its_function() -> None:
    for folder in ("api", "functions", "triggers"):
        for path in (SQL / folder).rglob("*.sql"):
            names = set(re.findall(r"^create or replace function \w+\.(\w+)", path.read_text(), re.MULTILINE))
            assert names == {path.stem}, f"{path.relative_to(SQL.parent)} must define {path.stem} alone, not {names}"


PLAN = {
    "name": "Pro",
    "stripe_price_id": "price_1",
    "stripe_product_id": "prod_1",
    "price_amount": 1000,
    "interval": "monthly",
}
PRODUCT = {
    "name": "Pack",
    "stripe_price_id": "price_1",
    "stripe_product_id": "prod_1",
    "credit_amount": 100,
    "price_amount": 500,
}
EVENT = {"name": "image", "credit_cost": 1, "category": "compute"}


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("organizations", {"name": " ", "slug": "a"}),
        ("organizations", {"name": "A", "slug": "Not a slug"}),
        ("organizations", {"name": "A", "slug": "a", "website": "javascript:alert(1)"}),
        ("organizations", {"name": "A", "slug": "a", "credit_balance": -1}),
        ("organizations", {"name": "A", "slug": "a", "credits_reserved": -1}),
        ("subscription_plans", {**PLAN, "price_amount": -1}),
        ("subscription_plans", {**PLAN, "currency": "usd"}),
        ("subscription_plans", {**PLAN, "interval": "fortnightly"}),
        ("subscription_plans", {**PLAN, "interval_count": 0}),
        ("subscription_plans", {**PLAN, "included_credits": -1}),
        ("subscription_plans", {**PLAN, "max_users": 0}),
        ("subscription_plans", {**PLAN, "trial_period_days": -1}),
        ("credit_products", {**PRODUCT, "price_amount": -1}),
        ("credit_products", {**PRODUCT, "credit_amount": 0}),
        ("credit_products", {**PRODUCT, "currency": "US"}),
        ("credit_events", {**EVENT, "credit_cost": 0}),
        ("credit_events", {**EVENT, "category": "Not a word"}),
        ("credit_events", {**EVENT, "name": str(uuid.UUID(int=7))}),
        ("permissions", {"name": "x", "resource": "no spaces", "action": "read"}),
        ("roles", {"name": ""}),
    ],
)
def test_a_value_out_of_bounds_is_refused(scratch: Connection, table: str, values: dict[str, object]) -> None:
    columns = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    with pytest.raises(psycopg.errors.CheckViolation):
        scratch.execute(f"insert into public.{table} ({columns}) values ({marks})".encode(), list(values.values()))


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("organization_subscriptions", {"stripe_customer_id": "cus_1", "status": "sleeping"}),
        ("billing_history", {"amount": -1, "status": "paid"}),
        ("billing_history", {"amount": 1, "status": "lost"}),
        ("billing_history", {"amount": 1, "status": "paid", "currency": "Euro"[:3]}),
        *[
            (
                "credit_transactions",
                {"transaction_type": kind, "amount": amount, "balance_after": 0, "source": "test", "entry_number": 1},
            )
            for kind, amount in [
                ("earned", -1),
                ("purchased", -1),
                ("refunded", -1),
                ("consumed", 1),
                ("expired", 1),
                ("revoked", 0),
                ("earned", 0),
                ("stolen", 1),
            ]
        ],
    ],
)
def test_a_tenants_value_out_of_bounds_is_refused(scratch: Connection, table: str, values: dict[str, object]) -> None:
    organization = scratch.execute("insert into public.organizations (name, slug) values ('A', 'a') returning id")
    test_a_value_out_of_bounds_is_refused(scratch, table, {**values, "organization_id": organization.fetchone()["id"]})  # type: ignore[index]
