"""Group commit: concurrent calls of one caller share a transaction, and only the speed shows it.

Another session holds the rows of some organizations. A call on each row uses up all calls that a caller may have in
progress, and the calls that follow gather until the rows are released.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf.struct_pb2 import Struct

from tenantry.auth import mint
from tenantry.batching.consumptions import LOCK_TIMEOUT, SLOTS
from tenantry.v1.catalog_pb2 import UpdateCreditEventRequest
from tenantry.v1.credits_pb2 import ConsumeCreditsRequest, GetCreditBalanceRequest, VerifyLedgerRequest
from tenantry.v1.organizations_pb2 import ListOrganizationsRequest, UpdateOrganizationRequest
from tests.support import server
from tests.support.calls import credit_event, organization
from tests.support.postgres import Cluster
from tests.support.server import SECRET, Client, Failure, failure, wait_until

Outcome = Any
"""The entry, or the Failure."""


@dataclass(frozen=True)
class World:
    """The session's server as its database shows it, and organizations with rows that the test can lock."""

    cluster: Cluster
    client: Client
    held: list[str]

    @contextmanager
    def admin(self, autocommit: bool = True) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.cluster.conninfo("serving"), autocommit=autocommit) as connection:
            yield connection

    @contextmanager
    def locked(self, *organizations: str) -> Iterator[None]:
        with self.admin(autocommit=False) as connection:
            connection.execute(
                "select from public.organizations where id = any (%s::uuid[]) for update", [[*organizations]]
            )
            yield

    def waiting(self) -> list[str]:
        """Queries of the server that wait for a lock."""
        with self.admin() as connection:
            rows = connection.execute(
                "select query from pg_stat_activity where application_name = 'tenantry'"
                " and datname = current_database() and wait_event_type = 'Lock'"
            ).fetchall()
        return [query for (query,) in rows]

    @contextmanager
    def busy(self, client: Client | None = None) -> Iterator[None]:
        """The client's calls gather while the context lasts."""
        client = client or self.client
        with self.locked(*self.held):
            calls = [send(client, organization_id=held, amount=1) for held in self.held]
            wait_until(lambda: len(self.waiting()) >= SLOTS)
            yield
            for _ in range(3):
                arrive(client)
        for call in calls:
            call.result()

    def transactions(self, *entries: Any) -> set[int]:
        """Ids of the transactions that wrote these entries."""
        with self.admin() as connection:
            rows = connection.execute(
                "select distinct xmin::text from public.credit_transactions where id = any (%s::uuid[])",
                [[entry.id for entry in entries]],
            ).fetchall()
        return {int(xmin) for (xmin,) in rows}

    def balance(self, organization_id: str) -> int:
        request = GetCreditBalanceRequest(organization_id=organization_id)
        return self.client.credits.GetCreditBalance(request).balance


@pytest.fixture
def world(cluster: Cluster, client: Client) -> World:
    return World(cluster, client, [organization(client, 100).id for _ in range(SLOTS)])


def send(client: Client, timeout: float = 20, **fields: Any) -> Any:
    """Starts a call."""
    return client.credits.ConsumeCredits.future(ConsumeCreditsRequest(**fields), timeout=timeout)


def arrive(client: Client) -> None:
    """Waits until every call that was sent before on the same channel has arrived."""
    client.organizations.ListOrganizations(ListOrganizationsRequest(page_size=1))


def outcome(call: Any) -> Outcome:
    try:
        return call.result().transaction
    except grpc.RpcError as error:
        return failure(error)


def test_calls_that_gather_share_a_transaction_and_keep_their_order(world: World) -> None:
    acme, other = organization(world.client, 100).id, organization(world.client, 100).id
    with world.busy():
        calls = []
        for number in range(30):
            account = acme if number % 3 else other
            calls.append(send(world.client, organization_id=account, amount=1, description=str(number)))
            # Without it, gRPC may handle a call before the calls that were sent earlier.
            arrive(world.client)
    entries = [outcome(call) for call in calls]
    assert len(world.transactions(*entries)) == 1
    assert [entry.description for entry in entries] == [str(number) for number in range(30)]
    for organization_id, count in ((acme, 20), (other, 10)):
        mine = [entry for entry in entries if entry.organization_id == organization_id]
        assert [entry.balance_after for entry in mine] == list(range(99, 99 - count, -1))
        assert not world.client.credits.VerifyLedger(VerifyLedgerRequest(organization_id=organization_id)).findings


def test_a_call_that_meets_nobody_goes_by_itself(world: World) -> None:
    acme = organization(world.client, 10).id
    with world.locked(acme):
        call = send(world.client, organization_id=acme, amount=1)
        wait_until(world.waiting)
        (query,) = world.waiting()
    assert "public.consume_credits(" in query
    assert outcome(call).balance_after == 9


