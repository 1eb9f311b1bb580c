"""A service role that cannot bypass row-level security, as at most providers: its policies let it in everywhere."""

from collections.abc import Iterator

import pytest

from tests.conftest import Connection
from tests.rls.test_matrix import results
from tests.rls.world import World
from tests.support.rpc_modules import access_rows

SERVICE = "service_role"


@pytest.fixture(autouse=True)
def no_bypass(shared_admin: Connection) -> Iterator[None]:
    """Takes the attribute from the role, which all databases of the cluster share."""
    shared_admin.execute("alter role service_role nobypassrls")
    yield
    shared_admin.execute("alter role service_role bypassrls")


def test_every_function_answers_the_service_as_before(shared_server: Connection, shared_world: World) -> None:
    found = {name: results(shared_server, shared_world, name, callers=[SERVICE])[SERVICE] for name in access_rows()}
    assert [
        (name, row.results[SERVICE], found[name])
        for name, row in access_rows().items()
        if row.results[SERVICE] != found[name]
    ] == []


def test_the_service_sees_every_row_of_its_tables(shared_admin: Connection, shared_world: World) -> None:
    tables = shared_admin.execute(
        """
        select oid::regclass::text as name from pg_class
        where relkind = 'r' and relnamespace::regnamespace::text in ('auth', 'public', 'tenantry')
          and has_table_privilege('service_role', oid, 'select')
        """
    ).fetchall()
    assert len(tables) > 11
    for table in tables:
        count = f"select count(*) as n from {table['name']}".encode()
        every = shared_admin.execute(count).fetchone()
        with shared_world.acting(shared_admin, SERVICE):
            assert shared_admin.execute(count).fetchone() == every, table["name"]
