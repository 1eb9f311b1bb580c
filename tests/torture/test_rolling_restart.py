"""Two servers restart in turn under load, and their callers notice nothing."""

import json
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import grpc
import psycopg
import pytest

from tenantry.v1.credits_pb2 import ConsumeCreditsRequest
from tenantry.v1.credits_pb2_grpc import CreditServiceStub
from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.calls import organization
from tests.support.postgres import Cluster, free_port, in_one_version
from tests.support.server import SECRET

CALLERS = 16
ROUNDS = 3

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"


def documented_service_config() -> str:
    text = DOCS.read_text().partition("```json\n")[2].partition("```")[0]
    return json.dumps(json.loads(text))


@in_one_version
@pytest.mark.parametrize("workers", [1, 2])
def test_a_rolling_restart_costs_no_call(cluster: Cluster, workers: int) -> None:
    database = f"rolling{workers}"
    cluster.create_database(database, TEMPLATE)
    ports = [free_port(), free_port()]

    def start(port: int) -> tuple[ExitStack, server.Process]:
        stack = ExitStack()
        process = stack.enter_context(
            server.serve(
                *("--workers", str(workers)),
                DATABASE_URL=cluster.conninfo(database, "tenantry_server"),
                TENANTRY_JWT_SECRET=SECRET,
                TENANTRY_LAME_DUCK="2",
                TENANTRY_LISTEN=f"127.0.0.1:{port}",
            )
        )
        return stack, process

    running = [start(port) for port in ports]
    with server.client(running[0][1].address, server.service_token()) as client:
        places = [organization(client, 10**6).id for _ in range(4)]
    stop = threading.Event()
    target = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
    options = [("grpc.service_config", documented_service_config()), ("grpc.use_local_subchannel_pool", 1)]

    def call(number: int) -> tuple[set[str], Counter[str]]:
        done, errors = set(), Counter[str]()
        with closing(grpc.insecure_channel(target, options)) as channel:
            stub = CreditServiceStub(channel)
            while not stop.is_set():
                request_id = str(uuid4())
                request = ConsumeCreditsRequest(organization_id=places[number % 4], amount=1, request_id=request_id)
                try:
                    stub.ConsumeCredits(request, timeout=5, metadata=server.bearer(server.service_token()))
                    done.add(request_id)
                except grpc.RpcError as error:
                    errors[f"{error.code().name}: {error.details()}"] += 1
        return done, errors

    try:
        with ThreadPoolExecutor(CALLERS) as executor:
            callers = [executor.submit(call, number) for number in range(CALLERS)]
            try:
                time.sleep(2)
                for _ in range(ROUNDS):
                    for place, port in enumerate(ports):
                        stack, process = running[place]
                        process.popen.send_signal(signal.SIGTERM)
                        assert process.popen.wait(30) == 0
                        stack.close()
                        running[place] = start(port)
                        time.sleep(2)
            finally:
                stop.set()
        done = set[str]().union(*(caller.result()[0] for caller in callers))
        assert sum((caller.result()[1] for caller in callers), Counter[str]()) == Counter()
    finally:
        for stack, _ in running:
            stack.close()
    with psycopg.connect(cluster.conninfo(database)) as admin:
        rows = admin.execute("select idempotency_key from public.credit_transactions where amount < 0").fetchall()
    assert Counter(key for (key,) in rows) == Counter(done)
    cluster.drop_database(database)
