"""`tenantry doctor` finds each kind of drift, and `migrate up --repair` mends the kinds that files can mend."""

import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from tenantry import doctor, migrate
from tenantry.sql_files import default_root
from tests.support.command import run
from tests.support.postgres import Cluster, in_one_version

MENDED = {
    "alter function public.list_permissions rename to list_permissions_of_old": "function public.list_permissions(",
    "create or replace function tenantry.clock() returns timestamptz language sql stable return null::timestamptz": (
        "function tenantry.clock(): is changed"
    ),
    "alter function tenantry.revoke_credits security invoker": "function tenantry.revoke_credits(",
    "grant execute on function tenantry.append_entry to public": "): has too much: EXECUTE for public",
    "revoke execute on function public.get_entitlements from authenticated, service_role": (
        "): lacks EXECUTE for authenticated, lacks EXECUTE for service_role"
    ),
    "drop trigger protect_plan on public.subscription_plans": (
        "trigger protect_plan on public.subscription_plans: is missing"
    ),
    "alter table public.roles disable trigger touch_updated_at": (
        "trigger touch_updated_at on public.roles: is disabled, not enabled"
    ),
    "drop policy members_read on public.organizations": "policy members_read on public.organizations: is missing",
    "alter policy members_update on public.organizations using (true)": (
        "policy members_update on public.organizations: is changed"
    ),
    "drop policy service on auth.users": "policy service on auth.users: is missing",
    "alter table public.roles disable row level security": "table public.roles: row-level security is off, not on",
    "alter table public.permissions force row level security": (
        "table public.permissions: row-level security is forced, not on"
    ),
    "grant insert on public.credit_transactions to authenticated": (
        "table public.credit_transactions: has too much: INSERT for authenticated"
    ),
    "grant update (slug) on public.organizations to authenticated": (
        "column public.organizations.slug: has too much: UPDATE for authenticated"
    ),
    "grant select on tenantry.credit_lots to anon": "table tenantry.credit_lots: has too much: SELECT for anon",
    "grant create on schema tenantry to anon": "schema tenantry: has too much: CREATE for anon",
    "revoke usage on schema public from authenticated": "schema public: lacks USAGE for authenticated",
    "drop function tenantry.protect_ledger() cascade": "function tenantry.protect_ledger(): is missing",
}
"""Drift that `--repair` mends, and its finding."""

NAMED = {
    "alter table public.organizations drop column description cascade": (
        "column public.organizations.description: is missing: add it as text, with its values from a backup"
    ),
    "alter table public.organizations alter name drop not null": (
        "column public.organizations.name: is character varying(100), not character varying(100) not null: bring it"
        " back as the files in migrations/ make it"
    ),
    "alter table public.roles drop constraint roles_name_check": (
        "constraint roles_name_check on public.roles: is missing: alter table public.roles add constraint"
        " roles_name_check CHECK"
    ),
    "drop index public.organizations_created_at_idx": (
        "index organizations_created_at_idx on public.organizations: is missing: CREATE INDEX"
    ),
    "alter table public.user_roles disable trigger all": (
        "constraint user_roles_role_id_fkey on public.user_roles: is not enforced, because its triggers are disabled:"
        " as a superuser: alter table public.user_roles enable trigger all"
    ),
    "alter table tenantry.erasures set unlogged": (
        "table tenantry.erasures: is unlogged, not logged: alter table tenantry.erasures set logged"
    ),
    "drop table tenantry.settlement_failures cascade": "table tenantry.settlement_failures: is missing: restore",
    "drop view tenantry.catalog_items cascade": "view tenantry.catalog_items: is missing: bring it back as",
    "create function public.list_permissions(integer) returns integer language sql return 1": (
        "function public.list_permissions(integer): is not Tenantry's, and the server refuses a second function of this"
        " name: rename or drop it"
    ),
    "alter function public.get_entitlements owner to somebody": (
        ": belongs to somebody, not to the owner of the schema tenantry: alter function public.get_entitlements("
    ),
}
"""Drift that no file mends, and its finding."""

