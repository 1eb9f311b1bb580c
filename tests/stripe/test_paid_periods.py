"""The credits of periods at Stripe follow the money: seats, add-ons, changes, parts of a period, and late payments."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise, permutations
from typing import Any

import pytest

from tests.conftest import Connection
from tests.support import stripe_payloads as payloads
from tests.support.ledger import Row, assert_ledger_holds, call, consume, move_clock, organization
from tests.support.stripe import catalog, credits, deliver, deliver_all, subscription
from tests.support.stripe_payloads import CURRENT, ERAS, MONTH, Object
from tests.support.stripe_stories import AMOUNTS, BASIC, DAY, HOUR, PRO, Story

Item = tuple[str, int]
"""A price and its quantity."""


@pytest.fixture
def story(scratch: Connection) -> Story:
    """A customer, whom Stripe has told of."""
    told = Story(CURRENT, organization(scratch), catalog(scratch))
    told.begin()
    return told


def items(story: Story, *parts: Item) -> Object:
    """The items of a subscription."""
    made = []
    for price_id, quantity in parts:
        given = story.subscription | {"price_id": price_id, "amount": AMOUNTS.get(price_id, 700)}
        given = {key: value for key, value in given.items() if key != "items"}
        item = payloads.subscription(story.era, **given)["items"]["data"][0]
        made.append(item | {"id": f"si_{price_id}", "quantity": quantity})
    return {"object": "list", "has_more": False, "data": made}


def subscribe(story: Story, *parts: Item, period: tuple[int, int] | None = None, amount: int | None = None) -> None:
    """A subscription to these items, and its paid invoice."""
    story.subscription = {
        "name": f"sub_{story.prefix}1",
        "customer": story.customer,
        "price_id": BASIC,
        "amount": 1000,
        "status": "active",
        "created": story.now,
        "period": period or (story.now, story.now + MONTH),
        "metadata": {},
    }
    story.change(items=items(story, *parts))
    story.tell("customer.subscription.created", story.make_subscription())
    lines = [line(story, price_id, quantity, amount=amount) for price_id, quantity in parts]
    story.settle(story.bill("first", lines, "subscription_create"), "first")


def line(story: Story, price_id: str, quantity: int = 1, **more: Any) -> Object:
    amount = more.pop("amount", None)
    return story.line(price_id, AMOUNTS.get(price_id, 700) * quantity if amount is None else amount, **more) | {
        "quantity": quantity
    }


def renew(story: Story, name: str, *parts: Item) -> Callable[..., Object]:
    """The next period begins, with a draft of its invoice. Returns the states of the invoice."""
    story.now = story.subscription["period"][1]
    story.change(period=(story.now, story.now + MONTH))
    story.tell("customer.subscription.updated", story.change(items=items(story, *parts)))
    make = story.bill(name, [line(story, *part) for part in parts], "subscription_cycle")
    story.tell("invoice.created", make("draft"))
    return make


def hear(admin: Connection, story: Story) -> None:
    """Delivers the events that have not been heard of yet, at the present time of the story."""
    move_clock(admin, datetime.fromtimestamp(story.now, UTC))
    deliver_all(admin, story.events)
    forget(story)


def forget(story: Story) -> None:
    """Forgets the events. Later ones get other ids."""
    story.first_number -= len(story.events)
    story.events.clear()


def entitlements(admin: Connection, story: Story) -> Row:
    return call(admin, "get_entitlements", organization_id=story.organization_id)


def later(admin: Connection, story: Story, seconds: int) -> int:
    """The credits after that time, in which nothing is heard of Stripe."""
    story.pass_time(seconds)
    move_clock(admin, datetime.fromtimestamp(story.now, UTC))
    return credits(admin, story.organization_id)


def change_plan(admin: Connection, name: str, **values: Any) -> None:
    for column, value in values.items():
        admin.execute(f"update public.subscription_plans set {column} = %s where name = %s".encode(), [value, name])


# Quantity and add-ons


@pytest.mark.parametrize("era", ERAS)
def test_five_seats_are_five_times_the_credits_and_the_seats(scratch: Connection, era: str) -> None:
    story = Story(era, organization(scratch), catalog(scratch))
    change_plan(scratch, "Basic", max_users=2)
    story.begin()
    subscribe(story, (BASIC, 5))
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 500
    assert entitlements(scratch, story)["max_users"] == 10
    assert subscription(scratch, story.organization_id)["quantity"] == 5
    story.settle(renew(story, "second", (BASIC, 7)), "second")
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 700
    assert entitlements(scratch, story)["max_users"] == 14


def test_more_seats_bring_their_share_when_they_are_paid_and_fewer_count_at_once(
    scratch: Connection, story: Story
) -> None:
    subscribe(story, (BASIC, 2))
    story.pass_time(MONTH // 2)
    story.tell("customer.subscription.updated", story.change(items=items(story, (BASIC, 4))))
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 200
    rest = (story.now, story.subscription["period"][1])
    lines = [
        line(story, BASIC, 2, amount=-1000, period=rest, proration=True),
        line(story, BASIC, 4, amount=2000, period=rest, proration=True),
    ]
    story.settle(story.bill("seats", lines, "subscription_update"), "seats")
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 300
    story.pass_time(HOUR)
    story.tell("customer.subscription.updated", story.change(items=items(story, (BASIC, 1))))
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 100
    assert_ledger_holds(scratch, story.organization_id)


def test_add_ons_add_their_credits_seats_and_features(scratch: Connection, story: Story) -> None:
    change_plan(
        scratch,
        "Basic",
        max_users=3,
        features='{"projects": 5, "sso": false, "region": "eu", "past_due": {"sso": false}, "grace_days": 2}',
    )
    change_plan(scratch, "Pro", max_users=2, features='{"projects": 10, "sso": true, "region": "us", "grace_days": 9}')
    subscribe(story, ("price_support", 1), (BASIC, 1), (PRO, 3))
    events = list(story.events)
    move_clock(scratch, datetime.fromtimestamp(story.now, UTC))
    for order in random.Random(0).sample(list(permutations(events)), 6):
        with scratch.transaction(force_rollback=True):
            answers = deliver_all(scratch, order)
            assert {a["state"] for a in answers[-1:]} == {"processed"}, "the other item is ignored"
            assert credits(scratch, story.organization_id) == 100 + 3 * 500
            found = entitlements(scratch, story)
            assert (found["plan_name"], found["max_users"]) == ("Basic", 3 + 3 * 2)
            assert found["features"] == {"projects": 5 + 3 * 10, "sso": True, "region": "eu"}


# Which subscription counts


def test_a_subscription_to_something_else_leaves_the_plan_alone(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 1))
    hear(scratch, story)
    kept = (story.subscription, entitlements(scratch, story), subscription(scratch, story.organization_id))
    for status, kind in (("trialing", "created"), ("active", "updated"), ("canceled", "deleted")):
        story.pass_time(DAY)
        story.subscription = kept[0] | {"name": "sub_other", "created": story.now, "status": status}
        story.change(items=items(story, ("price_support", 1)))
        story.tell(f"customer.subscription.{kind}", story.make_subscription())
        (event,) = story.events
        move_clock(scratch, datetime.fromtimestamp(story.now, UTC))
        assert deliver(scratch, event)["state"] == "unmatched"
        forget(story)
        assert entitlements(scratch, story) == kept[1]
        assert subscription(scratch, story.organization_id) == kept[2]


def test_a_new_price_of_the_same_product_is_the_same_plan(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 1))
    hear(scratch, story)

    def with_product(made: Object) -> Object:
        item = made["items"]["data"][0]
        item["price"]["product"] = item["plan"]["product"] = f"prod_{BASIC}"
        return made

    make = renew(story, "second", ("price_basic_2027", 1))
    story.events[-2]["data"]["object"] = with_product(story.events[-2]["data"]["object"])

    def paid(status: str, **more: Any) -> Object:
        made = make(status, **more)
        made["lines"]["data"][0]["pricing"]["price_details"]["product"] = f"prod_{BASIC}"
        return made

    story.settle(paid, "second")
    hear(scratch, story)
    assert (entitlements(scratch, story)["plan_name"], credits(scratch, story.organization_id)) == ("Basic", 100)


def test_a_price_that_has_left_the_catalog_keeps_its_plan(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 2))
    hear(scratch, story)
    # The database refuses to change the price of a plan in use.
    scratch.execute("set session_replication_role = replica")
    change_plan(scratch, "Basic", stripe_price_id="price_new", stripe_product_id="prod_new")
    scratch.execute("reset session_replication_role")
    story.settle(renew(story, "second", (BASIC, 2)), "second")
    hear(scratch, story)
    assert (entitlements(scratch, story)["plan_name"], credits(scratch, story.organization_id)) == ("Basic", 200)


def test_plans_without_a_credit_product_are_enough(scratch: Connection, story: Story) -> None:
    scratch.execute("delete from public.credit_products")
    subscribe(story, (BASIC, 1))
    move_clock(scratch, datetime.fromtimestamp(story.now, UTC))
    assert {a["state"] for a in deliver_all(scratch, story.events)} == {"processed"}


# Parts of a period


def test_an_upgrade_on_the_last_day_brings_the_credits_of_that_day(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 1))
    hear(scratch, story)
    consume(scratch, story.organization_id, 100)
    story.pass_time(29 * DAY)
    rest = (story.now, story.subscription["period"][1])
    share = (rest[1] - rest[0]) / MONTH
    story.tell("customer.subscription.updated", story.change(items=items(story, (PRO, 1))))
    lines = [
        line(story, BASIC, amount=-33, period=rest, proration=True),
        line(story, PRO, amount=100, period=rest, proration=True),
    ]
    story.settle(story.bill("up", lines, "subscription_update"), "up")
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == -(-400 * share // 1)


@pytest.mark.parametrize("proration", [False, True])
def test_a_first_partial_period_brings_its_share(scratch: Connection, story: Story, proration: bool) -> None:
    story.now = int(datetime(2030, 3, 15, tzinfo=UTC).timestamp())
    first = (story.now, int(datetime(2030, 4, 1, tzinfo=UTC).timestamp()))
    subscribe(story, (BASIC, 1), period=first, amount=548)
    for event in story.events:
        for each in event["data"]["object"].get("lines", {}).get("data", []):
            each["parent"]["subscription_item_details"]["proration"] = proration
    hear(scratch, story)
    # 17 of the 31 days of March.
    assert credits(scratch, story.organization_id) == 55


@pytest.mark.parametrize("day", [28, 29, 30, 31])
def test_a_month_of_any_length_is_whole(scratch: Connection, story: Story, day: int) -> None:
    ends = [datetime(2030, 1, day), datetime(2030, 2, min(day, 28)), datetime(2030, 3, day), datetime(2030, 4, 28)]
    story.now = int(ends[0].replace(tzinfo=UTC).timestamp())
    for start, end in pairwise(ends):
        period = (int(start.replace(tzinfo=UTC).timestamp()), int(end.replace(tzinfo=UTC).timestamp()))
        story.now, story.prefix = period[0], f"{start:%b}"
        story.begin()
        subscribe(story, (BASIC, 1), period=period)
        hear(scratch, story)
        assert credits(scratch, story.organization_id) == 100


def test_an_edited_plan_does_not_reach_into_a_paid_period(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 1))
    invoice = story.events[-1]["data"]["object"]
    hear(scratch, story)
    change_plan(scratch, "Basic", included_credits=40)
    story.pass_time(DAY)
    story.tell("invoice.updated", invoice | {"description": "anything"})
    story.tell("customer.subscription.updated", story.change(metadata={"note": "anything"}))
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 100
    story.settle(renew(story, "second", (BASIC, 1)), "second")
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 40


def test_a_paid_add_on_keeps_its_credits_while_nobody_pays_for_the_plan(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 1))
    make = renew(story, "second", (BASIC, 1))
    story.pass_time(1)
    story.tell("invoice.updated", make("draft") | {"auto_advance": False})
    story.pass_time(15 * DAY - 1)
    story.tell("customer.subscription.updated", story.change(items=items(story, (BASIC, 1), (PRO, 1))))
    rest = (story.now, story.subscription["period"][1])
    bought = [line(story, PRO, 1, amount=2500, period=rest, proration=True)]
    story.settle(story.bill("add-on", bought, "subscription_update"), "add-on")
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 250
    story.pass_time(DAY)
    paused = {"behavior": "keep_as_draft", "resumes_at": None}
    story.tell("customer.subscription.updated", story.change(pause_collection=paused))
    hear(scratch, story)
    assert subscription(scratch, story.organization_id)["status"] == "expired"
    assert credits(scratch, story.organization_id) == 250
    assert_ledger_holds(scratch, story.organization_id)


# Money that goes back


@pytest.mark.parametrize("by", ["refund", "credit note", "dispute"])
@pytest.mark.parametrize(
    ("amount", "kept"),
    [(500, 50), (333, 67), (1, 100), (999, 1), (1000, 0)],
    ids=lambda value: str(value),
)
def test_the_share_of_the_money_that_stays_keeps_its_credits(
    scratch: Connection, story: Story, by: str, amount: int, kept: int
) -> None:
    """Rounded up, and never more than before."""
    subscribe(story, (BASIC, 1))
    hear(scratch, story)
    consume(scratch, story.organization_id, 30)
    story.pass_time(DAY)
    intent, charge = f"pi_{story.prefix}first", f"ch_{story.prefix}first_1"
    if by == "refund":
        story.refund(intent, charge, 1000, [amount])
    elif by == "dispute":
        story.tell(
            "charge.dispute.created",
            payloads.dispute(
                story.era,
                "dp_1",
                charge=charge,
                payment_intent=intent,
                amount=amount,
                created=story.now,
                status="needs_response",
            ),
        )
    else:
        note = payloads.credit_note(
            story.era,
            "cn_1",
            customer=story.customer,
            invoice=f"in_{story.prefix}first",
            amount=amount,
            created=story.now,
        )
        story.tell("credit_note.created", note)
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == max(0, kept - 30)
    assert_ledger_holds(scratch, story.organization_id)


def test_a_refund_of_a_change_takes_its_share_of_the_change(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 1))
    story.pass_time(MONTH // 2)
    rest = (story.now, story.subscription["period"][1])
    story.tell("customer.subscription.updated", story.change(items=items(story, (PRO, 1))))
    lines = [
        line(story, BASIC, amount=-500, period=rest, proration=True),
        line(story, PRO, amount=1500, period=rest, proration=True),
    ]
    story.settle(story.bill("up", lines, "subscription_update"), "up")
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 300
    story.refund(f"pi_{story.prefix}up", f"ch_{story.prefix}up_1", 1000, [250])
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 250, "three quarters of the 200 credits of the change stay"
    story.refund(f"pi_{story.prefix}first", f"ch_{story.prefix}first_1", 1000, [500])
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 200, "half of the 100 credits of the period stay"


def test_a_refund_that_fails_brings_the_credits_again(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 1))
    story.refund(f"pi_{story.prefix}first", f"ch_{story.prefix}first_1", 1000, [250, 250], failing=True)
    failed = [event for event in story.events if event["created"] == story.now]
    story.events = [event for event in story.events if event not in failed]
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 50
    story.events = failed
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 75


# Before a renewal is paid


def test_a_renewal_has_credits_before_its_invoice_is_paid_and_once(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 2))
    make = renew(story, "second", (BASIC, 2))
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 200
    consume(scratch, story.organization_id, 50)
    story.pass_time(HOUR)
    story.tell("invoice.finalized", make("open"))
    story.tell("customer.subscription.updated", story.change(status="past_due"))
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 150
    story.pass_time(2 * DAY)
    story.settle(make, "second")
    story.tell("customer.subscription.updated", story.change(status="active"))
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 150
    assert later(scratch, story, 20 * DAY) == 150, "now they last for the period"
    assert_ledger_holds(scratch, story.organization_id)


@pytest.mark.parametrize("days", [0, 3, 7, 60])
def test_credits_that_nobody_pays_for_end_with_grace(scratch: Connection, story: Story, days: int) -> None:
    scratch.execute("update tenantry.settings set value = %s where name = 'provisional_credit_days'", [days])
    subscribe(story, (BASIC, 1))
    make = renew(story, "second", (BASIC, 1))
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == (100 if days else 0)
    if days:
        consume(scratch, story.organization_id, 30)
    story.tell("invoice.finalized", make("open"))
    story.tell("customer.subscription.updated", story.change(status="past_due"))
    hear(scratch, story)
    assert later(scratch, story, min(days, 7) * DAY - 1) == (70 if days else 0)
    assert later(scratch, story, 1) == 0
    # A late payment is for the whole period.
    story.pass_time(5 * DAY)
    story.settle(make, "second")
    story.tell("customer.subscription.updated", story.change(status="active"))
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == (70 if days else 100)
    hear(scratch, story)
    assert later(scratch, story, 10 * DAY) == (70 if days else 100)
    assert_ledger_holds(scratch, story.organization_id)


@pytest.mark.parametrize("case", ["first period", "cancelled", "refunded before", "void", "left a draft"])
def test_other_periods_have_no_credits_before_they_are_paid(scratch: Connection, story: Story, case: str) -> None:
    subscribe(story, (BASIC, 1))
    if case == "first period":
        story.events = [e for e in story.events if e["type"] == "customer.subscription.created"][:1] + story.events[:1]
        hear(scratch, story)
        assert credits(scratch, story.organization_id) == 0
        return
    if case == "refunded before":
        story.refund("pi_first", "ch_first_1", 1000, [1000])
    make = renew(story, "second", (BASIC, 1))
    match case:
        case "cancelled":
            story.tell("customer.subscription.deleted", story.change(status="canceled", ended_at=story.now))
        case "void":
            story.tell("invoice.voided", make("void"))
        case "left a draft":
            story.pass_time(1)
            story.tell("invoice.updated", make("draft") | {"auto_advance": False})
    story.now += 1
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 0


def test_grace_counts_from_the_invoice_of_the_period(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 1))
    hear(scratch, story)
    story.pass_time(DAY)
    extra = story.bill("extra", [line(story, "price_setup")], "manual")
    story.tell("invoice.finalized", extra("open"))
    make = renew(story, "second", (BASIC, 1))
    story.tell("invoice.finalized", make("open"))
    story.tell("customer.subscription.updated", story.change(status="past_due"))
    hear(scratch, story)
    found = subscription(scratch, story.organization_id)
    assert (found["status"], found["past_due_at"].timestamp()) == ("past_due", story.now)


# Orders and cost


@pytest.mark.parametrize("seed", range(3))
def test_every_order_of_seats_and_changes_brings_the_same(scratch: Connection, story: Story, seed: int) -> None:
    dice = random.Random(seed)
    subscribe(story, (BASIC, 2), (PRO, 1))
    for number in range(3):
        story.pass_time(5 * DAY)
        seats = dice.randint(1, 5)
        rest = (story.now, story.subscription["period"][1])
        before = story.subscription["items"]["data"][0]["quantity"]
        story.tell("customer.subscription.updated", story.change(items=items(story, (BASIC, seats), (PRO, 1))))
        lines = [
            line(story, BASIC, before, amount=-100 * before, period=rest, proration=True),
            line(story, BASIC, seats, amount=100 * seats, period=rest, proration=True),
        ]
        story.settle(story.bill(f"change{number}", lines, "subscription_update"), f"change{number}")
    move_clock(scratch, datetime.fromtimestamp(story.now, UTC))
    found: set[Any] = set()
    for _ in range(6):
        order = dice.sample(story.events, len(story.events))
        order += dice.choices(story.events, k=4)
        with scratch.transaction(force_rollback=True):
            deliver_all(scratch, order)
            assert_ledger_holds(scratch, story.organization_id)
            row = subscription(scratch, story.organization_id)
            found.add((credits(scratch, story.organization_id), row["quantity"], str(row["add_ons"])))
    assert len(found) == 1


def test_an_event_does_the_same_work_after_many_invoices(scratch: Connection, story: Story) -> None:
    """Calls of functions are counted, since time depends on the machine."""
    scratch.execute("set track_functions = 'all'")

    def calls(name: str) -> dict[str, int]:
        story.settle(renew(story, name, (BASIC, 1)), name)
        last = story.events[-1]
        hear(scratch, story)
        counted = "select funcname, sum(calls)::int as calls from pg_stat_xact_user_functions group by funcname"
        before = {r["funcname"]: r["calls"] for r in scratch.execute(counted).fetchall()}
        deliver(scratch, last | {"id": f"evt_{name}_again"})
        after = {r["funcname"]: r["calls"] for r in scratch.execute(counted).fetchall()}
        return {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}

    subscribe(story, (BASIC, 1))
    hear(scratch, story)
    with scratch.transaction():
        calls("warm")
        few = calls("few")
        for number in range(15):
            calls(f"more{number}")
        assert calls("many") == few


def test_a_paid_change_before_the_renewal_is_paid_leaves_its_credits(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 5))
    renew(story, "second", (BASIC, 5))
    story.pass_time(3 * DAY)
    story.tell("customer.subscription.updated", story.change(items=items(story, (BASIC, 6))))
    rest = (story.now, story.subscription["period"][1])
    lines = [
        line(story, BASIC, 5, amount=-4500, period=rest, proration=True),
        line(story, BASIC, 6, amount=5400, period=rest, proration=True),
    ]
    story.settle(story.bill("seat", lines, "subscription_update"), "seat")
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 600
    story.pass_time(5 * DAY)
    story.tell("customer.subscription.updated", story.change(status="past_due"))
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 90, "the renewal is not paid; 27 of 30 days of the seat are"


def test_a_paid_change_stays_when_the_provisional_credits_expire(scratch: Connection, story: Story) -> None:
    """Nothing is heard of Stripe at that time."""
    subscribe(story, (BASIC, 5))
    make = renew(story, "second", (BASIC, 5))
    story.pass_time(3 * DAY)
    story.tell("customer.subscription.updated", story.change(items=items(story, (BASIC, 6))))
    rest = (story.now, story.subscription["period"][1])
    lines = [
        line(story, BASIC, 5, amount=-4500, period=rest, proration=True),
        line(story, BASIC, 6, amount=5400, period=rest, proration=True),
    ]
    story.settle(story.bill("seat", lines, "subscription_update"), "seat")
    hear(scratch, story)
    consume(scratch, story.organization_id, 40)
    assert later(scratch, story, 4 * DAY - 1) == 560
    assert later(scratch, story, 1) == 90
    story.settle(make, "second")
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 550, "590 are paid for, and 40 of them are spent"
    assert later(scratch, story, 20 * DAY) == 550
    assert_ledger_holds(scratch, story.organization_id)


def test_a_change_that_is_paid_with_the_next_invoice_brings_its_credits_then(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 2))
    story.pass_time(MONTH // 2)
    story.tell("customer.subscription.updated", story.change(items=items(story, (BASIC, 4))))
    rest = (story.now, story.subscription["period"][1])
    pending = [
        line(story, BASIC, 2, amount=-1000, period=rest, proration=True),
        line(story, BASIC, 4, amount=2000, period=rest, proration=True),
    ]
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 200
    story.now = rest[1]
    story.change(period=(story.now, story.now + MONTH))
    story.tell("customer.subscription.updated", story.make_subscription())
    make = story.bill("second", [*pending, line(story, BASIC, 4)], "subscription_cycle")
    story.tell("invoice.created", make("draft"))
    story.pass_time(HOUR)
    story.settle(make, "second")
    for _ in range(2):
        with scratch.transaction(force_rollback=True):
            random.Random(1).shuffle(story.events)
            move_clock(scratch, datetime.fromtimestamp(story.now, UTC))
            deliver_all(scratch, story.events + story.events)
            assert credits(scratch, story.organization_id) == 500, "100 for the half of the last period"
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 500
    story.refund(f"pi_{story.prefix}second", f"ch_{story.prefix}second_1", 5000, [2500])
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 250, "half of the money is half of each"
    story.settle(renew(story, "third", (BASIC, 4)), "third")
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 450, "they last for a period from the payment on"
    assert later(scratch, story, HOUR) == 400
    assert_ledger_holds(scratch, story.organization_id)


def test_an_invoice_that_is_paid_after_its_period_brings_the_credits_that_were_not_spent(
    scratch: Connection, story: Story
) -> None:
    subscribe(story, (BASIC, 1))
    second = renew(story, "second", (BASIC, 1))
    hear(scratch, story)
    consume(scratch, story.organization_id, 30)
    story.tell("invoice.finalized", second("open"))
    story.tell("customer.subscription.updated", story.change(status="past_due"))
    hear(scratch, story)
    renew(story, "third", (BASIC, 1))
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 0
    story.pass_time(5 * DAY)
    story.settle(second, "second")
    story.tell("customer.subscription.updated", story.change(status="active"))
    hear(scratch, story)
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 70 + 100, "100 are there provisionally"
    assert later(scratch, story, 2 * DAY) == 70
    assert later(scratch, story, 28 * DAY - 1) == 70, "they last for a period from the payment on"
    assert later(scratch, story, 1) == 0
    assert_ledger_holds(scratch, story.organization_id)


def test_a_refunded_period_brings_no_credits_before_the_next_payment(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 2))
    story.pass_time(DAY)
    rest = (story.now, story.subscription["period"][1])
    story.tell("customer.subscription.updated", story.change(items=items(story, (BASIC, 1))))
    lines = [
        line(story, BASIC, 2, amount=-1933, period=rest, proration=True),
        line(story, BASIC, 1, amount=967, period=rest, proration=True),
    ]
    less = story.bill("less", lines, "subscription_update")
    story.tell("invoice.paid", less("paid"))
    story.refund(f"pi_{story.prefix}first", f"ch_{story.prefix}first_1", 2000, [2000])
    renew(story, "second", (BASIC, 1))
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 0


def test_a_change_that_is_heard_of_before_its_period_begins_counts_once(scratch: Connection, story: Story) -> None:
    subscribe(story, (BASIC, 1))
    hear(scratch, story)
    story.settle(renew(story, "second", (BASIC, 1)), "second")
    story.pass_time(2 * DAY)
    story.tell("customer.subscription.updated", story.change(items=items(story, (BASIC, 2))))
    rest = (story.now, story.subscription["period"][1])
    lines = [
        line(story, BASIC, 1, amount=-933, period=rest, proration=True),
        line(story, BASIC, 2, amount=1867, period=rest, proration=True),
    ]
    story.settle(story.bill("seat", lines, "subscription_update"), "seat")
    # By this invoice alone, the period begins at the change.
    story.events.reverse()
    hear(scratch, story)
    assert credits(scratch, story.organization_id) == 194, "100, and 100 more for 28 of 30 days"
