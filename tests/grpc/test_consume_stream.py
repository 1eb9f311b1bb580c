"""ConsumeStream: a batch for each request, decisions in order, back-pressure, and no double charge."""

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import psycopg
import pytest

from tenantry.auth import mint
from tenantry.v1.credits_pb2 import (
    BatchConsumeCreditsRequest,
    ConsumeCreditsRequest,
    ConsumeStreamRequest,
    ConsumeStreamResponse,
    GetCreditBalanceRequest,
    VerifyLedgerRequest,
)
from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.calls import organization
from tests.support.postgres import Cluster
from tests.support.server import SECRET, Client, failure, wait_until


class Requests(Iterator[ConsumeStreamRequest]):
    """The client's side of a stream: `put` queues a request to send, and `close` ends the stream. `taken` is the number
    of requests that gRPC has asked for."""

    def __init__(self) -> None:
        self._queue: queue.Queue[ConsumeStreamRequest | None] = queue.Queue()
        self.taken = 0

    def put(self, *items: ConsumeCreditsRequest) -> None:
        self._queue.put(ConsumeStreamRequest(items=items))

    def close(self) -> None:
        self._queue.put(None)

    def __next__(self) -> ConsumeStreamRequest:
        request = self._queue.get()
        if request is None:
            raise StopIteration
        self.taken += 1
        return request


def item(organization_id: str, amount: int = 1, request_id: str = "") -> ConsumeCreditsRequest:
    return ConsumeCreditsRequest(organization_id=organization_id, amount=amount, request_id=request_id)


def stream(client: Client, requests: Iterator[ConsumeStreamRequest]) -> Any:
    """An open stream; iterating gives the responses."""
    return client.credits.ConsumeStream(requests, timeout=60)


def outcomes(response: ConsumeStreamResponse) -> list[int | str]:
    return [decision.reason or decision.transaction.balance_after for decision in response.decisions]


def balance(client: Client, organization_id: str) -> int:
    return client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=organization_id)).balance


def test_every_request_is_answered_in_order_while_the_stream_stays_open(client: Client) -> None:
    acme, other = organization(client, 10).id, organization(client, 3).id
    requests = Requests()
    answers = stream(client, requests)
    requests.put(item(acme, 4), item(other, 4), item(acme, 7), item("x"))
    assert outcomes(next(answers)) == [6, "INSUFFICIENT_CREDITS", "INSUFFICIENT_CREDITS", "INVALID_ARGUMENT"]
    for left in (5, 4, 3):
        requests.put(item(acme))
        requests.put(item(other, 100))
        assert outcomes(next(answers)) == [left]
        assert outcomes(next(answers)) == ["INSUFFICIENT_CREDITS"]
    requests.close()
    assert list(answers) == []


def test_a_decision_is_that_of_a_batch(client: Client) -> None:
    acme = organization(client, 100).id
    items = [item(acme, 3, "a"), item(acme, 1000), item(acme, 5, "a"), ConsumeCreditsRequest(organization_id=acme)]
    batch = client.credits.BatchConsumeCredits(BatchConsumeCreditsRequest(items=items))
    (streamed,) = stream(client, iter([ConsumeStreamRequest(items=items)]))
    assert list(streamed.decisions) == list(batch.decisions)
    assert streamed.decisions[2].remedy


def test_a_request_that_fails_as_a_whole_ends_the_stream_and_what_was_answered_stands(client: Client) -> None:
    acme = organization(client, 10).id
    requests = Requests()
    answers = stream(client, requests)
    requests.put(item(acme))
    assert outcomes(next(answers)) == [9]
    requests.put()
    requests.put(item(acme))
    with pytest.raises(grpc.RpcError) as raised:
        next(answers)
    assert failure(raised.value).fields == ["items"]
    requests.close()
    assert balance(client, acme) == 9


def test_a_client_that_sends_faster_is_held_back(client: Client, cluster: Cluster) -> None:
    acme = organization(client, 10**9).id
    requests = Requests()
    filling = "x" * 10_000
    with psycopg.connect(cluster.conninfo("serving")) as session:
        session.execute("select from public.organizations where id = %s for update", [acme])
        answers = stream(client, requests)
        for _ in range(200):
            requests.put(*[ConsumeCreditsRequest(organization_id=acme, amount=1, description=filling)] * 10)
        requests.close()
        seen = -1
        while seen != requests.taken:
            seen = requests.taken
            time.sleep(0.3)
        # 20 MB are to be sent; the windows on both sides limit the requests that are on their way.
        assert seen < 150
    assert sum(len(response.decisions) for response in answers) == 2000
    assert requests.taken == 200
    assert balance(client, acme) == 10**9 - 2000


