"""An application adds a column to each table, and every call answers as before, also in new sessions."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import PEOPLED, Connection
from tests.rls.test_matrix import results
from tests.rls.world import World
from tests.support import ledger
from tests.support.postgres import Cluster
from tests.support.request_ids import OTHERS, SPENDING, outcome, situation
from tests.support.rpc_modules import access_rows

CALLERS = ("owner", "service_role")

ADD_COLUMNS = """
do $$
declare
    v_table regclass;
begin
    for v_table in
        select c.oid from pg_class as c
        where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
    loop
        execute format('alter table %s add column note text', v_table);
    end loop;
end
$$
"""


@pytest.fixture(scope="module")
def shared_database(cluster: Cluster, peopled: World) -> Iterator[str]:
    """Name of a database whose tables have a column more."""
    assert peopled
    cluster.create_database("more_columns", PEOPLED)
    with psycopg.connect(cluster.conninfo("more_columns"), autocommit=True) as connection:
        connection.execute(ADD_COLUMNS)
    yield "more_columns"
    cluster.drop_database("more_columns")


def test_every_function_answers_as_before(shared_server: Connection, shared_world: World) -> None:
    found = {name: results(shared_server, shared_world, name, callers=CALLERS) for name in access_rows()}
    assert [
        (name, who, row.results[who], found[name][who])
        for name, row in access_rows().items()
        for who in CALLERS
        if row.results[who] != found[name][who]
    ] == []


def test_every_operation_with_a_request_id_succeeds(shared_admin: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    # The types of the other databases have one column less.
    monkeypatch.setattr(ledger, "_infos", {})
    for name, operation in {**SPENDING, **OTHERS}.items():
        with shared_admin.transaction(force_rollback=True):
            made = outcome(shared_admin, operation, situation(shared_admin))
            assert not isinstance(made, str), f"{name}: {made}"
