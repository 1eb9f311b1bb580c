"""Events in any order and repeated any number of times: the events of a life lead to one state."""

import random
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support import stripe_payloads as payloads
from tests.support.ledger import assert_ledger_holds, move_clock, organization
from tests.support.postgres import Cluster, installations
from tests.support.server import wait_until
from tests.support.stripe import catalog, credits, deliver, deliver_all, state, tell
from tests.support.stripe_payloads import CURRENT, ERAS, OLD, Object
from tests.support.stripe_stories import STORIES, Story

EXHAUSTIVE = 6
"""Up to this many events the test tries every order on the newest PostgreSQL; otherwise a sample, and a small one on
other versions."""

AGAIN = 1 / 3
"""How many of the events arrive twice."""

THREADS = 4


def sampled(events: list[Object], count: int, dice: random.Random) -> list[list[Object]]:
    """Orders in which the events may arrive, each with some of them more than once."""
    chosen = [events[::-1], *(dice.sample(events, len(events)) for _ in range(count))]
    for order in chosen:
        for event in dice.choices(events, k=round(len(events) * AGAIN)):
            order.insert(dice.randint(0, len(order)), event)
    return chosen


def walk(
    admin: Connection,
    left: list[Object],
    arrived: list[Object],
    dice: random.Random,
    check: Callable[[list[Object]], None],
    seen: set[str],
) -> None:
    """Delivers the remaining events in every order, some of them twice, and checks the state after the last one. Orders
    with the same beginning share its work. So do orders that have led to an equal database so far: what follows depends
    on nothing else. seen: these databases."""
    if not left:
        check(arrived)
    for event in left:
        again = [dice.choice(arrived)] if arrived and dice.random() < AGAIN else []
        with admin.transaction(force_rollback=True):
            deliver_all(admin, [event, *again])
            reached = contents(admin)
            if reached not in seen:
                seen.add(reached)
                walk(
                    admin, [other for other in left if other is not event], [*arrived, event, *again], dice, check, seen
                )


