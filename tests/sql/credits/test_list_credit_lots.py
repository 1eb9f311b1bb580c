"""list_credit_lots: order, states, pages, and the same answer before and after settlement."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Connection
from tests.support.ledger import (
    balance,
    call,
    consume,
    freeze,
    grant,
    lots,
    move_clock,
    organization,
    refused,
    remaining,
    settle,
)
from tests.support.rpc import INVALID_ARGUMENT, INVALID_PAGE_TOKEN, NOBODY, NOT_FOUND, access, case

ACCESS = access("organization_id => {first}", first="viewer member billing admin owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(NOT_FOUND, organization_id=NOBODY),
    case(INVALID_PAGE_TOKEN, "page_token", organization_id="$acme", page_token="$entries-token"),
]

DAY = timedelta(days=1)


def test_lots_come_in_the_order_in_which_they_are_spent(service: Connection) -> None:
    acme = organization(service)
    for amount, expires_at, priority in (
        (1, None, 0),
        (2, None, -1),
        (3, "2100-01-02", 0),
        (4, "2100-01-01", 1),
        (5, "2100-01-01", 0),
        (6, "2100-01-01", 0),
        (7, "2100-01-01", -1),
    ):
        grant(service, acme, amount, expires_at=expires_at, priority=priority)
    assert [lot["amount"] for lot in lots(service, acme)] == [7, 5, 6, 4, 3, 2, 1]


def test_states_and_closed_lots(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    spent = grant(service, acme, 10, expires_at=now + 9 * DAY)
    consume(service, acme, 10)
    expiring = grant(service, acme, 20, expires_at=now + DAY)
    active = grant(service, acme, 30)
    pending = call(service, "grant_credits", organization_id=acme, amount=40, effective_at=now + 3 * DAY)["lot"]
    move_clock(admin, "+2 days")
    for _ in ("as if settled", "settled"):
        assert {lot["id"]: lot["state"] for lot in lots(service, acme)} == {
            active["id"]: "active",
            pending["id"]: "pending",
        }
        assert {lot["id"]: (lot["state"], lot["remaining"]) for lot in lots(service, acme, include_closed=True)} == {
            spent["id"]: ("spent", 0),
            expiring["id"]: ("expired", 0),
            active["id"]: ("active", 30),
            pending["id"]: ("pending", 40),
        }
        settle(admin, acme)


def test_remaining_counts_consumption_that_is_not_settled(service: Connection, admin: Connection) -> None:
    acme = organization(service, 10)
    grant(service, acme, 20, expires_at="2100-01-01")
    consume(service, acme, 5)
    assert remaining(service, acme) == [15, 10]
    consume(service, acme, 18)
    assert remaining(service, acme) == [7]
    assert remaining(service, acme, include_closed=True) == [0, 7]
    settle(admin, acme)
    assert remaining(service, acme, include_closed=True) == [0, 7]


def test_free_and_purchased_credits_are_told_apart_in_balance_and_lots(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    grant(service, acme, 100, transaction_type="purchased")
    grant(service, acme, 30, expires_at="2100-01-01")
    consume(service, acme, 50)
    for _ in ("as if settled", "settled"):
        now = balance(service, acme)
        assert (now["balance"], now["purchased"], now["granted"]) == (80, 80, 0)
        assert remaining(service, acme, transaction_type="purchased") == [80]
        assert remaining(service, acme, transaction_type="earned") == []
        assert remaining(service, acme, transaction_type="earned", include_closed=True) == [0]
        settle(admin, acme)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages(credits_service: Connection, size: int) -> None:
    acme = organization(credits_service)
    made = [
        grant(credits_service, acme, 1 + n, priority=n % 2, expires_at="2100-01-01" if n % 3 else None)["id"]
        for n in range(7)
    ]
    found: list[Any] = []
    token: str | None = None
    while True:
        page = call(credits_service, "list_credit_lots", organization_id=acme, page_size=size, page_token=token)
        assert len(page["lots"]) <= size
        found += [lot["id"] for lot in page["lots"]]
        token = page["next_page_token"]
        if token is None:
            break
    assert found == [lot["id"] for lot in lots(credits_service, acme)]
    assert set(found) == set(made)


def test_a_token_serves_no_other_list(service: Connection) -> None:
    acme = organization(service)
    for _ in range(3):
        grant(service, acme, 1)
    token = call(service, "list_credit_lots", organization_id=acme, page_size=1)["next_page_token"]
    refused(service, "TN003", "list_credit_lots", organization_id=acme, include_closed=True, page_token=token)
    refused(service, "TN003", "list_expiring_credits", organization_id=acme, page_token=token)


def test_bad_input_is_refused(service: Connection) -> None:
    acme = organization(service)
    for function in ("list_credit_lots", "list_expiring_credits"):
        assert refused(service, "TN001", function)["field"] == "organization_id"
        assert refused(service, "TN001", function, organization_id=acme, page_size=-1)["field"] == "page_size"
        refused(service, "TN002", function, organization_id=uuid4())
    wrong = refused(service, "TN001", "list_credit_lots", organization_id=acme, transaction_type="consumed")
    assert wrong["field"] == "transaction_type"
