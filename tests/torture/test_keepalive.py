"""Clients that ping every 10 seconds, as Go and Java do behind a load balancer."""

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.postgres import Cluster
from tests.support.server import SECRET

QUIET = 50.0
"""Seconds. By default, gRPC ends a connection after three pings in them."""


def test_a_quiet_stream_may_ping(cluster: Cluster) -> None:
    options = [
        ("grpc.keepalive_time_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    cluster.create_database("quiet", TEMPLATE)
    with (
        server.fork(DATABASE_URL=cluster.conninfo("quiet", "tenantry_server"), TENANTRY_JWT_SECRET=SECRET) as process,
        grpc.insecure_channel(process.address, options) as channel,
    ):
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=QUIET)
        with pytest.raises(grpc.RpcError) as ended:
            list(watch)
    assert ended.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    cluster.drop_database("quiet")