def test_a_gathered_call_writes_what_it_would_have_written_alone(world: World) -> None:
    event = credit_event(world.client, 5)
    alone, gathered = organization(world.client, 100).id, organization(world.client, 100).id
    metadata = Struct()
    metadata.update({"a": [1, None, "é 'quoted' \\ back"], "b": {}, "number": 1.5})
    variants: list[dict[str, Any]] = [
        {"amount": 3},
        {"credit_event": event.name},
        {"credit_event": event.id, "quantity": 2, "description": 'it\'s \\ "so"\n', "source_id": str(uuid4())},
        {"amount": 1, "metadata": metadata, "request_id": "r"},
        {"amount": 1, "metadata": Struct()},
        {"amount": 1, "organization_id": gathered.upper()},
    ]
    expected = [
        world.client.credits.ConsumeCredits(ConsumeCreditsRequest(**{**fields, "organization_id": alone})).transaction
        for fields in variants
    ]
    with world.busy():
        calls = [send(world.client, **{"organization_id": gathered, **fields}) for fields in variants]
    entries = [outcome(call) for call in calls]
    assert len(world.transactions(*entries)) == 1
    for entry, same in zip(entries, expected, strict=True):
        for message in (entry, same):
            for own in ("id", "organization_id", "created_at"):
                message.ClearField(own)
        assert entry == same


def refusals(client: Client) -> dict[str, dict[str, Any]]:
    """Requests by the kind of refusal that they meet."""
    event, idle, dear = credit_event(client), credit_event(client), credit_event(client, 2_000_000_000)
    client.catalog.UpdateCreditEvent(
        UpdateCreditEventRequest(credit_event=idle.name, is_active=False, update_mask={"paths": ["is_active"]})
    )
    rich, inactive = organization(client, 100), organization(client, 100)
    client.organizations.UpdateOrganization(
        UpdateOrganizationRequest(organization_id=inactive.id, is_active=False, update_mask={"paths": ["is_active"]})
    )
    client.credits.ConsumeCredits(ConsumeCreditsRequest(organization_id=rich.id, amount=1, request_id="used"))
    mine = {"organization_id": rich.id}
    return {
        "insufficient": {**mine, "amount": 1000},
        "not above 0": {**mine, "amount": 0},
        "below 0": {**mine, "amount": -5},
        "neither event nor amount": mine,
        "both event and amount": {**mine, "amount": 1, "credit_event": event.name},
        "quantity of an amount": {**mine, "amount": 1, "quantity": 1},
        "quantity not above 0": {**mine, "credit_event": event.name, "quantity": 0},
        "more than a charge can be": {**mine, "credit_event": dear.name, "quantity": 2},
        "blank request_id": {**mine, "amount": 1, "request_id": "  "},
        "long request_id": {**mine, "amount": 1, "request_id": "x" * 256},
        "used request_id": {**mine, "amount": 2, "request_id": "used"},
        "unknown event": {**mine, "credit_event": "nothing"},
        "unknown event, by id": {**mine, "credit_event": str(uuid4())},
        "inactive event": {**mine, "credit_event": idle.name},
        "inactive organization": {"organization_id": inactive.id, "amount": 1},
        "unknown organization": {"organization_id": str(uuid4()), "amount": 1},
        "no organization": {"amount": 1},
        "no uuid": {"organization_id": "x", "amount": 1},
        "source_id no uuid": {**mine, "amount": 1, "source_id": "x"},
        "NUL": {**mine, "amount": 1, "description": "\0"},
    }


def test_every_refusal_is_answered_as_it_would_be_alone_and_fails_nobody_else(world: World) -> None:
    good = organization(world.client, 1000).id
    requests = refusals(world.client)
    alone = {kind: outcome(send(world.client, **fields)) for kind, fields in requests.items()}
    assert all(isinstance(said, Failure) for said in alone.values()), alone
    assert len({said.reason for said in alone.values()}) >= 6
    with world.busy():
        calls, neighbours = {}, []
        for kind, fields in requests.items():
            calls[kind] = send(world.client, **fields)
            neighbours.append(send(world.client, organization_id=good, amount=1))
    assert {kind: outcome(call) for kind, call in calls.items()} == alone
    entries = [outcome(call) for call in neighbours]
    assert len(world.transactions(*entries)) == 1
    assert min(entry.balance_after for entry in entries) == 1000 - len(requests)


