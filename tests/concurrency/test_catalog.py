"""Many connections at once on plans, prices and bills."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import Row, call, organization

T = TypeVar("T")


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Runs work(0) … work(count - 1) in as many threads, which start together."""
    start = Barrier(count)

    def run(number: int) -> T:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def outcome(connection: Connection, function: str, **arguments: Any) -> str:
    """The id of the created or changed row, or the SQLSTATE of the refusal."""
    try:
        return str(call(connection, function, **arguments)["id"])
    except psycopg.Error as error:
        return error.sqlstate or ""


def wait_for_lock(admin: Connection, connection: Connection) -> None:
    """Waits until the connection waits for a lock."""
    pid = connection.info.backend_pid
    for _ in range(1000):
        row = admin.execute("select wait_event_type from pg_stat_activity where pid = %s", [pid]).fetchone()
        if row and row["wait_event_type"] == "Lock":
            return
        time.sleep(0.01)
    raise AssertionError("it does not wait")


@pytest.fixture
def plan(service: Connection) -> Row:
    """A plan at 1000 a month."""
    return call(service, "create_subscription_plan", name="pro", price_amount=1000, interval="monthly")


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("update_subscription_plan", {"price_amount": 1}), ("archive_subscription_plan", {})],
)
def test_a_plan_is_not_changed_behind_a_subscription_that_is_being_made(
    admin: Connection, connect: Connect, plan: Row, function: str, arguments: Row
) -> None:
    tenant = organization(admin)
    subscriber, manager = connect(), connect("service_role")
    with ThreadPoolExecutor(1) as pool:
        with subscriber.transaction():
            subscriber.execute(
                "insert into public.organization_subscriptions"
                " (organization_id, subscription_plan_id, stripe_customer_id, status) values (%s, %s, 'c', 'active')",
                [tenant, plan["id"]],
            )
            change = pool.submit(outcome, manager, function, subscription_plan="pro", **arguments)
            wait_for_lock(admin, manager)
        assert change.result() == "TN033"
    assert call(admin, "get_subscription_plan", subscription_plan="pro") == plan


def test_a_price_becomes_a_plans_or_a_products_and_never_both(service: Connection, connect: Connect) -> None:
    call(service, "create_subscription_plan", name="any", price_amount=1, interval="monthly")  # registers the types
    connections = [connect("service_role") for _ in range(20)]

    def make(number: int) -> str:
        arguments = {"name": f"n{number}", "price_amount": 1, "stripe_price_id": "price_1"}
        if number % 2:
            return outcome(connections[number], "create_credit_product", credit_amount=1, **arguments)
        return outcome(connections[number], "create_subscription_plan", interval="monthly", **arguments)

    made = [answer for answer in at_once(20, make) if answer not in ("23505", "TN034")]
    assert len(made) == 1
    found = Counter(
        outcome(service, function, **{argument: "price_1"})
        for function, argument in (
            ("get_subscription_plan", "subscription_plan"),
            ("get_credit_product", "credit_product"),
        )
    )
    assert found == {made[0]: 1, "TN002": 1}


def test_twenty_calls_with_one_request_id_make_one_bill(service: Connection, connect: Connect) -> None:
    acme = organization(service)
    connections = [connect("service_role") for _ in range(20)]
    ids = at_once(
        20,
        lambda n: outcome(
            connections[n], "create_billing_record",
            organization_id=acme, amount=5, request_id="same", stripe_invoice_id="in_1",
        ),
    )  # fmt: skip
    assert len(set(ids)) == 1
    assert len(call(service, "list_billing_records", organization_id=acme)["billing_records"]) == 1


def test_what_is_given_back_by_many_at_once_is_given_back_once(service: Connection, connect: Connect) -> None:
    acme = organization(service)
    bill = call(service, "create_billing_record", organization_id=acme, amount=1000, status="paid")
    connections = [connect("service_role") for _ in range(10)]
    answers = at_once(
        10,
        lambda n: outcome(
            connections[n], "update_billing_record",
            organization_id=acme, billing_record_id=bill["id"], amount_refunded=100 * (n + 1),
        ),
    )  # fmt: skip
    assert set(answers) <= {str(bill["id"]), "TN001"}
    now = call(service, "get_billing_record", organization_id=acme, billing_record_id=bill["id"])
    assert (now["amount_refunded"], now["status"]) == (1000, "refunded")
