"""Callers that send what costs the server most: without a token, as a stranger and as a member. The right answer, at a
small cost, and others do not notice."""

import os
import random
import resource
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import jwt
import psycopg
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tenantry.auth import mint
from tenantry.limits import MAX_ITEMS
from tenantry.v1.credits_pb2 import (
    BatchConsumeCreditsRequest,
    ConsumeCreditsRequest,
    ConsumeStreamRequest,
    ConsumeStreamResponse,
    GetCreditBalanceRequest,
)
from tenantry.v1.organizations_pb2 import ListOrganizationsRequest
from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.calls import METHODS, invoke, organization, refused
from tests.support.postgres import Cluster, in_one_version
from tests.support.server import SECRET, Client, Failure, failure, wait_until

UNAUTHENTICATED = (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_REQUIRED")
ITEMS = b"\x0a\x00"
"""An empty item of a list whose number is 1."""

LARGEST = 4 * 1024 * 1024 - 64
STREAM = "/tenantry.v1.CreditService/ConsumeStream"


@dataclass
class World:
    """A server of its own, an organization, and the tokens of its member and of a stranger."""

    process: server.Process
    client: Client
    cluster: Cluster
    organization_id: str
    tokens: dict[str, str] = field(default_factory=dict)

    def metadata(self, caller: str) -> server.Metadata:
        return server.bearer(self.tokens[caller]) if caller in self.tokens else ()

    def cpu(self) -> float:
        """Seconds of processor time that the server has used."""
        fields = Path(f"/proc/{self.process.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, name: str = "VmRSS") -> float:
        """Megabytes of memory of the server; VmHWM for the most that it ever had."""
        for line in Path(f"/proc/{self.process.popen.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
        raise AssertionError(name)

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.cluster.conninfo("hostile"), autocommit=True) as connection:
            yield connection


@pytest.fixture(scope="module")
def world(cluster: Cluster) -> Iterator[World]:
    cluster.create_database("hostile", TEMPLATE)
    ENDED.clear()
    with (
        server.fork(
            {
                "tenantry.transport.REQUEST_TIMEOUT": 1.0,
                "tenantry.open_methods.REQUEST_TIMEOUT": 1.0,
                "tenantry.pool.ACQUIRE_TIMEOUT": 1.0,
            },
            DATABASE_URL=cluster.conninfo("hostile", "tenantry_server"),
            TENANTRY_JWT_SECRET=SECRET,
            TENANTRY_STREAM_IDLE_TIMEOUT="1",
        ) as process,
        server.client(process.address, server.service_token()) as client,
    ):
        world = World(process, client, cluster, organization(client, 10**6).id)
        with world.admin() as admin:
            for name in ("member", "stranger"):
                user_id = str(uuid4())
                world.tokens[name] = mint(SECRET, "authenticated", user_id)
                admin.execute("insert into auth.users (id, email) values (%s, %s)", [user_id, f"{user_id}@example.com"])
                if name == "member":
                    admin.execute(
                        "select public.assign_role(user_id => %s, role => 'member', organization_id => %s)",
                        [user_id, world.organization_id],
                    )
        # Nothing that the tests send may need more.
        pid, limit = process.popen.pid, int((world.memory("VmSize") + 400) * 2**20)
        resource.prlimit(pid, resource.RLIMIT_AS, (limit, limit))
        resource.prlimit(pid, resource.RLIMIT_CPU, (600, 600))
        yield world
        ENDED.set()
    cluster.drop_database("hostile")


@contextmanager
def plain_channel(world: World) -> Iterator[grpc.Channel]:
    """A connection of its own."""
    with grpc.insecure_channel(world.process.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        yield channel


@contextmanager
def others_served(world: World, within: float) -> Iterator[None]:
    """Health checks and a read of another caller go on, and none takes longer than `within` seconds."""
    delays, stop = [], threading.Event()

    def ask() -> None:
        with plain_channel(world) as channel, server.client(world.process.address, server.service_token()) as client:
            health = health_pb2_grpc.HealthStub(channel)
            while not stop.is_set():
                start = time.monotonic()
                health.Check(health_pb2.HealthCheckRequest(), timeout=30)
                client.credits.GetCreditBalance(
                    GetCreditBalanceRequest(organization_id=world.organization_id), timeout=30
                )
                delays.append(time.monotonic() - start)
                time.sleep(0.01)

    with ThreadPoolExecutor(1) as executor:
        asking = executor.submit(ask)
        try:
            yield
        finally:
            stop.set()
            asking.result()
    assert max(delays) < within


class silence:
    """Requests that never come. The call that waits for them must end by itself."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        ENDED.wait(20)
        raise StopIteration


ENDED = threading.Event()


def bomb(size: int = LARGEST) -> bytes:
    """Empty items without end. Packed, it has a thousandth of the size."""
    return ITEMS * (size // 2)


def send(world: World, caller: str, method: str, message: bytes, channel: grpc.Channel) -> Failure | None:
    """The refusal of a call; None if it succeeds, or if gRPC itself refuses the size."""
    try:
        invoke(channel, method, message, metadata=world.metadata(caller), compression=grpc.Compression.Gzip, timeout=60)
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in (error.details() or ""):
            return None
        return failure(error)
    return None


def as_stream(channel: grpc.Channel, path: str) -> Any:
    """The method, as a call that may send its request late."""
    return channel.stream_unary(path, request_serializer=None, response_deserializer=None)


def consume_stream(channel: grpc.Channel) -> Any:
    return channel.stream_stream(
        STREAM, request_serializer=None, response_deserializer=ConsumeStreamResponse.FromString
    )


# Anonymous callers.


def test_whoever_has_no_token_is_refused_before_the_request_is_read(world: World) -> None:
    """A request that never comes: the answer does not wait for it."""
    with plain_channel(world) as channel:
        for method in METHODS.values():
            call = as_stream(channel, f"/{method.containing_service.full_name}/{method.name}")
            said = refused(call, silence(), timeout=10)
            assert (said.code, said.reason) == UNAUTHENTICATED, method.name


def test_a_bad_token_is_refused_before_the_request_is_read_too(world: World) -> None:
    with plain_channel(world) as channel:
        for token, reason in [
            ("x.y.z", "INVALID_TOKEN"),
            (mint(SECRET, "service_role", lifetime=-60), "TOKEN_EXPIRED"),
        ]:
            said = refused(as_stream(channel, STREAM), silence(), metadata=server.bearer(token), timeout=10)
            assert (said.code, said.reason) == (grpc.StatusCode.UNAUTHENTICATED, reason)


def test_a_role_is_refused_what_the_database_does_not_grant_it(cluster: Cluster) -> None:
    """The grants are read when the server starts."""
    cluster.create_database("granted", TEMPLATE)
    with psycopg.connect(cluster.conninfo("granted"), autocommit=True) as admin:
        admin.execute("revoke execute on function public.list_organizations from authenticated")
        admin.execute("grant execute on function public.get_credit_balance to anon")
    with (
        server.fork(DATABASE_URL=cluster.conninfo("granted", "tenantry_server"), TENANTRY_JWT_SECRET=SECRET) as process,
        server.client(process.address, mint(SECRET, "authenticated", str(uuid4()))) as user,
        server.client(process.address) as anonymous,
    ):
        said = refused(user.organizations.ListOrganizations, ListOrganizationsRequest())
        assert (said.code, said.reason, said.message) == (
            grpc.StatusCode.PERMISSION_DENIED,
            "PERMISSION_DENIED",
            "permission denied",
        )
        # Now the function itself refuses.
        request = GetCreditBalanceRequest(organization_id=str(uuid4()))
        assert refused(anonymous.credits.GetCreditBalance, request).reason == "TOKEN_REQUIRED"
        # And a message that is none is read.
        broken = refused(invoke, anonymous.channel, "GetCreditBalance", b"\xff")
        assert broken.code == grpc.StatusCode.INVALID_ARGUMENT
    cluster.drop_database("granted")


@in_one_version
def test_forty_bombs_without_a_token_cost_next_to_nothing(world: World) -> None:
    message = bomb()
    with plain_channel(world) as channel:
        send(world, "nobody", "BatchConsumeCredits", message, channel)
        memory, cpu = world.memory(), world.cpu()
        for _ in range(40):
            said = send(world, "nobody", "BatchConsumeCredits", message, channel)
            assert said is not None
            assert (said.code, said.reason) == UNAUTHENTICATED
        # Hardly more than a millisecond, on a machine that others use too.
        assert world.cpu() - cpu < 40 * 0.005
        assert world.memory() - memory < 5


def test_streams_without_a_token_do_not_stay_open(world: World) -> None:
    with plain_channel(world) as channel:
        streams = [consume_stream(channel)(silence()) for _ in range(100)]
        for stream in streams:
            with pytest.raises(grpc.RpcError) as raised:
                next(stream)
            assert failure(raised.value).reason == "TOKEN_REQUIRED"


# Callers with a role.


@pytest.mark.parametrize("caller", ["stranger", "member"])
def test_a_bomb_with_a_token_is_refused_as_the_database_would_and_memory_stays(world: World, caller: str) -> None:
    message = bomb()
    with plain_channel(world) as channel, others_served(world, 2.0):
        send(world, caller, "BatchConsumeCredits", message, channel)
        memory, cpu = world.memory(), world.cpu()
        for _ in range(10):
            said = send(world, caller, "BatchConsumeCredits", message, channel)
            assert said is not None
            assert (said.code, said.reason, said.fields) == (
                grpc.StatusCode.INVALID_ARGUMENT,
                "INVALID_ARGUMENT",
                ["items"],
            )
        assert (world.cpu() - cpu) / 10 < 0.2
        assert world.memory() - memory < 20
    item = ConsumeCreditsRequest(organization_id=world.organization_id, amount=1)
    alone = refused(
        world.client.credits.BatchConsumeCredits, BatchConsumeCreditsRequest(items=[item] * (MAX_ITEMS + 1))
    )
    assert (alone.reason, alone.fields) == ("INVALID_ARGUMENT", ["items"])


def test_a_request_that_is_too_large_says_by_how_much(world: World) -> None:
    request = GetCreditBalanceRequest(organization_id="x" * 100_000)
    said = refused(world.client.credits.GetCreditBalance, request)
    assert (said.code, said.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_TOO_LARGE")
    assert said.metadata == {"size": "100004", "limit": "65536"}


def test_a_request_that_does_not_come_is_given_up(world: World) -> None:
    with plain_channel(world) as channel:
        call = as_stream(channel, "/tenantry.v1.CreditService/GetCreditBalance")
        said = refused(call, silence(), metadata=world.metadata("member"), timeout=10)
        assert said.code == grpc.StatusCode.DEADLINE_EXCEEDED
        assert said.message == "the request did not arrive in time"


def test_one_callers_calls_and_streams_are_limited_and_others_are_not(world: World) -> None:
    with plain_channel(world) as channel, ThreadPoolExecutor(150) as executor:
        balance = as_stream(channel, "/tenantry.v1.CreditService/GetCreditBalance")
        stranger = world.metadata("stranger")
        calls = [executor.submit(refused, balance, silence(), metadata=stranger, timeout=10) for _ in range(120)]
        reasons = [call.result().reason for call in calls]
        # Those that were let in wait for their request.
        assert (reasons.count("TOO_MANY_CALLS"), reasons.count("DEADLINE_EXCEEDED")) == (20, 100)
        streams = [consume_stream(channel)(silence(), metadata=stranger) for _ in range(30)]
        reasons = [reason_of(stream) for stream in streams]
        assert (reasons.count("TOO_MANY_CALLS"), reasons.count("STREAM_IDLE")) == (10, 20)
    # All of it is given back.
    with server.client(world.process.address, world.tokens["stranger"]) as client:
        for _ in range(3):
            client.organizations.ListOrganizations(ListOrganizationsRequest())


def reason_of(stream: Any) -> str:
    with pytest.raises(grpc.RpcError) as raised:
        next(stream)
    return failure(raised.value).reason


def test_a_stream_that_is_used_is_not_idle(world: World) -> None:
    item = ConsumeCreditsRequest(organization_id=world.organization_id, amount=1)

    def requests() -> Iterator[bytes]:
        for _ in range(4):
            time.sleep(0.5)
            yield ConsumeStreamRequest(items=[item]).SerializeToString()

    with plain_channel(world) as channel:
        answers = list(consume_stream(channel)(requests(), metadata=world.metadata("member")))
    assert [len(answer.decisions) for answer in answers] == [1] * 4


def test_one_callers_batches_leave_connections_to_others(world: World) -> None:
    """24 batches at once, and the database takes long for each."""
    item = ConsumeCreditsRequest(organization_id=world.organization_id, amount=1)
    batch = BatchConsumeCreditsRequest(items=[item] * 100)
    other = organization(world.client, 10).id
    with (
        server.client(world.process.address, world.tokens["member"]) as member,
        server.client(world.process.address, world.tokens["stranger"]) as stranger,
        ThreadPoolExecutor(24) as executor,
        world.admin() as admin,
    ):
        with admin.transaction():
            admin.execute("select from public.organizations where id = %s for update", [world.organization_id])
            calls = [executor.submit(outcome, member.credits.BatchConsumeCredits, batch) for _ in range(24)]
            wait_until(lambda: waiting(world) == 5)
            start = time.monotonic()
            for _ in range(10):
                stranger.organizations.ListOrganizations(ListOrganizationsRequest(), timeout=5)
                world.client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=other), timeout=5)
            assert time.monotonic() - start < 3
            # The others of the caller wait for a time, and are refused while the lock is still held.
            wait_until(lambda: sum(call.done() for call in calls) == 19)
            assert waiting(world) == 5
        reasons = [call.result() for call in calls]
    assert (reasons.count("TOO_MANY_CALLS"), reasons.count("OK")) == (19, 5)


def waiting(world: World) -> int:
    """Number of the server's connections that wait for a lock."""
    with world.admin() as admin:
        rows = admin.execute(
            "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        ).fetchall()
    return len(rows)


def outcome(call: Any, request: Any) -> str:
    try:
        call(request, timeout=30)
    except grpc.RpcError as error:
        return failure(error).reason
    return "OK"


# Tokens and deadlines.


@pytest.mark.parametrize("expiry", [10**400, 10**4000], ids=["400 digits", "4000 digits"])
def test_an_expiry_of_many_digits_is_no_valid_token(world: World, expiry: int) -> None:
    token = jwt.encode({"role": "service_role", "exp": expiry}, SECRET, algorithm="HS256")
    with server.client(world.process.address, token) as client:
        said = refused(client.organizations.ListOrganizations, ListOrganizationsRequest())
    assert (said.code, said.reason) == (grpc.StatusCode.UNAUTHENTICATED, "INVALID_TOKEN")


@pytest.mark.parametrize("days", [25, 365, 36500])
def test_a_deadline_beyond_those_of_postgresql_is_as_good_as_none(world: World, days: int) -> None:
    request = GetCreditBalanceRequest(organization_id=world.organization_id)
    assert world.client.credits.GetCreditBalance(request, timeout=days * 86400).balance
    item = ConsumeCreditsRequest(organization_id=world.organization_id, amount=1)
    assert world.client.credits.ConsumeCredits(item, timeout=days * 86400).transaction.amount == -1


# Health and reflection, which take no token.


def test_health_and_reflection_read_short_requests_only(world: World) -> None:
    with plain_channel(world) as channel:
        health, reflection = health_pb2_grpc.HealthStub(channel), reflection_pb2_grpc.ServerReflectionStub(channel)
        long = "x" * 2000
        calls: list[Any] = [
            lambda: health.Check(health_pb2.HealthCheckRequest(service=long)),
            lambda: next(health.Watch(health_pb2.HealthCheckRequest(service=long))),
            lambda: next(
                reflection.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services=long)]))
            ),
        ]
        for call in calls:
            with pytest.raises(grpc.RpcError) as raised:
                call()
            assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert health.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING
        assert next(health.Watch(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING
        asked = iter(
            [
                reflection_pb2.ServerReflectionRequest(list_services="", host="a"),
                reflection_pb2.ServerReflectionRequest(file_containing_symbol="tenantry.v1.CreditService"),
                reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.such"),
                reflection_pb2.ServerReflectionRequest(),
            ]
        )
        listed, file, unknown, empty = reflection.ServerReflectionInfo(asked)
        names = {each.name for each in listed.list_services_response.service}
        assert names >= {"tenantry.v1.CreditService", "grpc.health.v1.Health"}
        assert file.file_descriptor_response.file_descriptor_proto
        assert unknown.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
        assert empty.error_response.error_code == grpc.StatusCode.INVALID_ARGUMENT.value[0]


def test_streams_of_reflection_are_few_and_end_when_idle(world: World) -> None:
    with plain_channel(world) as channel:
        reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
        codes = []
        for stream in [reflection.ServerReflectionInfo(silence()) for _ in range(70)]:
            with pytest.raises(grpc.RpcError) as raised:
                next(stream)
            codes.append(raised.value.code())
    assert codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED) == 20
    assert codes.count(grpc.StatusCode.DEADLINE_EXCEEDED) == 50


# Everything to everybody.


def struct_in(number: int, inner: bytes) -> bytes:
    """A message whose field of that number has this content."""
    return varint(number << 3 | 2) + varint(len(inner)) + inner


def varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])


