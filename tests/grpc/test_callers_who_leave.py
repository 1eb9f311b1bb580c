"""Callers who leave in the middle of a call: the log of the server has no trace of an error."""

import contextlib
import random
import time
from typing import Any
from uuid import uuid4

import grpc

from tenantry.v1.credits_pb2 import ConsumeCreditsRequest, ConsumeStreamRequest, GetCreditBalanceRequest
from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.calls import organization
from tests.support.postgres import Cluster

CALLS = 400


def test_callers_who_leave_cost_no_stack_trace(cluster: Cluster) -> None:
    chance = random.Random(1)
    cluster.create_database("leaving", TEMPLATE)
    conninfo = cluster.conninfo("leaving", "tenantry_server")
    with server.fork(DATABASE_URL=conninfo, TENANTRY_JWT_SECRET=server.SECRET) as process:
        with server.client(process.address, server.service_token()) as client:
            acme = organization(client, 1000).id
            calls: list[Any] = []
            for number in range(CALLS):
                organization_id = acme if number % 2 else str(uuid4())
                if number % 3:
                    asked = GetCreditBalanceRequest(organization_id=organization_id)
                    calls.append(client.credits.GetCreditBalance.future(asked, timeout=chance.uniform(0.0005, 0.02)))
                else:
                    consumed = ConsumeCreditsRequest(organization_id=organization_id, amount=1)
                    calls.append(client.credits.ConsumeCredits.future(consumed))
                time.sleep(chance.uniform(0, 0.001))
                chance.choice(calls).cancel()
            for call in calls:
                with contextlib.suppress(grpc.RpcError, grpc.FutureCancelledError):
                    call.result(10)
        for _ in range(20):
            # The channel is closed with open streams.
            with server.client(process.address, server.service_token()) as client:
                stream: Any = client.credits.ConsumeStream(
                    iter(
                        [ConsumeStreamRequest(items=[ConsumeCreditsRequest(organization_id=str(uuid4()), amount=1)])]
                        * 50
                    )
                )
                next(stream)
        assert process.stop() == 0
        log = "".join(process.output)
    cluster.drop_database("leaving")
    assert "Traceback" not in log, log[-3000:]
