"""Calls that cannot go through at once: deadlines, cancellation, a full pool, conflicts, a database that goes away."""

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import psycopg
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from grpc_status import rpc_status

from tenantry.v1.access_pb2 import ListRolesRequest
from tenantry.v1.credits_pb2 import ConsumeCreditsRequest, GetCreditBalanceRequest, GrantCreditsRequest
from tenantry.v1.organizations_pb2 import ListOrganizationsRequest
from tests.conftest import TEMPLATE
from tests.support import server
from tests.support.calls import organization, refused
from tests.support.postgres import Cluster
from tests.support.server import Client, failure, wait_until

DEFAULT_TIMEOUT = 1.5
"""Seconds that the test's own server gives a call without a deadline."""

POOL_SIZE = 2


@dataclass(frozen=True)
class Database:
    """A database behind a server, as the database shows it."""

    cluster: Cluster
    name: str
    client: Client

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.cluster.conninfo(self.name), autocommit=True) as connection:
            yield connection

    @contextmanager
    def locked(self, *organization_ids: str) -> Iterator[None]:
        """Another session holds the organizations' rows."""
        with psycopg.connect(self.cluster.conninfo(self.name)) as connection:
            connection.execute(
                "select from public.organizations where id = any (%s::uuid[]) for update", [list(organization_ids)]
            )
            yield

    def backends(self, condition: str = "true") -> list[tuple[int, str]]:
        """(pid, query) of the server's backends."""
        with self.admin() as connection:
            return connection.execute(
                "select pid, query from pg_stat_activity where application_name = 'tenantry'"
                f" and datname = current_database() and {condition}".encode()
            ).fetchall()

    def waiting(self) -> list[tuple[int, str]]:
        return self.backends("wait_event_type = 'Lock'")

    def busy(self) -> list[tuple[int, str]]:
        return self.backends("state <> 'idle'")

    def terminate(self) -> None:
        with self.admin() as connection:
            connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where application_name = 'tenantry' and datname = current_database()"
            )


@pytest.fixture
def shared(cluster: Cluster, client: Client) -> Database:
    """The session's server and its database."""
    return Database(cluster, "serving", client)


@pytest.fixture(scope="module")
def own(cluster: Cluster) -> Iterator[Database]:
    """A server for these tests alone, with two connections and short waits."""
    cluster.create_database("patience", TEMPLATE)
    with (
        server.fork(
            DATABASE_URL=cluster.conninfo("patience", "tenantry_server"),
            TENANTRY_JWT_SECRET=server.SECRET,
            TENANTRY_POOL_SIZE=str(POOL_SIZE),
            TENANTRY_DEFAULT_TIMEOUT=str(DEFAULT_TIMEOUT),
        ) as process,
        server.client(process.address, server.service_token()) as client,
    ):
        yield Database(cluster, "patience", client)
    cluster.drop_database("patience")


@pytest.fixture
def in_background() -> Iterator[Callable[..., Any]]:
    """Runs calls in threads: in_background(call, …) gives a future."""
    with ThreadPoolExecutor(32) as executor:
        yield executor.submit


def retry_delay(error: grpc.RpcError) -> float | None:
    """The number of seconds after which the server tells the client to retry."""
    answer: Any = error
    for detail in rpc_status.from_call(answer).details:
        info = RetryInfo()
        if detail.Unpack(info):
            return float(info.retry_delay.ToMilliseconds()) / 1000
    return None


# Deadlines and cancellation.


def test_a_callers_deadline_is_the_statements_too(shared: Database, in_background: Callable[..., Any]) -> None:
    acme = organization(shared.client, 10).id
    with shared.locked(acme):
        start = time.monotonic()
        call = in_background(
            shared.client.credits.ConsumeCredits, ConsumeCreditsRequest(organization_id=acme, amount=1), timeout=0.8
        )
        wait_until(shared.waiting)
        with pytest.raises(grpc.RpcError) as raised:
            call.result()
        assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        assert 0.7 < time.monotonic() - start < 3
        # The row is still locked: the server's backend has stopped waiting for it.
        wait_until(lambda: not shared.busy(), 2)
    assert shared.client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=acme)).balance == 10