def test_a_user_is_refused_as_alone_and_callers_do_not_mix(world: World, serving: server.Process) -> None:
    user_id = str(uuid4())
    theirs, foreign = organization(world.client, 10).id, organization(world.client, 10).id
    with world.admin() as admin:
        admin.execute("insert into auth.users (id, email) values (%s, %s)", [user_id, f"{user_id}@example.com"])
        for organization_id in (*world.held, theirs):
            admin.execute(
                "select public.assign_role(user_id => %s, role => 'member', organization_id => %s)",
                [user_id, organization_id],
            )
    requests: dict[str, dict[str, Any]] = {
        "not theirs": {"organization_id": foreign, "amount": 1},
        "not theirs, and wrong": {"organization_id": foreign, "amount": 0},
        "not there": {"organization_id": str(uuid4()), "amount": 1},
        "none": {"amount": 1},
        "poor": {"organization_id": theirs, "amount": 1000},
    }
    with server.client(serving.address, mint(SECRET, "authenticated", user_id)) as user:
        alone = {kind: outcome(send(user, **fields)) for kind, fields in requests.items()}
        with world.busy(user):
            calls = {kind: send(user, **fields) for kind, fields in requests.items()}
            mine = [send(user, organization_id=theirs, amount=1) for _ in range(2)]
            # Calls of other callers have no reason to wait.
            assert outcome(send(world.client, organization_id=foreign, amount=1)).balance_after == 9
        assert {kind: outcome(call) for kind, call in calls.items()} == alone
        assert alone["not theirs"].reason == "PERMISSION_DENIED"
        assert {outcome(call).balance_after for call in mine} == {9, 8}


def test_one_request_id_gathered_many_times_makes_one_entry(world: World) -> None:
    acme = organization(world.client, 100).id
    with world.busy():
        same = [send(world.client, organization_id=acme, amount=3, request_id="r") for _ in range(20)]
        other = send(world.client, organization_id=acme, amount=4, request_id="r")
    assert len({outcome(call).id for call in same}) == 1
    assert outcome(other).reason == "REQUEST_ID_REUSED"
    assert world.balance(acme) == 97


def test_a_locked_account_holds_up_its_own_calls_only(world: World) -> None:
    acme, free = organization(world.client, 100).id, organization(world.client, 100).id
    with world.locked(acme):
        with world.busy():
            # Both calls gather into one batch, which falls apart at the locked row.
            stuck = [send(world.client, organization_id=acme, amount=1) for _ in range(5)]
            free_calls = [send(world.client, organization_id=free, amount=1) for _ in range(5)]
        start = time.monotonic()
        assert {outcome(call).balance_after for call in free_calls} == {99, 98, 97, 96, 95}
        for _ in range(10):
            send(world.client, organization_id=free, amount=1).result()
        assert time.monotonic() - start < 5 + LOCK_TIMEOUT
        assert not any(call.done() for call in stuck)
    assert {outcome(call).balance_after for call in stuck} == {99, 98, 97, 96, 95}


def test_a_call_that_ran_out_of_time_before_it_was_sent_is_not_charged(world: World) -> None:
    acme = organization(world.client, 100).id
    with world.busy():
        late = send(world.client, organization_id=acme, amount=1, timeout=0.3)
        patient = send(world.client, organization_id=acme, amount=1)
        with pytest.raises(grpc.RpcError) as raised:
            late.result()
        assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        time.sleep(0.3)
    assert outcome(patient).balance_after == 99
    assert world.balance(acme) == 99


def test_a_call_that_was_cancelled_before_it_was_sent_is_not_charged(world: World) -> None:
    acme = organization(world.client, 100).id
    with world.busy():
        gone = send(world.client, organization_id=acme, amount=1)
        patient = send(world.client, organization_id=acme, amount=1)
        time.sleep(0.2)
        gone.cancel()
        time.sleep(0.2)
    assert outcome(patient).balance_after == 99
    assert world.balance(acme) == 99


def test_a_batch_that_nobody_waits_for_any_more_stops_in_the_database(world: World) -> None:
    acme = organization(world.client, 100).id
    with world.locked(acme):
        with world.busy():
            calls = [send(world.client, organization_id=acme, amount=1) for _ in range(5)]
        wait_until(lambda: any("batch_consume_credits" in query for query in world.waiting()))
        for call in calls[1:]:
            call.cancel()
        time.sleep(0.3)
        assert world.waiting()
        calls[0].cancel()
        wait_until(lambda: not world.waiting(), 5)
    assert world.balance(acme) == 100
    assert outcome(send(world.client, organization_id=acme, amount=1)).balance_after == 99


def test_one_callers_deadline_does_not_end_the_batch_of_others(world: World) -> None:
    acme = organization(world.client, 100).id
    with world.locked(acme):
        with world.busy():
            hasty = send(world.client, organization_id=acme, amount=1, timeout=1)
            patient = send(world.client, organization_id=acme, amount=1)
        with pytest.raises(grpc.RpcError) as raised:
            hasty.result()
        assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        time.sleep(0.3)
    assert outcome(patient).balance_after in (98, 99)
    assert not world.client.credits.VerifyLedger(VerifyLedgerRequest(organization_id=acme)).findings


