"""A shop: the test's database beside a fake Stripe."""

from collections.abc import Iterator
from contextlib import closing

import pytest
import stripe

from tests.conftest import Connection
from tests.support.fake_stripe import Sending, Shop, open_shop
from tests.support.postgres import Cluster


@pytest.fixture(scope="session")
def sending() -> Iterator[Sending]:
    """The server's connections to the databases of shops."""
    with closing(Sending()) as sending:
        yield sending


@pytest.fixture
def shop(
    cluster: Cluster, admin: Connection, service: Connection, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """The test's database, which sells through a fake Stripe."""
    # The number of attempts matters here, not the library's wait between them.
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    with open_shop(admin, service, cluster.conninfo(admin.info.dbname, "tenantry_server"), sending) as shop:
        yield shop
