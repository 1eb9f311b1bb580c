"""One world for all tests of a file that leave it as it was, and one of its own for a test that does not."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import PEOPLED, Connection
from tests.rls.world import World
from tests.support.postgres import Cluster

SHARED = "shared_world"


@pytest.fixture(scope="module")
def shared_database(cluster: Cluster, peopled: World) -> Iterator[str]:
    """Name of a database that the file's tests share, and leave as it was."""
    assert peopled
    cluster.create_database(SHARED, PEOPLED)
    yield SHARED
    cluster.drop_database(SHARED)


@pytest.fixture(scope="module")
def shared_admin(cluster: Cluster, shared_database: str) -> Iterator[Connection]:
    """A connection to the shared database as the superuser."""
    with psycopg.connect(cluster.conninfo(shared_database), autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture(scope="module")
def shared_server(cluster: Cluster, shared_database: str) -> Iterator[Connection]:
    """A connection to the shared database as the gRPC server's login, which may become each API role."""
    with psycopg.connect(
        cluster.conninfo(shared_database, "tenantry_server"), autocommit=True, row_factory=dict_row
    ) as connection:
        yield connection


@pytest.fixture(scope="module")
def shared_world(peopled: World, shared_database: str) -> World:
    """The cast in the shared database."""
    assert shared_database
    return peopled
