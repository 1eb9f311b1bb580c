"""Helpers for tests of subscriptions."""

import itertools
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tests.conftest import Connection
from tests.support.ledger import Row, call, lots

_numbers = itertools.count()


def utc(text: str) -> datetime:
    """A moment in UTC, such as 2030-01-31 or 2030-01-31T12:00."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def plan(connection: Connection, **values: Any) -> Row:
    """Creates a monthly plan with 100 included credits, unless the fields give others."""
    name = values.pop("name", f"plan-{next(_numbers)}")
    return call(
        connection,
        "create_subscription_plan",
        **{"name": name, "price_amount": 1000, "interval": "monthly", "included_credits": 100} | values,
    )


def subscribe(connection: Connection, organization_id: UUID, subscription_plan: Row, **arguments: Any) -> Row:
    """Creates a subscription that Stripe does not know."""
    return call(
        connection,
        "create_subscription",
        organization_id=organization_id,
        subscription_plan=str(subscription_plan["id"]),
        **arguments,
    )


def current(connection: Connection, organization_id: UUID) -> Row:
    """The organization's live subscription, or its last, as it is now."""
    return call(connection, "get_subscription", organization_id=organization_id)


def stored(admin: Connection, subscription: Row) -> Row:
    """The subscription as it is stored in the table."""
    row = admin.execute(
        "select * from public.organization_subscriptions where id = %s", [subscription["id"]]
    ).fetchone()
    assert row is not None
    return row


def included(connection: Connection, organization_id: UUID) -> list[tuple[int, int, datetime | None, str]]:
    """The lots of subscriptions that are not used up: (amount, remaining, expires_at, state), soonest expiry first."""
    return [
        (lot["amount"], lot["remaining"], lot["expires_at"], lot["state"])
        for lot in lots(connection, organization_id)
        if lot["source"] in ("subscription", "rollover") and lot["state"] in ("active", "pending")
    ]