def test_a_call_without_deadline_gets_the_servers(own: Database) -> None:
    acme = organization(own.client, 10).id
    with own.locked(acme):
        start = time.monotonic()
        said = refused(own.client.credits.ConsumeCredits, ConsumeCreditsRequest(organization_id=acme, amount=1))
        assert DEFAULT_TIMEOUT - 0.1 < time.monotonic() - start < DEFAULT_TIMEOUT + 2
        assert (said.code, said.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
        # The health of the server asks the database, too, for a moment each time.
        wait_until(lambda: not own.busy(), 2)
    assert own.client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=acme)).balance == 10


def test_a_call_whose_outcome_was_not_awaited_can_be_sent_again(shared: Database) -> None:
    acme = organization(shared.client, 10).id
    request = ConsumeCreditsRequest(organization_id=acme, amount=1, request_id="r")
    for microseconds in range(0, 2000, 100):
        with contextlib.suppress(grpc.RpcError):
            shared.client.credits.ConsumeCredits(request, timeout=microseconds / 1e6)
    assert shared.client.credits.ConsumeCredits(request).transaction.balance_after == 9
    assert shared.client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=acme)).balance == 9


def test_a_cancelled_call_stops_in_the_database_too(own: Database) -> None:
    places = [organization(own.client, 10).id for _ in range(POOL_SIZE)]
    with own.locked(*places):
        calls: list[Any] = [
            own.client.credits.GrantCredits.future(GrantCreditsRequest(organization_id=place, amount=1), timeout=20)
            for place in places
        ]
        wait_until(lambda: len(own.waiting()) == POOL_SIZE)
        for call in calls:
            call.cancel()
        wait_until(lambda: not own.busy(), 2)
        # And the connections are free for others.
        for _ in range(POOL_SIZE * 2):
            own.client.organizations.ListOrganizations(ListOrganizationsRequest(page_size=1), timeout=5)
    for place in places:
        assert own.client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=place)).balance == 10


# The pool.


def test_more_calls_than_connections_all_succeed(own: Database, in_background: Callable[..., Any]) -> None:
    acme = organization(own.client, 100).id
    request = ConsumeCreditsRequest(organization_id=acme, amount=1)
    calls = [in_background(own.client.credits.ConsumeCredits, request, timeout=30) for _ in range(60)]
    numbers = sorted(call.result().transaction.entry_number for call in calls)
    assert numbers == list(range(2, 62))
    assert len(own.backends()) <= POOL_SIZE
    assert own.client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=acme)).balance == 40


def test_a_pool_full_of_waiting_calls_says_when_to_try_again(own: Database, in_background: Callable[..., Any]) -> None:
    with own.admin() as admin, admin.transaction():
        admin.execute("lock table public.roles in access exclusive mode")
        blocked = [in_background(own.client.access.ListRoles, ListRolesRequest(), timeout=20) for _ in range(POOL_SIZE)]
        wait_until(lambda: len(own.waiting()) == POOL_SIZE)
        with pytest.raises(grpc.RpcError) as raised:
            own.client.organizations.ListOrganizations(ListOrganizationsRequest())
        said = failure(raised.value)
        assert (said.code, said.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SERVER_BUSY")
        delay = retry_delay(raised.value)
        assert delay is not None
        assert delay > 0
    assert all(call.result().roles for call in blocked)


def test_a_locked_organization_is_no_matter_to_the_others(own: Database, in_background: Callable[..., Any]) -> None:
    acme, other = organization(own.client, 10).id, organization(own.client, 100).id

    def outcome(call: Any, request: Any) -> str:
        try:
            call(request)
        except grpc.RpcError as error:
            return failure(error).reason
        return "OK"

    def grant(place: str) -> Any:
        request = GrantCreditsRequest(organization_id=place, amount=1)
        return in_background(outcome, own.client.credits.GrantCredits, request)

    with own.locked(acme):
        blocked = [grant(acme) for _ in range(20)]
        wait_until(own.waiting)
        time.sleep(0.2)
        assert len(own.waiting()) == 1, "the other calls wait without a connection"
        others = [grant(other) for _ in range(20)]
        consumed = [
            in_background(
                outcome, own.client.credits.ConsumeCredits, ConsumeCreditsRequest(organization_id=other, amount=1)
            )
            for _ in range(20)
        ]
        assert {call.result() for call in others + consumed} == {"OK"}
        assert {call.result() for call in blocked} <= {"DEADLINE_EXCEEDED", "TOO_MANY_CALLS"}
    assert own.client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=acme)).balance == 10


