"""The distribution of tests over several processes."""

import os

import pytest

from tests.support.postgres import Cluster, in_one_version


@in_one_version
def test_a_test_has_the_group_of_its_cluster(cluster: Cluster, request: pytest.FixtureRequest) -> None:
    """Without the groups every process would run every cluster, and no other test would fail for it."""
    in_worker = "PYTEST_XDIST_WORKER" in os.environ
    assert f"@{cluster.installation} " in request.node.nodeid or not in_worker
