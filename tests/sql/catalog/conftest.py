"""Plans and products for the tests, and organizations that are subscribed."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.conftest import Connection
from tests.support.ledger import Row, call, organization

Subscribe = Callable[..., UUID]


@pytest.fixture
def plan(service: Connection) -> Row:
    """A plan at 1000 a month."""
    return call(service, "create_subscription_plan", name="pro", price_amount=1000, interval="monthly")


@pytest.fixture
def product(service: Connection) -> Row:
    """A pack of 100 credits at 500."""
    return call(service, "create_credit_product", name="pack", credit_amount=100, price_amount=500)


@pytest.fixture
def subscribe(admin: Connection) -> Subscribe:
    """Subscribes a new organization to a plan; returns the organization."""

    def subscribe(plan_id: UUID, status: str = "active", pending_plan_id: UUID | None = None) -> UUID:
        tenant = organization(admin)
        now = datetime.now(UTC)
        admin.execute(
            "insert into public.organization_subscriptions"
            " (organization_id, subscription_plan_id, pending_plan_id, stripe_subscription_id, stripe_customer_id,"
            " status, ended_at, past_due_at) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                tenant,
                plan_id,
                pending_plan_id,
                f"sub_{tenant.hex}",
                f"cus_{tenant.hex}",
                status,
                now if status in ("cancelled", "expired") else None,
                now if status == "past_due" else None,
            ],
        )
        return tenant

    return subscribe