OWN = """
create schema mine;
create table mine.things (id integer primary key);
create function public.my_function() returns integer language sql return 1;
create table public.my_table (id integer);
alter table public.organizations add column my_column text;
create index my_index on public.organizations (my_column);
alter table public.organizations add constraint my_check check (my_column <> '');
create trigger my_trigger before update on public.organizations
for each row execute function pg_catalog.suppress_redundant_updates_trigger();
create policy my_policy on public.organizations for select to authenticated using (my_column = 'x');
grant select on public.organizations to somebody;
grant select (my_column) on public.organizations to anon;
"""


@pytest.fixture
def conninfo(cluster: Cluster, database: str) -> str:
    """The connection string of a migrated database."""
    execute(cluster.conninfo(database), "do $$ begin create role somebody; exception when others then end $$")
    return cluster.conninfo(database)


def execute(conninfo: str, statements: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(statements.encode())


def findings(conninfo: str) -> list[str]:
    return [str(finding) for finding in doctor.examine(conninfo)]


def dump(cluster: Cluster, database: str) -> list[str]:
    """The schema, without the lines that differ in every dump."""
    done = subprocess.run(
        [cluster.program("pg_dump"), "--schema-only", cluster.conninfo(database)],
        capture_output=True,
        text=True,
        check=True,
    )
    # The order of the grants on an object is that in which they were given.
    return sorted(line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


def assert_named(expected: dict[str, str], found: list[str]) -> None:
    for text in expected.values():
        assert any(text in line for line in found), f"{text} is not in {found}"


def test_a_migrated_database_has_no_findings(conninfo: str) -> None:
    assert findings(conninfo) == []


def test_objects_of_others_are_no_findings_also_after_a_further_run(conninfo: str) -> None:
    execute(conninfo, OWN)
    assert findings(conninfo) == []
    execute(conninfo, "update tenantry.repeatable_migrations set checksum = '' where path ~ '^policies/|^triggers/'")
    migrate.up(conninfo)
    execute(
        conninfo,
        "drop policy my_policy on public.organizations; drop trigger my_trigger on public.organizations;"
        " alter table public.organizations drop column my_column cascade",
    )
    assert findings(conninfo) == []


def test_drift_is_found_and_mended(cluster: Cluster, database: str, conninfo: str) -> None:
    before = dump(cluster, database)
    for statement in MENDED:
        execute(conninfo, statement)
    found = findings(conninfo)
    assert_named(MENDED, found)
    assert all(line.endswith(": run `tenantry migrate up --repair`") for line in found)
    assert migrate.up(conninfo) == []
    assert findings(conninfo) == found, "a run without --repair mends nothing"
    migrate.up(conninfo, repair=True)
    assert findings(conninfo) == []
    assert migrate.up(conninfo, repair=True) == []
    execute(conninfo, "drop function public.list_permissions_of_old")
    assert dump(cluster, database) == before


def test_drift_that_no_file_mends_is_named_and_stays(conninfo: str) -> None:
    for statement in NAMED:
        execute(conninfo, statement)
    assert_named(NAMED, findings(conninfo))
    execute(conninfo, "update tenantry.repeatable_migrations set checksum = '' where path ~ '/billing_history.sql$'")
    migrate.up(conninfo)
    assert_named(NAMED, findings(conninfo))


def test_repair_applies_no_other_file(conninfo: str) -> None:
    execute(conninfo, "alter function tenantry.clock immutable; alter table public.roles disable row level security")
    assert migrate.up(conninfo, repair=True) == ["functions/core/clock.sql"]
    assert findings(conninfo) == []


def test_the_plan_of_a_repair_is_the_repair(cluster: Cluster, conninfo: str, tmp_path: Path) -> None:
    execute(conninfo, "drop policy members_read on public.organizations")
    plan = tmp_path / "plan.sql"
    plan.write_text(migrate.plan(conninfo, repair=True))
    subprocess.run(
        [cluster.program("psql"), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", plan, conninfo],
        check=True,
        capture_output=True,
    )
    assert findings(conninfo) == []


def test_a_database_without_a_record(cluster: Cluster) -> None:
    cluster.create_database("bare", "template0")
    try:
        assert findings(cluster.conninfo("bare")) == [
            "record: this database has none of Tenantry: run `tenantry migrate up`; if its objects are there already,"
            " run `tenantry migrate baseline`"
        ]
    finally:
        cluster.drop_database("bare")


def test_a_record_that_the_login_may_not_read(cluster: Cluster, database: str, conninfo: str) -> None:
    for grant in ("", "grant select on all tables in schema tenantry to tenantry_server"):
        execute(conninfo, grant)
        found = findings(cluster.conninfo(database, "tenantry_server"))
        assert found[0] == (
            "table tenantry.schema_migrations: tenantry_server may not read it: use the login of the owner of the"
            " database, or a superuser"
        )


def test_a_record_of_which_a_part_is_missing(conninfo: str) -> None:
    execute(conninfo, "drop table tenantry.catalog_record")
    assert findings(conninfo) == [
        "table tenantry.catalog_record: is missing: drop the other tables of the record, and run"
        " `tenantry migrate baseline`"
    ]


def test_a_record_without_rows_is_no_clean_database(conninfo: str) -> None:
    execute(conninfo, "truncate tenantry.catalog_record")
    assert findings(conninfo) == [
        "table tenantry.catalog_record: is empty: drop the tables of the record, and run `tenantry migrate baseline`"
    ]


def test_a_later_release_leaves_no_finding_of_its_own_and_hides_no_other(conninfo: str, tmp_path: Path) -> None:
    """The release changes a column, drops a function and an index, and has another policy."""
    execute(conninfo, "alter function tenantry.clock immutable; drop index public.subscription_plans_created_at_idx")
    found = findings(conninfo)
    assert len(found) == 2
    root = tmp_path / "sql"
    shutil.copytree(default_root(), root)
    (root / "migrations" / "20990101000000_later.sql").write_text(
        "alter table public.roles alter description set default 'none';"
        "drop index public.organizations_created_at_idx;"
        "alter table public.roles add column rank integer default 1 check (rank > 0);"
        "drop function public.list_permissions;"
    )
    (root / "api" / "access" / "list_permissions.sql").unlink()
    policy = root / "policies" / "billing_history.sql"
    policy.write_text(policy.read_text() + "revoke select on public.billing_history from authenticated;\n")
    migrate.up(conninfo, root)
    assert [str(finding) for finding in doctor.examine(conninfo, root)] == found
    execute(conninfo, "alter table public.roles drop column rank")
    assert len(doctor.examine(conninfo, root)) == 4, "the column, its constraint, and the findings from before"


def test_settings_of_the_database_change_no_definition(database: str, conninfo: str) -> None:
    for setting in (
        "datestyle = 'SQL, DMY'",
        "intervalstyle = iso_8601",
        "timezone = 'Asia/Tokyo'",
        "search_path = public, tenantry, auth",
        "quote_all_identifiers = on",
    ):
        execute(conninfo, f"alter database {database} set {setting}")
    assert findings(conninfo) == []
    execute(conninfo, "update tenantry.repeatable_migrations set checksum = '' where path ~ '^api/credits'")
    assert {file.state for file in migrate.status(conninfo)} == {"applied", "changed"}
    migrate.up(conninfo)
    assert findings(conninfo) == []


def test_files_that_are_not_applied_are_named(conninfo: str) -> None:
    execute(
        conninfo,
        "delete from tenantry.repeatable_migrations where path = 'seeds/access.sql';"
        " update tenantry.repeatable_migrations set checksum = '' where path ~ '^triggers/';"
        " update tenantry.schema_migrations set checksum = '' where name ~ 'stripe'",
    )
    assert findings(conninfo) == [
        "file migrations/20261124010200_stripe.sql: changed: use the release whose files were applied",
        "file triggers/charge_row.sql and 18 more: changed: run `tenantry migrate up`",
        "file seeds/access.sql: pending: run `tenantry migrate up`",
    ]


@in_one_version
def test_the_command_prints_a_line_for_each_finding(conninfo: str) -> None:
    done = run("doctor", "--database-url", conninfo)
    assert (done.returncode, done.stdout) == (0, "no findings\n")
    execute(conninfo, "drop policy service on public.roles; drop index public.organizations_created_at_idx")
    done = run("doctor", DATABASE_URL=conninfo)
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == [
        "policy service on public.roles: is missing: run `tenantry migrate up --repair`",
        "2 findings",
    ]
    done = run("migrate", "up", "--repair", DATABASE_URL=conninfo)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "applied policies/roles.sql"
    assert done.stdout.splitlines()[-1] == "1 findings"
