"""A real server process, and clients that call it over a real channel."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status

from tenantry.auth import mint
from tenantry.v1.access_pb2_grpc import AccessServiceStub
from tenantry.v1.billing_pb2_grpc import BillingServiceStub
from tenantry.v1.catalog_pb2_grpc import CatalogServiceStub
from tenantry.v1.credits_pb2_grpc import CreditServiceStub
from tenantry.v1.organizations_pb2_grpc import OrganizationServiceStub
from tests.support.command import Forked

SECRET = "a-secret-of-the-tests-and-nothing-else"
Metadata = tuple[tuple[str, str], ...]


@dataclass
class Process:
    """A running `tenantry serve`: its address, and its output so far."""

    popen: subprocess.Popen[str]
    address: str
    output: list[str] = field(default_factory=list)

    def stop(self) -> int:
        """Asks the server to stop, and waits. Returns its exit code."""
        self.popen.terminate()
        for line in self.popen.stdout or ():
            self.output.append(line)
        return self.popen.wait(30)


@contextmanager
def serve(*arguments: str, **environment: str) -> Iterator[Process]:
    """Runs `tenantry serve` until it listens; stops it in the end."""
    popen = subprocess.Popen(
        [sys.executable, "-m", "tenantry.cli", "serve", *arguments],
        env=_environment(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with _serving(popen) as process:
        yield process


@contextmanager
def fork(constants: Mapping[str, float] | None = None, /, **environment: str) -> Iterator[Process]:
    """Does the same in a fifth of the time, for tests that check neither the start nor the end of the program.

    constants: new values of module constants in this server, by their full names.
    """
    forked = Forked("serve", environment=_environment(environment), constants=constants)
    with _serving(cast("subprocess.Popen[str]", forked)) as process:
        yield process


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "TENANTRY_LISTEN": "127.0.0.1:0", "TENANTRY_LAME_DUCK": "0", **own}


@contextmanager
def _serving(popen: subprocess.Popen[str]) -> Iterator[Process]:
    with popen:
        output = []
        for line in popen.stdout or ():
            output.append(line)
            if match := re.search(r"Tenantry serves on (127\.0\.0\.1:\d+)", line):
                break
        else:
            pytest.fail("the server did not start:\n" + "".join(output), pytrace=False)
        process = Process(popen, match[1], output)
        try:
            yield process
        finally:
            if popen.poll() is None:
                process.stop()


@dataclass(frozen=True)
class Client:
    """Stubs of every service over one channel."""

    organizations: OrganizationServiceStub
    catalog: CatalogServiceStub
    credits: CreditServiceStub
    access: AccessServiceStub
    billing: BillingServiceStub
    channel: grpc.Channel


@contextmanager
def client(address: str, token: str | None = None) -> Iterator[Client]:
    """A client that sends the token with every call; without one, none."""
    with grpc.insecure_channel(address) as plain:
        channel = grpc.intercept_channel(plain, _Bearer(token)) if token else plain
        yield Client(
            OrganizationServiceStub(channel),
            CatalogServiceStub(channel),
            CreditServiceStub(channel),
            AccessServiceStub(channel),
            BillingServiceStub(channel),
            channel,
        )


def bearer(token: str) -> Metadata:
    """Call metadata that carries a token."""
    return (("authorization", f"Bearer {token}"),)


def service_token() -> str:
    """A token of the service role."""
    return mint(SECRET, "service_role")


class _Bearer(grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):  # type: ignore[type-arg]
    def __init__(self, token: str) -> None:
        self._metadata = bearer(token)

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(details._replace(metadata=[*(details.metadata or ()), *self._metadata]), request)

    def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return self.intercept_unary_unary(continuation, client_call_details, request_iterator)


@dataclass(frozen=True)
class Failure:
    """All parts of the error of a refused call."""

    code: grpc.StatusCode
    reason: str
    message: str
    metadata: dict[str, str]
    fields: list[str]


def failure(error: grpc.RpcError) -> Failure:
    """The parts of a google.rpc.Status; an error without one fails the test."""
    status = rpc_status.from_call(cast(grpc.Call, error))
    assert status is not None, f"no google.rpc.Status: {error}"
    info, bad_request = ErrorInfo(), BadRequest()
    for detail in status.details:
        for message in (info, bad_request):
            if detail.Is(message.DESCRIPTOR):
                detail.Unpack(message)
    assert info.reason, "no ErrorInfo"
    assert info.domain == "tenantry"
    return Failure(
        error.code(),
        info.reason,
        status.message,
        dict(info.metadata),
        [violation.field for violation in bad_request.field_violations],
    )


def wait_until(condition: Any, timeout: float = 20) -> None:
    """Waits until the condition holds; fails after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)
