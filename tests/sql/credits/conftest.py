"""A database for tests that leave nothing behind except their own organizations: most refusals."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import TEMPLATE, Connection
from tests.support.ledger import call
from tests.support.postgres import Cluster


@pytest.fixture(scope="session")
def credits_admin(cluster: Cluster) -> Iterator[Connection]:
    """A connection as the superuser. There is a credit event image, which costs 5."""
    cluster.create_database("shared", TEMPLATE)
    with psycopg.connect(cluster.conninfo("shared"), autocommit=True, row_factory=dict_row) as connection:
        call(connection, "create_credit_event", name="image", credit_cost=5, category="compute")
        yield connection
    cluster.drop_database("shared")


@pytest.fixture(scope="session")
def credits_service(cluster: Cluster, credits_admin: Connection) -> Iterator[Connection]:
    """A connection as service_role to the same database."""
    assert credits_admin
    with psycopg.connect(cluster.conninfo("shared"), autocommit=True, row_factory=dict_row) as connection:
        connection.execute("set role service_role")
        yield connection
