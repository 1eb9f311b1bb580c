"""The databases that tests run on.

Every PostgreSQL installation has one cluster with a migrated template database. A test gets a copy of its own, or a
database that tests use one after the other.
"""

import gc
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

# PostgreSQL is started by a fork beside channels that are open; gRPC reads this when it is imported.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

from tests.support import server, templates
from tests.support.postgres import Cluster, installations

if TYPE_CHECKING:
    from tests.rls.world import World
    from tests.support.reused import ReusedDatabase

Connection = psycopg.Connection[DictRow]
Connect = Callable[..., Connection]

TEMPLATE = templates.TEMPLATE
PEOPLED = "tenantry_template_with_world"
GROUPS = {"stripe": "stripe"} | dict.fromkeys(("grpc", "migrations", "supabase"), "waiting")
"""The group of a folder's tests. The tests of all other folders compute."""

_numbers = itertools.count()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds options: the length of searches and sweeps, and whether to write the output of examples into the docs."""
    parser.addoption("--model-examples", type=int, default=25, help="random sequences against the ledger's model")
    parser.addoption("--stripe-orders", type=int, default=6, help="random orders of each life's events at Stripe")
    parser.addoption("--hostile-sizes", action="store_true", help="send every hostile message to every RPC")
    parser.addoption("--write-examples", action="store_true", help="write the output of the SQL examples into docs/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups the tests that share a cluster, which several processes distribute by group.

    Each PostgreSQL has three groups of about the same length: the tests that compute, those of Stripe, and those that
    mostly wait for servers and programs. The clusters of tests/supabase are called `platform`.
    """
    for item in items:
        callspec = getattr(item, "callspec", None)
        parameters = callspec.params if callspec else {}
        if installation := parameters.get("cluster") or parameters.get("platform"):
            group = GROUPS.get(item.path.relative_to(Path(__file__).parent).parts[0], "computing")
            item.add_marker(pytest.mark.xdist_group(f"{installation} {group}"))


def pytest_collection_finish() -> None:
    """Exempts the collected tests from garbage collection, as they stay until the end."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Removes the plugin of Hypothesis where no test used it: its summary alone imports the library, for 0.5 s."""
    plugins = session.config.pluginmanager
    if "hypothesis" not in sys.modules and (plugin := plugins.get_plugin("hypothesispytest")):
        plugins.unregister(plugin)


@pytest.fixture(scope="session", params=installations(), ids=str)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A running cluster with a migrated template database."""
    with templates.migrated_cluster(request.param) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def peopled(cluster: Cluster) -> "World":
    """The cast of tests/rls in the database PEOPLED, which is made once and then copied."""
    from tests.rls.world import build

    cluster.create_database(PEOPLED, TEMPLATE)
    with psycopg.connect(cluster.conninfo(PEOPLED), autocommit=True, row_factory=dict_row) as connection:
        return build(connection)


@pytest.fixture
def database(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """Name of a fresh, migrated database, with the cast in it for a test that asks for `world`."""
    name = f"test_{next(_numbers)}"
    cluster.create_database(name, PEOPLED if "peopled" in request.fixturenames else TEMPLATE)
    yield name
    cluster.discard_database(name)


@pytest.fixture(scope="session")
def reused(cluster: Cluster) -> Iterator["ReusedDatabase"]:
    """The database of tests that name none."""
    from tests.support.reused import ReusedDatabase

    reused = ReusedDatabase(cluster, TEMPLATE)
    yield reused
    reused.drop()


@pytest.fixture
def connect(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Opens connections to the test's database: connect(role=None) as the superuser, or after SET ROLE.

    That is `database` for a test that names it, else one that is as good as new: emptied, with warm connections.
    """
    if "database" not in request.fixturenames:
        reused: ReusedDatabase = request.getfixturevalue("reused")
        yield reused.connect
        reused.end_test()
        return
    database: str = request.getfixturevalue("database")
    opened: list[Connection] = []

    def open_connection(role: str | None = None, user: str = "postgres") -> Connection:
        connection = psycopg.connect(cluster.conninfo(database, user), autocommit=True, row_factory=dict_row)
        opened.append(connection)
        if role:
            connection.execute(f"set role {role}".encode())
        return connection

    yield open_connection
    for connection in opened:
        connection.close()


@pytest.fixture
def world(peopled: "World", database: str) -> "World":
    """The cast in the test's own database."""
    assert database
    return peopled


@pytest.fixture
def admin(connect: Connect) -> Connection:
    """A connection as the superuser."""
    return connect()


@pytest.fixture
def service(connect: Connect) -> Connection:
    """A connection as service_role."""
    return connect("service_role")


@pytest.fixture(scope="session")
def untouched(cluster: Cluster) -> Iterator[Connection]:
    """A connection as the superuser to a migrated database that stays as it is, with a clock that can be moved."""
    from tests.support.ledger import make_clock_movable

    cluster.create_database("untouched", TEMPLATE)
    with psycopg.connect(cluster.conninfo("untouched"), autocommit=True, row_factory=dict_row) as connection:
        make_clock_movable(connection)
        yield connection
    cluster.drop_database("untouched")


@pytest.fixture
def scratch(untouched: Connection) -> Iterator[Connection]:
    """That connection in a transaction that is rolled back: for tests that need one connection and no commit."""
    with untouched.transaction(force_rollback=True):
        yield untouched


@pytest.fixture
def visitor(scratch: Connection) -> Connection:
    """That connection as service_role: for tests that ask and are refused, or leave nothing that others need."""
    scratch.execute("set local role service_role")
    return scratch


@pytest.fixture(scope="session")
def serving(cluster: Cluster) -> Iterator[server.Process]:
    """One server process for the whole session, over a database of its own."""
    cluster.create_database("serving", TEMPLATE)
    with server.fork(
        DATABASE_URL=cluster.conninfo("serving", "tenantry_server"),
        TENANTRY_JWT_SECRET=server.SECRET,
        TENANTRY_STRIPE_WEBHOOK_SECRETS="whsec_of_the_tests",
    ) as process:
        yield process
    cluster.drop_database("serving")


@pytest.fixture(scope="session")
def client(serving: server.Process) -> Iterator[server.Client]:
    """A client of that server with the service role's token."""
    with server.client(serving.address, server.service_token()) as client:
        yield client


@pytest.fixture
def stranger(serving: server.Process) -> Iterator[server.Client]:
    """A client of that server without a token."""
    with server.client(serving.address) as client:
        yield client
