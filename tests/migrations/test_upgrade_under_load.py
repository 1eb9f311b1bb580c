"""`migrate up` beside busy clients: they lose no call, and none of them waits for long."""

import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tenantry import migrate
from tenantry.v1.organizations_pb2 import CreateOrganizationRequest, GetOrganizationRequest
from tests.conftest import Connect, Connection
from tests.support import server
from tests.support.ledger import assert_ledger_holds, call, consume, grant, hold, organization
from tests.support.postgres import Cluster

SQL = Path(__file__).parent.parent.parent / "sql"


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The SQL root with a change in each repeatable file."""
    root = tmp_path / "sql"
    shutil.copytree(SQL, root)
    for folder in ("functions", "api", "triggers", "policies", "seeds"):
        for path in (root / folder).rglob("*.sql"):
            path.write_text(path.read_text() + "\n-- The next release.\n")
    return root


def spend(connection: Connection, acme: UUID) -> None:
    consume(connection, acme, 1)


def give(connection: Connection, acme: UUID) -> None:
    grant(connection, acme, 1)


def reserve(connection: Connection, acme: UUID) -> None:
    held = hold(connection, acme, 1)
    call(connection, "release_hold", organization_id=acme, hold_id=held["id"])


def rename(connection: Connection, acme: UUID) -> None:
    call(connection, "update_organization", organization_id=acme, description=f"at {time.monotonic()}")


def look(connection: Connection, acme: UUID) -> None:
    connection.execute("select count(*) from public.credit_transactions where organization_id = %s", [acme])
    connection.execute("select * from public.organizations")


def subscribe(connection: Connection, acme: UUID) -> None:
    made = call(connection, "create_subscription", organization_id=acme, subscription_plan="Pro")
    call(connection, "cancel_subscription", subscription_id=made["id"], immediately=True)


CLIENTS: tuple[Callable[[Connection, UUID], None], ...] = (spend, give, reserve, rename, look, subscribe)


def test_busy_clients_lose_no_call(
    cluster: Cluster, database: str, connect: Connect, changed: Path, admin: Connection
) -> None:
    """The limit of time is generous, because other tests run beside this one."""
    service = connect("service_role")
    call(service, "create_subscription_plan", name="Pro", price_amount=900, interval="monthly", included_credits=5)
    accounts = [organization(service, 100_000) for _ in range(3)]
    stop = threading.Event()
    errors: list[str] = []
    slowest = dict.fromkeys((client.__name__ for client in CLIENTS), 0.0)
    made = dict.fromkeys(slowest, 0)

    def work(client: Callable[[Connection, UUID], None], number: int) -> None:
        connection = connect("service_role")
        while not stop.is_set():
            began = time.monotonic()
            try:
                client(connection, accounts[(number + made[client.__name__]) % 3])
            except psycopg.Error as error:
                errors.append(f"{client.__name__}: {error.sqlstate} {error}")
            slowest[client.__name__] = max(slowest[client.__name__], time.monotonic() - began)
            made[client.__name__] += 1

    workers = [threading.Thread(target=work, args=(client, number)) for number, client in enumerate(CLIENTS)]
    for worker in workers:
        worker.start()
    try:
        time.sleep(0.5)
        applied = migrate.up(cluster.conninfo(database), changed)
        time.sleep(0.3)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert len(applied) > 300
    assert errors == []
    assert max(slowest.values()) < 5, slowest
    assert min(made.values()) > 5
    for acme in accounts:
        assert_ledger_holds(admin, acme)


def test_a_run_waits_for_a_long_transaction_in_pieces(
    cluster: Cluster, database: str, connect: Connect, changed: Path, admin: Connection
) -> None:
    """It gives its locks back while it waits, so the calls of others go on."""
    service = connect("service_role")
    acme = organization(service, 1_000_000)
    reader = connect()
    reader.execute("begin; select from public.organizations")
    with ThreadPoolExecutor() as pool:
        run = pool.submit(migrate.up, cluster.conninfo(database), changed)
        slowest = 0.0
        until = time.monotonic() + 3
        while time.monotonic() < until:
            began = time.monotonic()
            spend(service, acme)
            slowest = max(slowest, time.monotonic() - began)
        assert not run.done()
        reader.execute("commit")
        assert len(run.result()) > 300
    assert slowest < 2
    assert_ledger_holds(admin, acme)


def test_nobody_but_the_owner_can_stop_a_run(cluster: Cluster, database: str, connect: Connect, changed: Path) -> None:
    stranger = connect("anon")
    stranger.execute("begin; select pg_advisory_xact_lock(8387231245791425145)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), stranger.transaction():
        stranger.execute("lock table tenantry.schema_migrations in share row exclusive mode")
    assert len(migrate.up(cluster.conninfo(database), changed)) > 300
    stranger.execute("rollback")


def test_a_server_of_the_release_before_goes_on_to_serve(cluster: Cluster, database: str, changed: Path) -> None:
    """A function of the new release has one argument more, which has a default."""
    function = changed / "api/organizations/get_organization.sql"
    text = function.read_text().replace("slug text default null", "slug text default null, more text default null")
    function.write_text(
        text.replace("public.get_organization(uuid, text)", "public.get_organization(uuid, text, text)")
    )
    (changed / "migrations/20990101000000_more.sql").write_text("drop function public.get_organization(uuid, text);\n")
    (changed / "rollbacks/20990101000000_more.sql").write_text("select 1;\n")
    with (
        server.fork(
            DATABASE_URL=cluster.conninfo(database, "tenantry_server"), TENANTRY_JWT_SECRET=server.SECRET
        ) as process,
        server.client(process.address, server.service_token()) as client,
    ):
        made = client.organizations.CreateOrganization(CreateOrganizationRequest(name="Acme", slug="acme"))
        request = GetOrganizationRequest(organization_id=made.organization.id)
        for _ in range(2):
            assert client.organizations.GetOrganization(request).organization.name == "Acme"
            migrate.up(cluster.conninfo(database), changed)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            assert client.organizations.GetOrganization(request).organization.name == "Acme"
            health = health_pb2_grpc.HealthStub(client.channel).Check(health_pb2.HealthCheckRequest())
            assert health.status == health_pb2.HealthCheckResponse.SERVING
            time.sleep(0.1)
