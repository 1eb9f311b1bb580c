"""Many connections at once on one ledger."""

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID

import grpc
import psycopg
import pytest

from tenantry.v1.credits_pb2 import ConsumeCreditsRequest
from tests.conftest import Connect, Connection
from tests.support.ledger import (
    Row,
    assert_ledger_holds,
    balance,
    batch,
    call,
    entries,
    findings,
    freeze,
    grant,
    move_clock,
    organization,
)
from tests.support.request_ids import OTHERS, SPENDING, Operation, Situation, situation, written
from tests.support.request_ids import outcome as request
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


def test_a_call_that_empties_the_account_is_answered_alike_however_often_it_is_sent(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    connections = [connect("service_role") for _ in range(8)]
    for number in range(60):
        spend = ("consume_credits", "hold_credits")[number % 2]
        acme = organization(service, 1)

        def send(n: int, acme: UUID = acme, spend: str = spend) -> Any:
            return outcome(connections[n], spend, organization_id=acme, amount=1, request_id="last")

        assert len(set(at_once(8, send))) == 1
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


def test_concurrent_batches_over_the_same_organizations_never_deadlock_and_lose_nothing(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    organizations = [organization(service, 3000) for _ in range(6)]
    connections = [connect("service_role") for _ in range(8)]

    def work(number: int) -> list[Row]:
        chance = random.Random(number)
        decisions: list[Row] = []
        for round_ in range(10):
            items: list[Row] = [
                {
                    "organization_id": chance.choice(organizations),
                    "amount": chance.randint(1, 9),
                    # Every other item is also in a batch of another connection.
                    "request_id": f"{number // 2}-{round_}-{n}" if n % 2 else None,
                }
                for n in range(60)
            ]
            decisions += batch(connections[number], *items)
        return decisions

    decisions = [decision for made in at_once(8, work) for decision in made]
    assert {decision["code"] for decision in decisions} <= {None, "TN009", "TN011"}
    acknowledged = {d["transaction"]["id"]: d["transaction"] for d in decisions if d["transaction"]}
    written = {
        e["id"]: e for acme in organizations for e in entries(admin, acme) if e["transaction_type"] == "consumed"
    }
    assert written == acknowledged
    for acme in organizations:
        assert_ledger_holds(admin, acme)
    _assert_no_deadlock(admin)


@pytest.mark.parametrize("refuses", [False, True])
def test_a_batch_that_waits_for_a_lock_spends_no_credits_that_expire_meanwhile(
    connect: Connect, service: Connection, admin: Connection, refuses: bool
) -> None:
    """PL/pgSQL reads ten rows of a query at once, so the first account is locked long before the last."""
    organizations = sorted(organization(service) for _ in range(15))
    now = freeze(admin)
    for acme in organizations:
        grant(service, acme, 10, expires_at=now + timedelta(hours=1))
    call(service, "grant_credits", organization_id=organizations[0], amount=3)
    items: list[Row] = [{"organization_id": acme, "amount": 4} for acme in organizations]
    items.append({"organization_id": organizations[0], "amount": 1000 if refuses else 1})
    blocker, waiter = connect(), connect("service_role")
    blocker.execute("begin")
    blocker.execute("select from public.organizations where id = %s for update", [organizations[-1]])
    with ThreadPoolExecutor(1) as pool:
        decisions = pool.submit(batch, waiter, *items)
        _wait_for_a_waiting_session(admin)
        move_clock(admin, "+2 hours")
        blocker.execute("commit")
        codes = [decision["code"] for decision in decisions.result(timeout=20)]
    assert codes == ["TN009"] * 15 + (["TN009"] if refuses else [None])
    for acme in organizations:
        assert_ledger_holds(admin, acme)


def _wait_for_a_waiting_session(admin: Connection) -> None:
    for _ in range(200):
        waiting = admin.execute("select count(*) as n from pg_locks where not granted").fetchone()
        if waiting and waiting["n"]:
            return
        time.sleep(0.05)
    pytest.fail("no session waits for a lock")


def test_concurrent_duplicates_of_a_batch_are_charged_once(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    acme, other = organization(service, 1000), organization(service, 1000)
    connections = [connect("service_role") for _ in range(8)]
    items = [{"organization_id": acme if n % 2 else other, "amount": 1, "request_id": str(n)} for n in range(100)]
    answers = at_once(8, lambda n: batch(connections[n], *items))
    assert all(answer == answers[0] for answer in answers)
    assert (len(entries(admin, acme)), len(entries(admin, other))) == (51, 51)


def test_one_request_id_of_a_hold_makes_one_hold(connect: Connect, service: Connection, admin: Connection) -> None:
    acme = organization(service, 1000)
    connections = [connect("service_role") for _ in range(20)]
    ids = at_once(20, lambda n: outcome(connections[n], "hold_credits", organization_id=acme, amount=3, request_id="r"))
    assert len(set(ids)) == 1
    assert balance(service, acme)["held"] == 3
    assert_ledger_holds(admin, acme)


@pytest.mark.parametrize("space", [SPENDING, OTHERS], ids=["spending", "others"])
def test_operations_of_one_name_space_that_meet_with_one_request_id_make_one_object(
    connect: Connect, service: Connection, admin: Connection, space: dict[str, Operation]
) -> None:
    operations = list(space.values()) * 2
    connections = [connect("service_role") for _ in operations]
    for _ in range(20):
        at = situation(service)
        before = written(admin, at)

        def send(n: int, at: Situation = at) -> Any:
            return request(connections[n], operations[n], at)

        answers = at_once(len(operations), send)
        # Each operation is called twice: the winner and its replay have the same answer.
        made = [n for n, answer in enumerate(answers) if answer != "TN011"]
        assert len({id(operations[n]) for n in made}) == 1
        assert all(answers[n] == answers[made[0]] for n in made)
        after = written(admin, at)
        assert sum(after[kind] - before[kind] for kind in ("entries", "pending", "holds", "bills")) == 1
        assert_ledger_holds(admin, at.organization_id)
    _assert_no_deadlock(admin)


def test_a_hold_is_captured_once_however_many_try(connect: Connect, service: Connection, admin: Connection) -> None:
    acme = organization(service, 1000)
    made = call(service, "hold_credits", organization_id=acme, amount=10)
    connections = [connect("service_role") for _ in range(20)]
    outcomes = at_once(
        20, lambda n: outcome(connections[n], "capture_hold", organization_id=acme, hold_id=made["id"], amount=3)
    )
    assert Counter(o if isinstance(o, str) else "entry" for o in outcomes) == {"entry": 3, "TN018": 17}
    assert balance(service, acme)["held"] == 1
    assert_ledger_holds(admin, acme)


def test_a_consumption_is_refunded_once_however_many_try(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    acme = organization(service, 100)
    spent = call(service, "consume_credits", organization_id=acme, amount=10)
    connections = [connect("service_role") for _ in range(20)]
    arguments = {"organization_id": acme, "credit_transaction_id": spent["id"], "amount": 4}
    outcomes = at_once(20, lambda n: outcome(connections[n], "refund_credits", **arguments))
    assert Counter(o if isinstance(o, str) else "entry" for o in outcomes) == {"entry": 2, "TN017": 18}
    assert_ledger_holds(admin, acme)


def test_all_operations_mixed_leave_ledgers_that_hold(connect: Connect, service: Connection, admin: Connection) -> None:
    organizations = [organization(service, 500) for _ in range(3)]
    connections = [connect("service_role") for _ in range(8)]
    end = time.monotonic() + 3
    runs = at_once(8, lambda n: _mix(connections[n], organizations, random.Random(n), end))
    refusals = Counter(code for run in runs for code in run[1])
    assert set(refusals) <= {"TN009", "TN016", "TN017", "TN018", "TN020"}, refusals
    acknowledged = {entry["id"]: entry for run in runs for entry in run[0]}
    assert len(acknowledged) > 100
    written = {entry["id"]: entry for acme in organizations for entry in entries(admin, acme)}
    assert {id_: written.get(id_) for id_ in acknowledged} == acknowledged
    time.sleep(0.5)
    assert findings(service) == []
    while admin.execute("select tenantry.settle_due_accounts() as n").fetchone() != {"n": 0}:
        pass
    for acme in organizations:
        assert_ledger_holds(admin, acme)
    _assert_no_deadlock(admin)


def _mix(
    connection: Connection, organizations: list[UUID], chance: random.Random, end: float
) -> tuple[list[Row], list[str]]:
    """Runs random operations until the end; returns the answered entries and the SQLSTATEs of the refusals."""
    made: list[Row] = []
    refusals: list[str] = []
    spent: list[Row] = []
    bought: list[Row] = []
    holds: list[Row] = []

    def soon() -> timedelta:
        return timedelta(milliseconds=chance.randint(20, 400))

    while time.monotonic() < end:
        acme = chance.choice(organizations)
        amount = chance.randint(1, 30)
        step = chance.choice(
            [
                "consume",
                "consume",
                "batch",
                "grant",
                "later",
                "hold",
                "capture",
                "release",
                "refund",
                "revoke",
                "maintain",
            ]
        )
        try:
            if step == "consume":
                spent.append(call(connection, "consume_credits", organization_id=acme, amount=amount))
                made.append(spent[-1])
            elif step == "batch":
                items = [{"organization_id": chance.choice(organizations), "amount": 1} for _ in range(20)]
                made += [d["transaction"] for d in batch(connection, *items) if d["transaction"]]
            elif step in ("grant", "later"):
                now = connection.execute("select clock_timestamp() as at").fetchone()
                assert now is not None
                times = {"expires_at": now["at"] + timedelta(seconds=1) + soon()} if chance.random() < 0.7 else {}
                if step == "later":
                    times["effective_at"] = now["at"] + soon()
                answer = call(connection, "grant_credits", organization_id=acme, amount=amount, **times)
                if answer["transaction"]:
                    bought.append(answer["transaction"])
                    made.append(answer["transaction"])
            elif step == "hold":
                holds.append(call(connection, "hold_credits", organization_id=acme, amount=amount, time_to_live=soon()))
            elif step in ("capture", "release") and holds:
                chosen = chance.choice(holds)
                arguments = {"organization_id": chosen["organization_id"], "hold_id": chosen["id"]}
                if step == "capture":
                    answer = call(connection, "capture_hold", amount=chance.randint(1, chosen["amount"]), **arguments)
                    made.append(answer["transaction"])
                else:
                    call(connection, "release_hold", **arguments)
            elif step == "refund" and spent:
                chosen = chance.choice(spent)
                arguments = {"organization_id": chosen["organization_id"], "credit_transaction_id": chosen["id"]}
                made.append(call(connection, "refund_credits", amount=1, **arguments))
            elif step == "revoke" and bought:
                chosen = chance.choice(bought)
                arguments = {"organization_id": chosen["organization_id"], "credit_transaction_id": chosen["id"]}
                answer = call(connection, "revoke_credits", amount=1, **arguments)
                if answer["transaction"]:
                    made.append(answer["transaction"])
            elif step == "maintain":
                connection.execute("select tenantry.settle_due_accounts()")
        except psycopg.Error as error:
            refusals.append(error.sqlstate or str(error))
    return made, refusals


def _assert_no_deadlock(admin: Connection) -> None:
    assert admin.execute(
        "select deadlocks::int as n from pg_stat_database where datname = current_database()"
    ).fetchone() == {"n": 0}


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