def test_locked_organizations_leave_connections_to_the_others_soon(
    own: Database, in_background: Callable[..., Any]
) -> None:
    places = [organization(own.client, 10).id for _ in range(2 * POOL_SIZE)]
    other = organization(own.client, 100).id
    with own.locked(*places):
        for place in places:
            request = GrantCreditsRequest(organization_id=place, amount=1)
            in_background(refused, own.client.credits.GrantCredits, request, timeout=20)
        wait_until(lambda: len(own.waiting()) == POOL_SIZE)
        # At most half of the connections wait for 5 seconds. The others are free again after half a second.
        for _ in range(3):
            own.client.credits.ConsumeCredits(ConsumeCreditsRequest(organization_id=other, amount=1), timeout=4)


def test_nothing_waits_for_a_lock_for_longer_than_five_seconds(shared: Database) -> None:
    acme = organization(shared.client, 10).id
    with shared.locked(acme):
        start = time.monotonic()
        request = GrantCreditsRequest(organization_id=acme, amount=1)
        said = refused(shared.client.credits.GrantCredits, request, timeout=20)
        assert 4.5 < time.monotonic() - start < 8
    assert (said.code, said.reason) == (grpc.StatusCode.ABORTED, "CONFLICT")


# Conflicts.


@pytest.fixture
def conflicts(own: Database) -> Iterator[Callable[[str, int], None]]:
    """conflicts(sqlstate, times): the given number of the next inserts into the ledger fail with the SQLSTATE."""
    with own.admin() as admin:

        def install(sqlstate: str, times: int) -> None:
            admin.execute("create sequence public.attempts")
            admin.execute("grant usage on sequence public.attempts to public")
            # nextval() outlives the rollback: it counts attempts.
            admin.execute(
                "create function public.conflict() returns trigger language plpgsql as $$ begin"
                f" if nextval('public.attempts') <= {times} then"
                f" raise exception using errcode = '{sqlstate}', message = 'made by the test'; end if;"
                " return new; end $$".encode()
            )
            admin.execute(
                "create trigger conflict before insert on public.credit_transactions"
                " for each row execute function public.conflict()"
            )

        yield install
        admin.execute("drop trigger if exists conflict on public.credit_transactions")
        admin.execute("drop function if exists public.conflict()")
        admin.execute("drop sequence if exists public.attempts")


def attempts(own: Database) -> int:
    with own.admin() as admin:
        row = admin.execute("select last_value from public.attempts").fetchone()
    assert row
    return int(row[0])


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_a_call_in_conflict_with_others_is_run_again(
    own: Database, conflicts: Callable[[str, int], None], sqlstate: str
) -> None:
    acme = organization(own.client, 10).id
    conflicts(sqlstate, 2)
    entry = own.client.credits.ConsumeCredits(ConsumeCreditsRequest(organization_id=acme, amount=4)).transaction
    assert (entry.entry_number, entry.balance_after, attempts(own)) == (2, 6, 3)


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_a_call_that_never_gets_through_is_given_up(
    own: Database, conflicts: Callable[[str, int], None], sqlstate: str
) -> None:
    acme = organization(own.client, 10).id
    conflicts(sqlstate, 1000)
    with pytest.raises(grpc.RpcError) as raised:
        own.client.credits.ConsumeCredits(ConsumeCreditsRequest(organization_id=acme, amount=4))
    said = failure(raised.value)
    assert (said.code, said.reason) == (grpc.StatusCode.ABORTED, "CONFLICT")
    assert "made by the test" not in said.message
    assert retry_delay(raised.value) is not None
    assert 2 <= attempts(own) <= 10
    assert own.client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=acme)).balance == 10


