"""Many connections at once on one ledger."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import grpc
import psycopg

from tenantry.v1.credits_pb2 import ConsumeCreditsRequest
from tests.conftest import Connect, Connection
from tests.support.ledger import assert_ledger_holds, call, entries, organization
from tests.support.server import Client, failure

T = TypeVar("T")


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Runs work(0) … work(count - 1) in as many threads, which start together."""
    start = Barrier(count)

    def run(number: int) -> T:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def outcome(connection: Connection, function: str, **arguments: Any) -> Any:
    """The entry's id, or the SQLSTATE of the refusal."""
    try:
        answer = call(connection, function, **arguments)
        return answer["id"] if "id" in answer else answer["transaction"]["id"]
    except psycopg.Error as error:
        return error.sqlstate


def test_fifty_calls_with_one_request_id_make_one_entry(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    acme = organization(service, 1000)
    connections = [connect("service_role") for _ in range(50)]
    ids = at_once(
        50,
        lambda n: outcome(connections[n], "consume_credits", organization_id=acme, amount=3, request_id="same"),
    )
    assert len(set(ids)) == 1
    assert [entry["amount"] for entry in entries(admin, acme)] == [1000, -3]
    assert_ledger_holds(admin, acme)


def test_one_request_id_with_different_arguments_makes_one_entry_and_refusals(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    acme = organization(service, 1000)
    connections = [connect("service_role") for _ in range(20)]
    outcomes = at_once(
        20,
        lambda n: outcome(connections[n], "consume_credits", organization_id=acme, amount=n + 1, request_id="same"),
    )
    assert Counter(o if isinstance(o, str) else "entry" for o in outcomes) == {"entry": 1, "TN011": 19}
    assert len(entries(admin, acme)) == 2
    assert_ledger_holds(admin, acme)


def test_a_hundred_consumptions_on_fifty_credits_succeed_fifty_times(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    acme = organization(service, 50)
    connections = [connect("service_role") for _ in range(100)]
    outcomes = at_once(100, lambda n: outcome(connections[n], "consume_credits", organization_id=acme, amount=1))
    assert Counter(o if isinstance(o, str) else "entry" for o in outcomes) == {"entry": 50, "TN009": 50}
    assert len(entries(admin, acme)) == 51
    assert_ledger_holds(admin, acme)


def test_grants_and_consumptions_mix_without_loss(connect: Connect, service: Connection, admin: Connection) -> None:
    acme = organization(service, 100)
    connections = [connect("service_role") for _ in range(16)]

    def work(number: int) -> int:
        moved = 0
        for step in range(20):
            if number % 4 == 0:
                amount = step + 1
                arguments: dict[str, Any] = {"expires_at": f"21{step:02}-01-01"} if step % 2 else {}
                call(connections[number], "grant_credits", organization_id=acme, amount=amount, **arguments)
                moved += amount
            elif outcome(connections[number], "consume_credits", organization_id=acme, amount=2) != "TN009":
                moved -= 2
        return moved

    moved = sum(at_once(16, work))
    assert entries(admin, acme)[-1]["balance_after"] == 100 + moved
    assert_ledger_holds(admin, acme)


def test_concurrent_grants_do_not_pass_the_largest_balance(connect: Connect, service: Connection) -> None:
    acme = organization(service, 2147483647 - 5)
    connections = [connect("service_role") for _ in range(10)]
    outcomes = at_once(10, lambda n: outcome(connections[n], "grant_credits", organization_id=acme, amount=1))
    assert Counter(o if isinstance(o, str) else "entry" for o in outcomes) == {"entry": 5, "TN010": 5}


def test_over_grpc_a_hundred_calls_spend_what_there_is_and_no_more(client: Client) -> None:
    from tenantry.v1.credits_pb2 import GrantCreditsRequest, ListCreditTransactionsRequest
    from tenantry.v1.organizations_pb2 import CreateOrganizationRequest

    created = client.organizations.CreateOrganization(CreateOrganizationRequest(name="Hot", slug="hot"))
    acme = created.organization.id
    client.credits.GrantCredits(GrantCreditsRequest(organization_id=acme, amount=50))

    def consume(number: int) -> str:
        request = ConsumeCreditsRequest(organization_id=acme, amount=1, request_id=f"call-{number % 100}")
        try:
            return client.credits.ConsumeCredits(request).transaction.id
        except grpc.RpcError as error:
            return failure(error).reason

    # Every request is sent twice, so replays race their originals.
    outcomes = at_once(200, consume)
    assert all(outcomes[n] == outcomes[n + 100] for n in range(100) if "INSUFFICIENT_CREDITS" not in outcomes[n])
    assert len({o for o in outcomes if o != "INSUFFICIENT_CREDITS"}) == 50
    ledger = client.credits.ListCreditTransactions(
        ListCreditTransactionsRequest(organization_id=acme, oldest_first=True, page_size=1000)
    ).transactions
    assert [entry.entry_number for entry in ledger] == list(range(1, 52))
    assert [entry.balance_after for entry in ledger] == list(range(50, -1, -1))
