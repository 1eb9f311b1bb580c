"""Collection of payments that is paused at Stripe: it can be seen, and features and credits go together."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.support.fake_stripe import PAGES, Shop
from tests.support.ledger import START, call, findings, move_clock, organization
from tests.support.subscriptions import current

DAY = 86400


@pytest.fixture(autouse=True)
def in_january(shop: Shop) -> None:
    """Months have their lengths of 2030."""
    shop.fake.now = int(START.timestamp())
    move_clock(shop.admin, START)


def hear(shop: Shop) -> None:
    move_clock(shop.admin, datetime.fromtimestamp(shop.fake.now, UTC))
    shop.hear()


def has(shop: Shop, organization_id: UUID) -> tuple[bool, int]:
    """Whether the organization has the features of the plan, and its credits."""
    features = call(shop.service, "get_entitlements", organization_id=organization_id)["features"]
    return features == {"exports": True}, shop.credits(organization_id)


@pytest.mark.parametrize("behavior", ["void", "keep_as_draft", "mark_uncollectible"])
def test_a_period_that_nobody_pays_for_brings_nothing(shop: Shop, behavior: str) -> None:
    shop.plan(features={"exports": True})
    acme = organization(shop.service)
    page = shop.ask("create_checkout_session", organization_id=acme, subscription_plan="Pro", **PAGES)
    shop.fake.complete(page["stripe_id"])
    found_at_stripe = shop.fake.of("subscription")[0]["id"]
    shop.fake.advance(10 * DAY)
    shop.fake.pause(found_at_stripe, behavior)
    hear(shop)
    found = current(shop.service, acme)
    assert (found["status"], found["pause_collection"]) == ("active", behavior)
    assert has(shop, acme) == (True, 100), "this period is paid"

    shop.fake.advance(22 * DAY)
    hear(shop)
    found = current(shop.service, acme)
    assert (found["status"], found["pause_collection"]) == ("expired", behavior)
    assert has(shop, acme) == (False, 0)

    shop.fake.pause(found_at_stripe, None)
    hear(shop)
    assert has(shop, acme) == (True, 0), "the credits come with the next payment"
    shop.fake.advance(32 * DAY)
    hear(shop)
    found = current(shop.service, acme)
    assert (found["status"], found["pause_collection"]) == ("active", None)
    assert has(shop, acme) == (True, 100)
    assert findings(shop.service, acme) == []