def test_a_lost_stream_is_sent_again_and_charged_once(cluster: Cluster, client: Client) -> None:
    acme = organization(client, 1000).id
    readings = [ConsumeStreamRequest(items=[item(acme, 1, f"{n}-{m}") for m in range(10)]) for n in range(20)]
    with psycopg.connect(cluster.conninfo("serving"), autocommit=True) as admin:
        answers = stream(client, iter(readings))
        answered = [outcomes(next(answers)) for _ in range(7)]
        # The connection is cut while the server works; the exact moment is random.
        admin.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where application_name = 'tenantry' and datname = current_database()"
        )
        with contextlib.suppress(grpc.RpcError):
            answered += [outcomes(response) for response in answers]
    # Until no call meets a cut connection.
    wait_until(lambda: all(is_up(client) for _ in range(10)))
    again = list(stream(client, iter(readings)))
    assert [outcomes(response) for response in again[: len(answered)]] == answered
    assert [balance for response in again for balance in outcomes(response)] == list(range(999, 799, -1))
    assert balance(client, acme) == 800
    assert not client.credits.VerifyLedger(VerifyLedgerRequest(organization_id=acme)).findings


def is_up(client: Client) -> bool:
    try:
        client.credits.VerifyLedger(VerifyLedgerRequest(organization_id="00000000-0000-0000-0000-000000000000"))
    except grpc.RpcError as error:
        return error.code() != grpc.StatusCode.UNAVAILABLE
    return True


def test_a_stream_that_is_cancelled_stops_in_the_database_too(client: Client, cluster: Cluster) -> None:
    acme = organization(client, 10).id
    with psycopg.connect(cluster.conninfo("serving")) as session:
        session.execute("select from public.organizations where id = %s for update", [acme])
        answers = stream(client, iter([ConsumeStreamRequest(items=[item(acme)])]))
        wait_until(lambda: waiting(cluster))
        answers.cancel()
        wait_until(lambda: not waiting(cluster), 5)
    assert balance(client, acme) == 10


def waiting(cluster: Cluster) -> bool:
    with psycopg.connect(cluster.conninfo("serving"), autocommit=True) as admin:
        rows = admin.execute(
            "select from pg_stat_activity where application_name = 'tenantry'"
            " and datname = current_database() and wait_event_type = 'Lock'"
        ).fetchall()
    return bool(rows)


def test_a_token_that_expires_ends_the_stream(serving: server.Process) -> None:
    # The server allows for clocks that differ by ten seconds; this token is in its last two seconds.
    token = mint(SECRET, "service_role", lifetime=-8)
    with server.client(serving.address, token) as client:
        requests = Requests()
        answers = stream(client, requests)
        requests.put(item("00000000-0000-0000-0000-000000000000"))
        assert outcomes(next(answers)) == ["NOT_FOUND"]
        time.sleep(2.2)
        requests.put(item("00000000-0000-0000-0000-000000000000"))
        with pytest.raises(grpc.RpcError) as raised:
            next(answers)
        assert failure(raised.value).reason == "TOKEN_EXPIRED"
        requests.close()


def test_a_server_that_stops_ends_its_streams_between_two_requests(cluster: Cluster) -> None:
    cluster.create_database("stopping", TEMPLATE)
    with server.fork(
        DATABASE_URL=cluster.conninfo("stopping", "tenantry_server"), TENANTRY_JWT_SECRET=SECRET
    ) as process:
        with server.client(process.address, server.service_token()) as client:
            acme = organization(client, 10).id
            requests = Requests()
            answers = stream(client, requests)
            requests.put(item(acme))
            assert outcomes(next(answers)) == [9]
            start = time.monotonic()
            stopped = threading.Thread(target=process.stop)
            stopped.start()
            with pytest.raises(grpc.RpcError) as raised:
                next(answers)
            assert failure(raised.value).code == grpc.StatusCode.UNAVAILABLE
            stopped.join()
            requests.close()
        assert time.monotonic() - start < 8
        assert process.popen.returncode == 0
    cluster.drop_database("stopping")
