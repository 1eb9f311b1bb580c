"""A shop: the test's database beside a fake Stripe."""

from collections.abc import Iterator

import pytest
import stripe

from tests.conftest import Connection
from tests.support.fake_stripe import Shop, open_shop
from tests.support.postgres import Cluster


@pytest.fixture
def shop(
    cluster: Cluster, database: str, admin: Connection, service: Connection, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """The test's database, which sells through a fake Stripe."""
    # The number of attempts matters here, not the library's wait between them.
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    with open_shop(admin, service, cluster.conninfo(database, "tenantry_server")) as shop:
        yield shop
