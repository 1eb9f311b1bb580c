"""What the tests of the server's parts have in common."""

import pytest

from tests.support.postgres import Cluster


@pytest.fixture
def conninfo(cluster: Cluster, database: str) -> str:
    """Of the test's own database, as the server logs in."""
    return cluster.conninfo(database, "tenantry_server")