def contents(admin: Connection) -> str:
    """A digest of everything on which the effect of an event depends, without ids that are drawn, and without the times
    at which rows were written."""
    row = admin.execute(
        """
        select md5(jsonb_agg(part.found order by part.name, part.found)::text) as digest
        from (
            select 'event', jsonb_build_array(e.id, e.state, e.organization_id) from tenantry.stripe_events as e
            union all
            select 'object', to_jsonb(o) from tenantry.stripe_objects as o
            union all
            select 'customer', to_jsonb(c) - 'created_at' from tenantry.stripe_customers as c
            union all
            select 'line', to_jsonb(l) from tenantry.stripe_plan_lines as l
            union all
            select 'purchase', to_jsonb(p) from tenantry.credit_purchases as p
            union all
            select 'grant', to_jsonb(g) - '{source_id,lots}'::text[] || jsonb_build_object('lots', (
                select jsonb_agg(jsonb_build_array(l.amount, l.remaining, l.expires_at) order by lot.position)
                from unnest(g.lots) with ordinality as lot (id, position)
                left join tenantry.credit_lots as l on l.organization_id = g.organization_id and l.id = lot.id))
            from tenantry.granted_credits as g
            union all
            select 'pending', jsonb_build_array(g.amount, g.effective_at, g.expires_at, g.cancelled_at is null)
            from tenantry.pending_grants as g
            union all
            select 'account', jsonb_build_array(o.id, o.credit_balance, o.credits_settle_at)
            from public.organizations as o
            union all
            select 'subscription', to_jsonb(s) - '{id,created_at,updated_at}'::text[]
            from public.organization_subscriptions as s
            union all
            select 'bill', to_jsonb(b) - '{id,created_at,updated_at}'::text[] from public.billing_history as b
            union all
            select 'trial', to_jsonb(t) from tenantry.used_trials as t
        ) as part (name, found)
        """
    ).fetchone()
    assert row
    digest: str = row["digest"]
    return digest


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("name", STORIES)
def test_every_order_leads_to_the_same_state(
    scratch: Connection, cluster: Cluster, name: str, era: str, pytestconfig: pytest.Config
) -> None:
    story = tell(scratch, name, era)
    with scratch.transaction(force_rollback=True):
        deliver_all(scratch, story.events)
        expected = state(scratch, story.organization_id)
    assert expected["bills"]

    def check(order: list[Object]) -> None:
        assert state(scratch, story.organization_id) == expected, [event["type"] for event in order]
        assert_ledger_holds(scratch, story.organization_id)

    dice = random.Random(name + era)
    is_newest = cluster.installation == installations()[-1]
    if len(story.events) <= EXHAUSTIVE and is_newest:
        walk(scratch, story.events, [], dice, check, set())
        return
    for order in sampled(story.events, pytestconfig.getoption("stripe_orders") // (1 if is_newest else 3), dice):
        with scratch.transaction(force_rollback=True):
            deliver_all(scratch, order)
            check(order)


def test_objects_of_one_payment_that_arrive_at_the_same_time_see_each_other(
    admin: Connection, connect: Connect
) -> None:
    """A refund names only its charge, which has not arrived yet: the owner becomes known while neither transaction is
    committed."""
    story = tell(admin, "partial_refund", OLD)
    charge, refund = (e for e in story.events if e["type"] in ("charge.succeeded", "charge.refund.updated"))
    refunding, charging = connect(), connect()
    deliver_all(admin, [event for event in story.events[:-2] if event is not charge])
    refunding.execute("begin")
    assert {answer["state"] for answer in deliver_all(refunding, [refund])} == {"unmatched"}
    with ThreadPoolExecutor(1) as pool:
        charged = pool.submit(deliver_all, charging, [charge])
        wait_until(lambda: charged.done() or _is_waiting(admin))
        refunding.execute("commit")
        charged.result()
    assert credits(admin, story.organization_id) == 150
    row = admin.execute("select array_agg(distinct state) as states from tenantry.stripe_events").fetchone()
    assert row == {"states": ["processed"]}


def stories_at_once(admin: Connection, names: Sequence[str]) -> list[Story]:
    """A customer for each story, all over one catalog."""
    product_id = catalog(admin)
    told = []
    for number, name in enumerate(names):
        story = Story(
            CURRENT, organization(admin), product_id, prefix=f"c{number}_", first_number=10**9 - 10**6 * number
        )
        STORIES[name](story)
        told.append(story)
    move_clock(admin, max(story.end for story in told))
    return told


def test_events_that_arrive_at_the_same_time_lead_to_the_same_state(admin: Connection, connect: Connect) -> None:
    """First those of one customer after the other, then those of all. No transaction is the victim of a deadlock: an
    error of any event fails the test."""
    stories = stories_at_once(admin, list(STORIES))
    with admin.transaction(force_rollback=True):
        for story in stories:
            deliver_all(admin, story.events)
        expected = [state(admin, story.organization_id) for story in stories]
    dice = random.Random(5)
    half = [dice.sample(story.events, len(story.events) // 2) for story in stories]
    first = [event for some in half for event in dice.sample(some * 2, len(some) * 2)]
    rest = [event for story in stories for event in story.events]
    events = [*first, *dice.sample(rest, len(rest))]
    connections = [connect() for _ in range(THREADS)]

    def work(number: int) -> None:
        for event in events[number::THREADS]:
            deliver_all(connections[number], [event])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    for story, right in zip(stories, expected, strict=True):
        assert state(admin, story.organization_id) == right
        assert_ledger_holds(admin, story.organization_id)


def test_a_customer_who_is_held_does_not_stop_the_others(admin: Connection, connect: Connect) -> None:
    held, other = stories_at_once(admin, ["partial_refund", "partial_refund"])
    holding, waiting = connect(), connect()
    waiting.execute("set lock_timeout = '200ms'")
    holding.execute("begin")
    deliver_all(holding, held.events[:1])
    # The refunds name their charges alone.
    deliver_all(waiting, other.events)
    assert credits(admin, other.organization_id) == 150
    of_unknown = [event for event in held.events if event["type"] == "refund.created"]
    for event in (held.events[1], *of_unknown):
        with pytest.raises(psycopg.errors.LockNotAvailable):
            deliver_all(waiting, [event])
    # An event without an effect waits for nobody.
    payout: Object = {"id": "po_1", "object": "payout"}
    assert deliver(waiting, payloads.event(CURRENT, "payout.paid", payout, other.now, 1))["state"] == "ignored"
    holding.execute("commit")
    deliver_all(waiting, held.events)
    assert credits(admin, held.organization_id) == 150


def _is_waiting(admin: Connection) -> bool:
    row = admin.execute("select from pg_locks where not granted").fetchone()
    return row is not None


@pytest.mark.parametrize(
    "name",
    [
        "renewal",
        "recovery",
        "upgrade",
        "cancel_at_period_end",
        "full_refund",
        "dispute_won",
        "invoiced_credit_purchase",
    ],
)
def test_the_order_of_arrival_would_lead_elsewhere(admin: Connection, name: str) -> None:
    """A proof that the tests above can fail: a mirror that always takes the latest arrival ends in other states."""
    story = tell(admin, name)
    with admin.transaction(force_rollback=True):
        deliver_all(admin, story.events)
        expected = state(admin, story.organization_id)
    with admin.transaction(force_rollback=True):
        row = admin.execute(
            "select pg_get_functiondef(oid) as source from pg_proc where proname = 'upsert_stripe_object'"
        ).fetchone()
        assert row
        trusting, replaced = re.subn(r"where excluded\.version.*;", ";", row["source"])
        assert replaced == 1
        admin.execute(trusting.encode())
        admin.execute(
            "create or replace function tenantry.last_stripe_state("
            " p_object jsonb, p_version timestamptz, p_event_id text, out object jsonb, out event_id text)"
            " language sql as 'select p_object, p_event_id'"
        )
        for order in sampled(story.events, 20, random.Random(name)):
            with admin.transaction(force_rollback=True):
                deliver_all(admin, order)
                if state(admin, story.organization_id) != expected:
                    return
    pytest.fail("every order that was tried led to the same state")
