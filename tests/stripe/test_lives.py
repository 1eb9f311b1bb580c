"""Random lives of customers at Stripe: the end is the one that was paid for, in any order of the events."""

import json
import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.stripe import lives
from tests.stripe.lives import Life, Object
from tests.support.ledger import assert_ledger_holds, call, move_clock, organization
from tests.support.postgres import in_one_version

SEEDS = 60
STEPS = 6


class Shop:
    """The database in which all lives are heard of, each as a new organization."""

    def __init__(self, admin: Connection) -> None:
        self.admin = admin
        for price in lives.PLANS:
            admin.execute(
                "insert into public.subscription_plans"
                " (name, stripe_price_id, stripe_product_id, price_amount, interval, included_credits, max_users)"
                " values (%s, %s, %s, %s, 'monthly', %s, %s)",
                [price.name, price.id, f"prod_{price.id}", price.amount, price.credits, price.seats],
            )
        row = admin.execute(
            "insert into public.credit_products (name, stripe_price_id, stripe_product_id, credit_amount, price_amount)"
            " values (%s, %s, %s, %s, %s) returning id",
            [lives.PACK.name, lives.PACK.id, f"prod_{lives.PACK.id}", lives.PACK.credits, lives.PACK.amount],
        ).fetchone()
        assert row
        self.product: UUID = row["id"]

    def hear(self, life: Life, dice: random.Random, in_order: bool) -> Object:
        """Delivers the events of a life, in order while the clock goes along, or in a random order at its end. Some
        arrive twice. Returns the outcome in the database."""
        organization_id = organization(self.admin)
        name = uuid4().hex[:12]

        def localized(value: Any) -> Any:
            text = json.dumps(value).replace("@org", str(organization_id)).replace("@product", str(self.product))
            return json.loads(text.replace("@purchase", f"00000000-0000-4000-8000-{name[:8]}").replace("@", name))

        events: list[Object] = list(life.events)
        if not in_order:
            dice.shuffle(events)
        for event in dice.choices(events, k=len(events) // 4):
            events.insert(dice.randint(events.index(event) + 1, len(events)), event)
        if not in_order:
            move_clock(self.admin, datetime.fromtimestamp(life.now, UTC))
        now = 0
        for event in events:
            if in_order and event["created"] > now:
                now = event["created"]
                move_clock(self.admin, datetime.fromtimestamp(now, UTC))
            row = self.admin.execute(
                "select (e).state, (e).error_message from public.process_stripe_event(%s) as e",
                [Jsonb(localized(event))],
            ).fetchone()
            assert row
            assert row["state"] != "failed", row["error_message"]
            if in_order or dice.random() < 0.1:
                self._send_lines(life, name, localized)
        self._send_lines(life, name, localized)
        move_clock(self.admin, datetime.fromtimestamp(life.now, UTC))
        # The outcome reads rows, in which the changes of time stand once they are settled.
        self.admin.execute("select tenantry.lock_account(%s)", [organization_id])
        assert_ledger_holds(self.admin, organization_id)
        found = self._outcome(organization_id)
        unlocalized: Object = json.loads(json.dumps(found).replace(name, "@"))
        return unlocalized

    def _send_lines(self, life: Life, name: str, localized: Any) -> None:
        """Answers the requests for the lines of long invoices."""
        by_id = {invoice.id.replace("@", name): invoice for invoice in life.invoices}
        claim = "select * from tenantry.claim_stripe_requests(100)"
        while requests := self.admin.execute(claim).fetchall():
            for request in requests:
                lines = localized(life.lines(by_id[request["path"].split("/")[3]]))
                after = request["params"].get("starting_after")
                begin = 1 + [line["id"] for line in lines].index(after) if after else 0
                body = {"data": lines[begin : begin + lives.PAGE], "has_more": begin + lives.PAGE < len(lines)}
                self.admin.execute(
                    "select tenantry.finish_stripe_request(%s, 200, %s, tenantry.clock(), false)",
                    [request["id"], Jsonb({"object": "list"} | body)],
                )

    def _outcome(self, organization_id: UUID) -> Object:
        now = call(self.admin, "get_entitlements", organization_id=organization_id)
        row = self.admin.execute(
            """
            select (
                select coalesce(jsonb_agg(jsonb_build_array(
                    s.stripe_subscription_id, s.status, p.name, s.quantity,
                    coalesce((
                        select jsonb_agg(jsonb_build_array(q.name, a.value -> 'quantity'))
                        from jsonb_array_elements(s.add_ons) as a
                        join public.subscription_plans as q on q.id::text = a.value ->> 'subscription_plan_id'
                    ), '[]'),
                    extract(epoch from s.current_period_start), extract(epoch from s.current_period_end),
                    s.pause_collection,
                    case when s.status in ('active', 'past_due', 'trial') then s.cancel_at_period_end end)), '[]')
                from public.organization_subscriptions as s
                join public.subscription_plans as p on p.id = s.subscription_plan_id
                where s.organization_id = %(id)s
            ) as subscriptions, (
                select coalesce(jsonb_agg(jsonb_build_array(
                    coalesce(b.stripe_invoice_id, b.stripe_payment_intent_id), b.status, b.amount, b.amount_refunded,
                    b.currency)), '[]')
                from public.billing_history as b where b.organization_id = %(id)s
            ) as bills
            """,
            {"id": organization_id},
        ).fetchone()
        assert row
        return {
            "credits": call(self.admin, "get_credit_balance", organization_id=organization_id)["balance"],
            "plan": now["plan_name"],
            "seats": now["max_users"],
            "subscriptions": sorted(row["subscriptions"]),
            "bills": sorted(row["bills"]),
        }


def differences(shop: Shop, seed: int, steps: int, orders: int) -> list[str]:
    """The differences between the outcome of a life and the one that was paid for."""
    life = Life(seed, steps)
    expected = json.loads(json.dumps(life.outcome()))
    dice = random.Random(seed)
    found = []
    for number in range(orders):
        in_order = (seed + number) % 3 == 0
        # The transaction keeps nothing of it, so the lives after it are heard of as fast.
        with shop.admin.transaction(force_rollback=True):
            got = shop.hear(life, dice, in_order)
        found += [
            f"life {seed}, {'in order' if in_order else 'shuffled'}: {key} should be {expected[key]} and is {got[key]}"
            for key in expected
            if got[key] != expected[key]
        ]
    return found


@in_one_version
@pytest.mark.parametrize("seeds", [range(n, n + SEEDS // 4) for n in range(0, SEEDS, SEEDS // 4)], ids=str)
def test_the_end_of_a_life_is_the_one_that_was_paid_for(scratch: Connection, seeds: range) -> None:
    shop = Shop(scratch)
    assert [line for seed in seeds for line in differences(shop, seed, STEPS, 1)] == []
