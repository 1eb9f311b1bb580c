"""The HTTP port under clients that hold connections: it answers others, and closes what waits too long."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tenantry.v1.organizations_pb2 import ListOrganizationsRequest
from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.postgres import Cluster, in_one_version
from tests.support.server import SECRET

HALF = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
CONNECTIONS = 50
HEAD_TIMEOUT = 1.0


@contextmanager
def connected(address: tuple[str, int], sent: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(sent)
        yield client


@pytest.fixture(scope="module")
def process(cluster: Cluster) -> Iterator[server.Process]:
    cluster.create_database("slow_http", TEMPLATE)
    with server.fork(
        {"tenantry.http.HEAD_TIMEOUT": HEAD_TIMEOUT},
        DATABASE_URL=cluster.conninfo("slow_http", "tenantry_server"),
        TENANTRY_JWT_SECRET=SECRET,
        TENANTRY_HTTP_LISTEN="127.0.0.1:0",
        TENANTRY_MAX_HTTP_CONNECTIONS=str(CONNECTIONS),
    ) as process:
        yield process
    cluster.drop_database("slow_http")


@pytest.fixture
def address(process: server.Process) -> tuple[str, int]:
    line = next(line for line in process.output if "HTTP on" in line)
    host, _, port = line.split()[-1].rpartition(":")
    return host, int(port)


def answer(address: tuple[str, int], path: str = "/healthz") -> bytes:
    """The first line of an answer, which must come within a second."""
    start = time.monotonic()
    with connected(address, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()) as client:
        said = client.recv(1000)
    assert time.monotonic() - start < 1
    return said.partition(b"\r\n")[0]


def is_open(client: socket.socket) -> bool:
    client.settimeout(0.01)
    try:
        return client.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


@in_one_version
def test_half_requests_do_not_keep_others_out(process: server.Process, address: tuple[str, int]) -> None:
    """More of them than the port has connections: the oldest gives way."""
    clients = []
    try:
        for number in range(300):
            clients.append(socket.create_connection(address, timeout=5))
            clients[-1].sendall(HALF)
            if number % 50 == 49:
                assert answer(address) == b"HTTP/1.1 200 OK"
                assert answer(address, "/readyz") == b"HTTP/1.1 200 OK"
        assert sum(map(is_open, clients)) <= CONNECTIONS
        with server.client(process.address, server.service_token()) as client:
            client.organizations.ListOrganizations(ListOrganizationsRequest(), timeout=5)
    finally:
        for each in clients:
            each.close()


@in_one_version
@pytest.mark.parametrize(
    "sent", [b"", HALF, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"], ids=["none", "half", "whole"]
)
def test_a_connection_without_a_further_request_is_closed(address: tuple[str, int], sent: bytes) -> None:
    with connected(address, sent) as client:
        end = time.monotonic() + HEAD_TIMEOUT + 2
        # A byte now and then does not prolong it.
        while time.monotonic() < end:
            time.sleep(0.2)
            try:
                if sent == HALF:
                    client.sendall(b"x")
            except ConnectionError:
                break
        client.settimeout(0.1)
        try:
            while client.recv(1000):
                pass
        except ConnectionError:
            pass
        except TimeoutError:
            pytest.fail("the connection is still open")
