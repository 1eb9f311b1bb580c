"""Fixtures that the tests of the server's parts share."""

import pytest

from tests.support.postgres import Cluster


@pytest.fixture
def conninfo(cluster: Cluster, database: str) -> str:
    """Connection string of the test's own database, for the server's login."""
    return cluster.conninfo(database, "tenantry_server")
