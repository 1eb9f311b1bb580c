"""`tenantry serve --workers N`: N processes share one port, and callers do not notice when one dies."""

import contextlib
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import grpc
import psycopg
import pytest

from tenantry.v1.credits_pb2 import ConsumeCreditsRequest, ConsumeCreditsResponse, VerifyLedgerRequest
from tenantry.v1.organizations_pb2 import CreateOrganizationRequest, ListOrganizationsRequest
from tests.cli.test_serve import NOWHERE, assert_one_clear_line, embedded, is_running, refuses, run, serving_in
from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.calls import organization
from tests.support.postgres import Cluster, in_one_version, open_folder
from tests.support.server import SECRET, Process, wait_until

COUNT = 3


@pytest.fixture
def environment(cluster: Cluster) -> Iterator[dict[str, str]]:
    """Settings of a server over a database of its own."""
    cluster.create_database("shared", TEMPLATE)
    yield {"DATABASE_URL": cluster.conninfo("shared", "tenantry_server"), "TENANTRY_JWT_SECRET": SECRET}
    cluster.drop_database("shared")


def children(pid: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            # It has ended: before the file was opened, or before it was read.
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


def listeners(process: Process) -> set[int]:
    """The workers that listen on the server's port."""
    port = int(process.address.rpartition(":")[2])
    inodes = {
        fields[9]
        for table in ("tcp", "tcp6")
        for line in Path("/proc/net", table).read_text().splitlines()[1:]
        if (fields := line.split())[1].endswith(f":{port:04X}") and fields[3] == "0A"
    }
    found = set()
    for pid in children(process.popen.pid):
        # A worker, or a descriptor, may be gone before the test looks at it.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(FileNotFoundError):
                    match = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
                    if match and match[1] in inodes:
                        found.add(pid)
    return found


def answers(process: Process) -> bool:
    """Whether a new connection is served."""
    with server.client(process.address, server.service_token()) as client:
        try:
            client.organizations.ListOrganizations(ListOrganizationsRequest(page_size=1), timeout=10)
        except grpc.RpcError:
            return False
    return True


def test_every_worker_listens_on_the_port_and_all_serve_one_ledger(environment: dict[str, str]) -> None:
    with server.serve("--workers", str(COUNT), **environment) as process, ExitStack() as stack:
        assert len(listeners(process)) == len(children(process.popen.pid)) == COUNT
        # Channels to one address share a connection unless told otherwise.
        channels = [
            stack.enter_context(
                grpc.insecure_channel(process.address, options=[("grpc.use_local_subchannel_pool", 1), ("n", n)])
            )
            for n in range(12)
        ]
        with server.client(process.address, server.service_token()) as client:
            acme = organization(client, 1000).id
            calls = [
                channel.unary_unary(
                    "/tenantry.v1.CreditService/ConsumeCredits",
                    request_serializer=ConsumeCreditsRequest.SerializeToString,
                    response_deserializer=ConsumeCreditsResponse.FromString,
                ).future(
                    ConsumeCreditsRequest(organization_id=acme, amount=1),
                    metadata=server.bearer(server.service_token()),
                    timeout=30,
                )
                for channel in channels
                for _ in range(20)
            ]
            for call in calls:
                call.result()
            assert not client.credits.VerifyLedger(VerifyLedgerRequest(organization_id=acme)).findings


@in_one_version
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_stops_all_in_good_order(environment: dict[str, str], number: signal.Signals) -> None:
    with server.serve("--workers", str(COUNT), **environment) as process:
        workers = children(process.popen.pid)
        process.popen.send_signal(number)
        rest = process.popen.communicate(timeout=30)[0]
        assert (process.popen.returncode, rest) == (0, "")
    assert not any(is_running(pid) for pid in workers)
    assert refuses(process.address)


@in_one_version
def test_a_stop_lets_calls_under_way_finish(environment: dict[str, str], cluster: Cluster) -> None:
    with (
        server.serve("--workers", "2", **environment) as process,
        server.client(process.address, server.service_token()) as client,
        psycopg.connect(cluster.conninfo("shared")) as session,
    ):
        session.execute("lock table public.organizations in share mode")
        name = f"org-{uuid4()}"
        call = client.organizations.CreateOrganization.future(
            CreateOrganizationRequest(name=name, slug=name), timeout=20
        )
        wait_until(lambda: session.execute("select from pg_locks where not granted").rowcount)
        process.popen.terminate()
        wait_until(lambda: refuses(process.address))
        session.rollback()
        assert call.result().organization.slug == name
        assert process.popen.wait(10) == 0


@in_one_version
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_a_worker_that_ends_is_replaced(environment: dict[str, str], number: signal.Signals) -> None:
    with server.serve("--workers", "2", **environment) as process:
        before = listeners(process)
        os.kill(min(before), number)
        wait_until(lambda: len(listeners(process) - {min(before)}) == 2)
        assert all(answers(process) for _ in range(8))
        process.popen.terminate()
        assert f"worker {min(before)} has ended" in process.popen.communicate(timeout=30)[0]
        assert process.popen.returncode == 0


@in_one_version
def test_workers_survive_an_outage_in_which_they_die(environment: dict[str, str], cluster: Cluster) -> None:
    with (
        server.serve("--workers", "2", **environment) as process,
        psycopg.connect(cluster.conninfo(), autocommit=True) as admin,
    ):
        before = listeners(process)
        admin.execute("alter database shared allow_connections false")
        os.kill(min(before), signal.SIGKILL)
        wait_until(lambda: children(process.popen.pid) - before, 20)
        assert max(before) in listeners(process), "the other worker serves on"
        os.kill(max(before), signal.SIGKILL)
        attempts: set[int] = set()

        def tried_often() -> bool:
            attempts.update(children(process.popen.pid) - before)
            return len(attempts) > COUNT

        wait_until(tried_often, 20)
        admin.execute("alter database shared allow_connections true")
        wait_until(lambda: len(listeners(process)) == 2, 30)
        assert answers(process)
        process.popen.terminate()
        rest = process.popen.communicate(timeout=30)[0]
    assert process.popen.returncode == 0
    assert "the worker cannot be replaced yet" in rest
    assert "Traceback" not in rest


@in_one_version
def test_the_server_ends_when_no_worker_serves_and_none_fits_the_schema(
    environment: dict[str, str], cluster: Cluster
) -> None:
    with server.serve("--workers", "2", **environment) as process:
        workers = children(process.popen.pid)
        with psycopg.connect(cluster.conninfo("shared"), autocommit=True) as admin:
            admin.execute("alter function public.get_credit_balance rename to gone")
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        rest = process.popen.communicate(timeout=30)[0]
        assert process.popen.returncode == 1
    assert "get_credit_balance" in rest
    assert "Traceback" not in rest
    assert not any(is_running(pid) for pid in workers)


@in_one_version
def test_workers_do_not_outlive_their_parent(environment: dict[str, str]) -> None:
    with server.serve("--workers", "2", **environment) as process:
        workers = children(process.popen.pid)
        process.popen.kill()
        wait_until(lambda: not any(is_running(pid) for pid in workers))


@in_one_version
def test_what_keeps_a_worker_from_serving_is_said_in_one_line(cluster: Cluster, serving: Process) -> None:
    good = {"DATABASE_URL": cluster.conninfo("serving", "tenantry_server"), "TENANTRY_JWT_SECRET": SECRET}
    # Another server without workers has the port, or a server that shares its port with workers only.
    assert_one_clear_line(run("serve", "--workers", "2", **good, TENANTRY_LISTEN=serving.address), serving.address)
    with server.serve("--workers", "2", **good) as process:
        assert_one_clear_line(run("serve", "--workers", "2", **good, TENANTRY_LISTEN=process.address), process.address)
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert_one_clear_line(run("serve", "--workers", "2", **good, TENANTRY_LISTEN=address), address)
    ended = run("serve", "--workers", "2", **{**good, "DATABASE_URL": NOWHERE})
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Traceback" not in ended.stderr
    assert "cannot reach PostgreSQL" in ended.stderr


@pytest.mark.parametrize("count", ["0", "-1", "two"])
def test_a_number_of_workers_that_cannot_be_is_refused(count: str) -> None:
    ended = run("serve", f"--workers={count}", DATABASE_URL=NOWHERE, TENANTRY_JWT_SECRET=SECRET)
    assert ended.returncode == 2
    assert "--workers" in ended.stderr


@embedded
def test_workers_share_one_embedded_postgresql_that_their_parent_owns() -> None:
    with open_folder() as parent:
        with serving_in(parent / "data", "--workers", "2") as running:
            postgres = running.postgres
            assert len(listeners(running.process)) == 2
            with running.client() as client:
                organization(client, 10)
            workers = listeners(running.process)
            assert running.process.stop() == 0
            assert not any(is_running(pid) for pid in (postgres, *workers))
        with serving_in(parent / "data", "--workers", "2") as running:
            os.kill(running.postgres, signal.SIGKILL)
            rest = running.process.popen.communicate(timeout=30)[0]
            assert running.process.popen.returncode == 1
            assert "the embedded PostgreSQL has ended" in rest
