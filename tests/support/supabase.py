"""A PostgreSQL that looks like a Supabase project: its roles, its `auth` schema, its default privileges."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.support.postgres import Cluster, Installation

# As on the platform, the role `postgres` runs migrations. It is no superuser, may create roles and grant the API roles,
# and owns neither the schema auth nor the objects in it.
ROLES = """
create role postgres login createdb createrole replication bypassrls;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
create role supabase_auth_admin login createrole noinherit;
create role supabase_storage_admin login createrole noinherit;
create role dashboard_user nologin createdb createrole replication;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role, authenticator to postgres with admin option;
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
"""

SCHEMAS = """
create schema extensions;
grant all on schema extensions to postgres;
grant usage on schema extensions to anon, authenticated, service_role;
grant usage on schema public to postgres, anon, authenticated, service_role;

create schema auth authorization supabase_auth_admin;
grant usage on schema auth to anon, authenticated, service_role;
grant all on schema auth to postgres, dashboard_user;
set role supabase_auth_admin;
create table auth.users (
    instance_id uuid,
    id uuid not null primary key,
    aud varchar(255),
    role varchar(255),
    email varchar(255),
    encrypted_password varchar(255),
    raw_app_meta_data jsonb,
    raw_user_meta_data jsonb,
    created_at timestamptz,
    updated_at timestamptz,
    banned_until timestamptz,
    deleted_at timestamptz
);
alter table auth.users enable row level security;
grant all on auth.users to postgres, dashboard_user;
create function auth.uid() returns uuid language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
    )::uuid
$$;
create function auth.role() returns text language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.role', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
    )
$$;
create function auth.jwt() returns jsonb language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')
    )::jsonb
$$;
reset role;
"""

# Default privileges of projects from before the change of 2026; later projects have them only on request.
DEFAULT_GRANTS = """
set role postgres;
alter default privileges in schema public grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to postgres, anon, authenticated, service_role;
reset role;
"""


@contextmanager
def cluster(installation: Installation) -> Iterator[Cluster]:
    """A cluster with Supabase's roles, which listens on 127.0.0.1 too, since the CLI knows no Unix sockets."""
    with Cluster(installation, superuser="supabase_admin", tcp=True) as made:
        with psycopg.connect(made.conninfo(), autocommit=True) as connection:
            connection.execute(ROLES)
        yield made


def create_project(made: Cluster, name: str, *, default_grants: bool) -> None:
    """A database with Supabase's schemas.

    Args: made: the cluster.
        name: the name of the database.
        default_grants: whether the API roles get every privilege on new objects in `public`.
    """
    made.create_database(name, "template0")
    with psycopg.connect(made.conninfo(name), autocommit=True) as connection:
        connection.execute(f"alter database {name} owner to postgres".encode())
        connection.execute(SCHEMAS)
        if default_grants:
            connection.execute(DEFAULT_GRANTS)