def deep(levels: int) -> bytes:
    """A Struct in a Struct in a Struct …"""
    inner = b""
    for _ in range(levels):
        inner = struct_in(1, struct_in(1, b"a") + struct_in(2, struct_in(5, inner)))
    return inner


def hostile(method: str, size: int) -> dict[str, bytes]:
    """Messages for a method, by the limit that they attack."""
    numbers = {fld.number: fld for fld in METHODS[method].input_type.fields}
    messages = {
        "items": bomb(size),
        "too large": bomb(size + 100_000),
        "numbers": b"\x18\x01" * (size // 2),
        "groups": b"\x0b" * size,
        "unfinished": b"\x0a\xff\xff\xff\x7f" + bytes(1000),
        "random": random.Random(method).randbytes(10_000),
        "empty": b"",
    }
    for number, fld in numbers.items():
        messages[f"long {fld.name}"] = struct_in(number, b"a" * (size - 100))
        if fld.message_type and fld.message_type.full_name == "google.protobuf.Struct":
            messages[f"deep {fld.name}"] = struct_in(number, deep(45))
            messages[f"deepest {fld.name}"] = struct_in(number, deep(5000))
            messages[f"wide {fld.name}"] = struct_in(number, struct_in(1, b"\x0a\x01a\x12\x02\x08\x00") * 80_000)
            values = b"\x0a\x02\x08\x00" * 250_000
            messages[f"list {fld.name}"] = struct_in(
                number, struct_in(1, b"\x0a\x01a" + struct_in(2, struct_in(6, values)))
            )
        elif fld.message_type and fld.is_repeated:
            item = struct_in(7, struct_in(1, b"\x0a\x01a" + struct_in(2, struct_in(6, b"\x0a\x00" * 200))))
            messages[f"full {fld.name}"] = struct_in(number, item) * (size // (len(item) + 4))
    return messages


REFUSALS = {
    "INVALID_ARGUMENT",
    "REQUEST_TOO_LARGE",
    "PERMISSION_DENIED",
    "NOT_FOUND",
    "INVALID_PAGE_TOKEN",
    "TOO_MANY_CALLS",
    "INVALID_SIGNATURE",
    "NO_WEBHOOK_SECRET",
}
"""The reasons that a hostile message may be refused for."""


@in_one_version
def test_no_message_to_any_method_costs_much(world: World, request: pytest.FixtureRequest) -> None:
    """In short, one message of 1 MB to every method; with --hostile-sizes, all messages of 4 MB by each caller."""
    in_full = request.config.getoption("--hostile-sizes")
    chance = random.Random(1)
    work = []
    for method in METHODS:
        messages = hostile(method, LARGEST if in_full else 1024 * 1024)
        chosen = list(messages) if in_full else chance.sample(sorted(messages), 1)
        callers = ["nobody", "stranger", "member"] if in_full else ["nobody", chance.choice(["stranger", "member"])]
        work += [(caller, method, kind, messages[kind]) for kind in chosen for caller in callers]
    chance.shuffle(work)
    memory, cpu = world.memory(), world.cpu()

    with ExitStack() as stack:
        stack.enter_context(others_served(world, 5.0))
        channels = [stack.enter_context(plain_channel(world)) for _ in range(4)]

        def one(number: int) -> None:
            caller, method, kind, message = work[number]
            said = send(world, caller, method, message, channels[number % 4])
            if caller == "nobody":
                assert said is not None, (method, kind)
                assert (said.code, said.reason) == UNAUTHENTICATED, (method, kind, said)
            elif said is not None:
                assert said.reason in REFUSALS, (caller, method, kind, said)

        with ThreadPoolExecutor(4) as executor:
            list(executor.map(one, range(len(work))))
    assert (world.cpu() - cpu) / len(work) < 0.1
    assert world.memory() - memory < 60