@contextmanager
def trouble(world: World, condition: str, sqlstate: str) -> Iterator[None]:
    """While the context lasts, an insert of an entry that meets the condition fails, at the insert or at commit."""
    with world.admin() as admin:
        admin.execute(
            "create function public.trouble() returns trigger language plpgsql as $$ begin"
            f" raise exception using errcode = '{sqlstate}', message = 'made by the test'; end $$".encode()
        )
        admin.execute(
            "create constraint trigger trouble after insert on public.credit_transactions deferrable initially deferred"
            f" for each row when ({condition}) execute function public.trouble()".encode()
        )
        try:
            yield
        finally:
            admin.execute("drop trigger trouble on public.credit_transactions")
            admin.execute("drop function public.trouble()")


@pytest.mark.parametrize("sqlstate", ["40001", "22000", "XX000"])
def test_what_fails_the_whole_batch_for_one_item_fails_that_item_only(world: World, sqlstate: str) -> None:
    acme, other = organization(world.client, 100).id, organization(world.client, 100).id
    with trouble(world, "new.description = 'bad'", sqlstate):
        alone = outcome(send(world.client, organization_id=acme, amount=1, description="bad"))
        with world.busy():
            bad = send(world.client, organization_id=acme, amount=1, description="bad")
            good = [
                send(world.client, organization_id=organization_id, amount=1)
                for organization_id in (acme, other, acme, other)
            ]
        assert outcome(bad) == alone
        assert isinstance(alone, Failure)
        assert Counter(outcome(call).balance_after for call in good) == {99: 2, 98: 2}
    assert (world.balance(acme), world.balance(other)) == (98, 98)


def test_a_batch_whose_connection_is_lost_is_not_sent_again(world: World) -> None:
    acme = organization(world.client, 100).id
    with world.locked(acme):
        with world.busy():
            keyed = [send(world.client, organization_id=acme, amount=1, request_id=f"r{n}") for n in range(3)]
            plain = [send(world.client, organization_id=acme, amount=1) for _ in range(3)]
        wait_until(lambda: any("batch_consume_credits" in query for query in world.waiting()))
        with world.admin() as admin:
            admin.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'tenantry'"
                " and datname = current_database() and query like '%batch_consume_credits%'"
            )
        said = {outcome(call).reason for call in (*keyed, *plain)}
    assert said == {"DATABASE_UNAVAILABLE"}
    assert world.balance(acme) == 100
    again = [send(world.client, organization_id=acme, amount=1, request_id=f"r{n}") for n in range(3)]
    assert sorted(outcome(call).balance_after for call in again) == [97, 98, 99]


def test_under_load_with_cancellations_every_answer_is_in_the_ledger_once(
    world: World, in_threads: Callable[..., Any]
) -> None:
    organizations = [organization(world.client, 300).id for _ in range(3)]

    forgotten = []

    def work(number: int) -> list[Any]:
        answered = []
        for step in range(40):
            timeout = 0.02 if step % 7 == 0 else 20
            call = send(
                world.client,
                organization_id=organizations[(number + step) % 3],
                amount=1,
                request_id=f"{number}-{step}",
                timeout=timeout,
            )
            if step % 5 == 0:
                call.cancel()
            try:
                answered.append(call.result().transaction)
            except grpc.FutureCancelledError:
                pass
            except grpc.RpcError as error:
                if timeout == 20 and error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
                    forgotten.append(f"{number}-{step}")
        return answered

    answered = [entry for entries in in_threads(work, 24) for entry in entries]
    # Some calls give up before their batch begins or while it runs: every call with time left is answered.
    assert forgotten == []
    assert len({entry.id for entry in answered}) == len(answered) > 400
    with world.admin() as admin:
        written = admin.execute(
            "select id::text, idempotency_key, balance_after from public.credit_transactions"
            " where organization_id = any (%s::uuid[]) and transaction_type = 'consumed'",
            [organizations],
        ).fetchall()
    assert {(e.id, e.idempotency_key, e.balance_after) for e in answered} <= set(written)
    for organization_id in organizations:
        assert not world.client.credits.VerifyLedger(VerifyLedgerRequest(organization_id=organization_id)).findings


@pytest.fixture
def in_threads() -> Callable[..., Any]:
    """in_threads(work, count): the results of work(0) … work(count - 1), which run at once."""

    def run(work: Callable[[int], Any], count: int) -> list[Any]:
        with ThreadPoolExecutor(count) as executor:
            return list(executor.map(work, range(count)))

    return run