def test_a_real_deadlock_is_survived(own: Database, in_background: Callable[..., Any]) -> None:
    """The call waits for this session's row, and this session for the call's: PostgreSQL ends the session that checks
    first, and the test makes that the call's."""
    acme, other = organization(own.client, 10).id, organization(own.client, 10).id
    lock = b"select from public.organizations where id = %s for update"
    with own.admin() as admin:
        admin.execute(
            "create function public.lock_other() returns trigger language plpgsql as $$ begin"
            f" perform from public.organizations where id = '{other}' for update; return new; end $$".encode()
        )
        admin.execute(
            "create trigger lock_other before insert on public.credit_transactions"
            " for each row execute function public.lock_other()"
        )
        try:
            with psycopg.connect(own.cluster.conninfo(own.name)) as session:
                session.execute("set deadlock_timeout = '10s'")
                session.execute(lock, [other])
                call = in_background(
                    own.client.credits.ConsumeCredits,
                    ConsumeCreditsRequest(organization_id=acme, amount=1),
                    timeout=20,
                )
                wait_until(own.waiting)
                # The call has time for its first check, which finds no deadlock yet; then this statement closes the
                # circle.
                waiting = in_background(session.execute, lock, [acme])
                waiting.result(15)
                session.commit()
            assert call.result().transaction.balance_after == 9
        finally:
            admin.execute("drop trigger lock_other on public.credit_transactions")
            admin.execute("drop function public.lock_other()")


# A database that goes away.


def asked(own: Database) -> grpc.StatusCode:
    """Returns the outcome of a plain call."""
    try:
        own.client.organizations.ListOrganizations(ListOrganizationsRequest(page_size=1))
    except grpc.RpcError as raised:
        error = raised
    else:
        return grpc.StatusCode.OK
    said = failure(error)
    assert said.reason == "DATABASE_UNAVAILABLE", said
    assert retry_delay(error) is not None
    return said.code


def test_a_call_whose_connection_is_cut_says_so(own: Database, in_background: Callable[..., Any]) -> None:
    acme = organization(own.client, 10).id
    with own.locked(acme):
        call = in_background(
            own.client.credits.ConsumeCredits, ConsumeCreditsRequest(organization_id=acme, amount=1), timeout=20
        )
        wait_until(own.waiting)
        own.terminate()
        with pytest.raises(grpc.RpcError) as raised:
            call.result()
    said = failure(raised.value)
    assert (said.code, said.reason) == (grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
    assert "terminat" not in said.message
    assert retry_delay(raised.value) is not None
    wait_until(lambda: asked(own) == grpc.StatusCode.OK, 10)


def test_when_every_connection_was_cut_the_server_recovers_by_itself(
    own: Database, in_background: Callable[..., Any]
) -> None:
    for future in [in_background(asked, own) for _ in range(20)]:
        assert future.result() == grpc.StatusCode.OK
    own.terminate()
    outcomes = [asked(own) for _ in range(5)]
    assert set(outcomes) <= {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
    # Only one call notices a dead connection; the pool replaces the others before a call uses them.
    assert outcomes.count(grpc.StatusCode.UNAVAILABLE) <= 1
    assert outcomes[-1] == grpc.StatusCode.OK


def test_while_the_database_takes_no_connections_calls_are_unavailable_and_then_succeed(own: Database) -> None:
    with psycopg.connect(own.cluster.conninfo(), autocommit=True) as admin:
        admin.execute(f"alter database {own.name} allow_connections false".encode())
        try:
            admin.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", [own.name])
            # The first call meets a cut connection, the second meets none.
            outcomes = [asked(own) for _ in range(2)]
        finally:
            admin.execute(f"alter database {own.name} allow_connections true".encode())
    assert set(outcomes) == {grpc.StatusCode.UNAVAILABLE}
    wait_until(lambda: asked(own) == grpc.StatusCode.OK, 15)
