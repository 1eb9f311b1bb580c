"""The rules of Supabase's linter, which runs on the platform, as queries of the catalog: one query a rule, and no row
expected."""

import pytest

from tests.conftest import Connection

API_ROLES = "('anon', 'authenticated', 'service_role')"

RULES = {
    # The linter's rules 0028 and 0029: PostgREST would call the function with its owner's rights.
    "definer function in an exposed schema": """
        select p.oid::regprocedure::text as found from pg_proc as p
        where p.pronamespace = 'public'::regnamespace and p.prosecdef
    """,
    "overloaded function in an exposed schema": """
        select p.proname::text as found from pg_proc as p
        where p.pronamespace = 'public'::regnamespace group by p.proname having count(*) > 1
    """,
    "function that anybody may call": """
        select p.oid::regprocedure::text as found
        from pg_proc as p cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
        where p.pronamespace in ('public'::regnamespace, 'tenantry'::regnamespace) and a.grantee = 0
    """,
    "table without row-level security": """
        select c.oid::regclass::text as found from pg_class as c
        where c.relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
          and c.relkind in ('r', 'p') and not c.relrowsecurity
    """,
    "table that anybody may touch": """
        select c.oid::regclass::text as found
        from pg_class as c cross join aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) as a
        where c.relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
          and c.relkind in ('r', 'p', 'v') and a.grantee = 0
    """,
    "table that an API role may truncate, reference or put triggers on": f"""
        select c.oid::regclass::text as found
        from pg_class as c cross join aclexplode(c.relacl) as a
        where c.relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
          and a.grantee::regrole::text in {API_ROLES} and a.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER')
    """,
    "private table that a client may touch": """
        select c.oid::regclass::text as found
        from pg_class as c cross join aclexplode(c.relacl) as a
        where c.relnamespace = 'tenantry'::regnamespace and c.relkind = 'r'
          and a.grantee::regrole::text in ('anon', 'authenticated')
    """,
    "policy that trusts what users write themselves": """
        select p.polrelid::regclass || ' ' || p.polname as found from pg_policy as p
        where concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
              ~ 'user_metadata|raw_user_meta_data'
    """,
    "policy that trusts anything in the token but who it is": """
        select p.polrelid::regclass || ' ' || p.polname as found from pg_policy as p
        where concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
              ~ 'auth\\.(jwt|role|email)|current_setting'
    """,
    # A subselect runs once for a query, a bare call once for a row.
    "policy that asks a function for each row": """
        select p.polrelid::regclass || ' ' || p.polname as found from pg_policy as p
        where p.polrelid::regclass::text !~ '^auth\\.'
          and regexp_replace(
              concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)),
              '\\( SELECT [a-z_.]+\\([^()]*\\)', '', 'g') ~ '(auth|tenantry|public)\\.[a-z_]+\\('
    """,
    "function whose names are looked up when it runs": """
        select p.oid::regprocedure::text as found from pg_proc as p
        where p.pronamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
          and p.prosqlbody is null
          and not coalesce(p.proconfig, '{}') @> array['search_path=pg_catalog, pg_temp']
    """,
    "view over auth.users": """
        select c.oid::regclass::text as found
        from pg_class as c
        join pg_rewrite as r on r.ev_class = c.oid
        join pg_depend as d on d.objid = r.oid and d.refobjid = 'auth.users'::regclass
        where c.relkind in ('v', 'm')
    """,
    "account table that clients may read": """
        select grantee as found from information_schema.role_table_grants
        where table_schema = 'auth' and table_name = 'users' and grantee in ('anon', 'authenticated', 'PUBLIC')
    """,
    "view, materialized view or foreign table in an exposed schema": """
        select c.oid::regclass::text as found from pg_class as c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm', 'f')
    """,
    "extension in an exposed schema": """
        select extname::text as found from pg_extension where extnamespace = 'public'::regnamespace
    """,
    # An index of the rows that have the key serves as well as one of all rows.
    "foreign key without an index": """
        select k.conrelid::regclass || ' ' || k.conname as found from pg_constraint as k
        where k.contype = 'f' and k.connamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
          and not exists (
              select from pg_index as i
              join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
              where i.indrelid = k.conrelid
                and (i.indpred is null
                    or pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname))
                and (i.indkey::smallint[])[0:cardinality(k.conkey) - 1] @> k.conkey
          )
    """,
    "two indexes that are the same": """
        select a.indexrelid::regclass || ' ' || b.indexrelid::regclass as found
        from pg_index as a
        join pg_index as b on b.indrelid = a.indrelid and b.indexrelid > a.indexrelid
        join pg_class as c on c.oid = a.indrelid
        where c.relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
          and (a.indkey, a.indclass, a.indoption, a.indcollation) = (b.indkey, b.indclass, b.indoption, b.indcollation)
          and pg_get_expr(a.indpred, a.indrelid) is not distinct from pg_get_expr(b.indpred, b.indrelid)
          and pg_get_expr(a.indexprs, a.indrelid) is not distinct from pg_get_expr(b.indexprs, b.indrelid)
    """,
    "index that is not valid": """
        select i.indexrelid::regclass::text as found from pg_index as i where not i.indisvalid
    """,
}


@pytest.mark.parametrize("rule", RULES)
def test_there_is_no(scratch: Connection, rule: str) -> None:
    found = [row["found"] for row in scratch.execute(RULES[rule].encode())]
    if found:
        pytest.fail("\n".join(f"{rule}: {each}" for each in found), pytrace=False)


def test_two_permissive_policies_for_one_role_and_command_are_the_documented_ones(scratch: Connection) -> None:
    """Managers of the catalog see inactive items too; docs/supabase.md explains it."""
    found = scratch.execute(
        """
        select p.polrelid::regclass::text as found
        from pg_policy as p cross join unnest(p.polroles) as r
        where p.polpermissive
        group by p.polrelid, r, p.polcmd having count(*) > 1
        """
    )
    assert {row["found"] for row in found} <= {"credit_events", "credit_products", "subscription_plans"}
