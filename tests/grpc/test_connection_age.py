"""The age of connections: a client that keeps calling loses no call, and a stream ends after the time of grace."""

import time
from typing import Any

import grpc
import pytest

from tenantry.v1.credits_pb2 import ConsumeCreditsRequest, ConsumeStreamRequest, GetCreditBalanceRequest
from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.calls import organization
from tests.support.postgres import Cluster, in_one_version

AGE, GRACE = 0.5, 1.0


@in_one_version
def test_a_client_that_keeps_calling_loses_no_call(cluster: Cluster) -> None:
    cluster.create_database("ageing", TEMPLATE)
    with (
        server.fork(
            DATABASE_URL=cluster.conninfo("ageing", "tenantry_server"),
            TENANTRY_JWT_SECRET=server.SECRET,
            TENANTRY_MAX_CONNECTION_AGE=str(AGE),
            TENANTRY_MAX_CONNECTION_GRACE=str(GRACE),
        ) as process,
        server.client(process.address, server.service_token()) as client,
    ):
        acme = organization(client, 100_000).id
        changes: list[grpc.ChannelConnectivity] = []
        client.channel.subscribe(changes.append)
        spend = ConsumeCreditsRequest(organization_id=acme, amount=1)
        end = time.monotonic() + 6 * AGE
        spent = 0
        while time.monotonic() < end:
            # Several are open when the server asks for a new connection.
            calls: list[Any] = [client.credits.ConsumeCredits.future(spend, timeout=5) for _ in range(5)]
            for call in calls:
                call.result()
                spent += 1
        balance = client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=acme)).balance
        assert balance == 100_000 - spent
        assert changes.count(grpc.ChannelConnectivity.IDLE) >= 3, "the server asked for no new connection"

        stream: Any = client.credits.ConsumeStream(_requests(ConsumeStreamRequest(items=[spend])))
        started = time.monotonic()
        with pytest.raises(grpc.RpcError) as ended:
            for _ in stream:
                pass
        assert ended.value.code() == grpc.StatusCode.UNAVAILABLE
        assert 0.5 * GRACE < time.monotonic() - started < 2 * (AGE + GRACE)
    cluster.drop_database("ageing")


def _requests(request: ConsumeStreamRequest) -> Any:
    while True:
        yield request
        time.sleep(0.05)
