"""Invoices with more lines than an event shows: the others are read before anything is derived from the invoice."""

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tenantry_demo.fake_stripe import Failure
from tests.support.fake_stripe import PAGES, Shop, tenantry
from tests.support.ledger import START, Row, call, findings, move_clock, organization
from tests.support.subscriptions import current

DAY = 86400


@pytest.fixture(autouse=True)
def in_january(shop: Shop) -> None:
    """Months have their lengths of 2030."""
    shop.fake.now = int(START.timestamp())
    move_clock(shop.admin, START)


def renewed(shop: Shop, changes: int) -> UUID:
    """An organization whose renewal has an invoice with two lines for each change of seats before the plan's line. The
    events of the renewal are not processed yet."""
    shop.plan()
    shop.product()
    acme = organization(shop.service)
    page = shop.ask("create_checkout_session", organization_id=acme, subscription_plan="Pro", **PAGES)
    shop.fake.complete(page["stripe_id"])
    subscription = shop.fake.of("subscription")[0]["id"]
    for number in range(changes):
        shop.fake.portal_quantity(subscription, 2 if number % 2 == 0 else 1)
    shop.hear()
    shop.fake.advance(32 * DAY)
    move_clock(shop.admin, datetime.fromtimestamp(shop.fake.now, UTC))
    return acme


def states(shop: Shop) -> set[str]:
    return {row["state"] for row in shop.admin.execute("select state from tenantry.stripe_events").fetchall()}


def waiting(shop: Shop) -> list[str]:
    return [
        row["type"]
        for row in shop.admin.execute("select type from tenantry.stripe_events where state = 'pending'").fetchall()
    ]


def paid_invoice(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = shop.fake.of("invoice")[-1]
    return found


def granted(shop: Shop, organization_id: UUID) -> list[int]:
    """The credits of each subscription period that was paid."""
    return [
        row["credits"]
        for row in shop.admin.execute(
            "select credits from tenantry.granted_credits where organization_id = %s and source = 'subscription'"
            " and ends_at > tenantry.clock() and credits > 0",
            [organization_id],
        ).fetchall()
    ]


@pytest.mark.parametrize(("changes", "pages"), [(5, 1), (49, 1), (50, 2), (130, 3)])
def test_the_other_lines_are_read_and_then_the_credits_come(shop: Shop, changes: int, pages: int) -> None:
    acme = renewed(shop, changes)
    shop.hear()
    assert len(paid_invoice(shop)["lines"]["data"]) == 10
    assert sorted(waiting(shop)) == ["invoice.paid", "invoice.payment_succeeded"]
    shop.send()
    assert [r["state"] for r in shop.requests("read_invoice_lines")] == ["succeeded"] * pages
    assert waiting(shop) == []
    assert states(shop) == {"processed"}
    # An odd number of changes ends with two seats. The second seat of January, or the part of a credit for the seconds
    # in which there was one, is paid with the renewal.
    credits, late = (200, 100) if changes % 2 else (100, 1)
    assert granted(shop, acme) == [credits]
    credits += late
    assert shop.credits(acme) == credits
    shop.hear()
    shop.send()
    assert len(shop.requests("read_invoice_lines")) == pages
    assert shop.credits(acme) == credits
    assert findings(shop.service, acme) == []


def test_an_invoice_of_ten_lines_is_whole(shop: Shop) -> None:
    acme = renewed(shop, 4)
    shop.hear()
    assert shop.requests("read_invoice_lines") == []
    assert granted(shop, acme) == [100]


def test_the_lines_are_kept_when_the_invoice_is_heard_of_again(shop: Shop) -> None:
    acme = renewed(shop, 8)
    shop.hear()
    shop.send()
    with shop.fake._change():
        changed = shop.fake.objects[paid_invoice(shop)["id"]]
        changed["description"] = "Thank you"
        shop.fake._emit("invoice.updated", changed)
    shop.hear()
    assert len(shop.requests("read_invoice_lines")) == 1
    assert granted(shop, acme) == [100]
    mirrored = shop.admin.execute(
        "select data from tenantry.stripe_objects where id = %s", [paid_invoice(shop)["id"]]
    ).fetchone()
    assert mirrored
    assert (mirrored["data"]["description"], len(mirrored["data"]["lines"]["data"])) == ("Thank you", 17)


def test_a_state_with_other_lines_is_read_again(shop: Shop) -> None:
    renewed(shop, 8)
    shop.hear()
    shop.send()
    with shop.fake._change():
        changed = shop.fake.objects[paid_invoice(shop)["id"]]
        changed["lines"]["data"][3]["amount"] += 1
        shop.fake._emit("invoice.updated", changed)
    shop.hear()
    assert waiting(shop) == ["invoice.updated"]
    shop.send()
    assert (len(shop.requests("read_invoice_lines")), waiting(shop)) == (2, [])


def test_a_page_of_lines_that_continues_others_is_left_out(shop: Shop) -> None:
    """A newer state came between two pages. Its own request reads all of them."""
    acme = renewed(shop, 130)
    shop.hear()
    while len(shop.requests("read_invoice_lines")) == 1:
        row = shop.service.execute("select id from tenantry.claim_stripe_requests(1)").fetchone()
        assert row
        answer = shop.fake.objects[paid_invoice(shop)["id"]]["lines"]["data"][:100]
        shop.service.execute(
            "select tenantry.finish_stripe_request(%s, 200, %s, now(), false)",
            [row["id"], Jsonb({"object": "list", "has_more": True, "data": answer})],
        )
    with shop.fake._change():
        changed = shop.fake.objects[paid_invoice(shop)["id"]]
        changed["lines"]["data"][3]["amount"] += 1
        shop.fake._emit("invoice.updated", changed)
    shop.hear()
    shop.send()
    assert waiting(shop) == []
    assert granted(shop, acme) == [100]
    mirrored = shop.admin.execute(
        "select jsonb_array_length(data #> '{lines,data}') as lines from tenantry.stripe_objects where id = %s",
        [paid_invoice(shop)["id"]],
    ).fetchone()
    assert mirrored == {"lines": 261}


@pytest.mark.parametrize("failure", [Failure(status=500), Failure(status=0)])
def test_an_event_waits_as_long_as_stripe_does_not_answer(shop: Shop, failure: Failure) -> None:
    acme = renewed(shop, 8)
    shop.hear()
    shop.fake.fail(failure)
    shop.send()
    assert waiting(shop)
    listed = call(shop.service, "list_stripe_events", state="stuck")["events"]
    assert {event["state"] for event in listed} == {"pending"}
    shop.fake.heal()
    shop.due_now()
    shop.send()
    assert (waiting(shop), granted(shop, acme)) == ([], [100])


@pytest.mark.parametrize("answer", [{}, {"object": "list", "has_more": True, "data": []}, {"data": 7}, []])
def test_an_answer_that_is_no_page_of_lines_changes_nothing(shop: Shop, answer: Any) -> None:
    acme = renewed(shop, 8)
    shop.hear()
    row = shop.service.execute("select id from tenantry.claim_stripe_requests(1)").fetchone()
    assert row
    shop.service.execute("select tenantry.finish_stripe_request(%s, 200, %s, now(), false)", [row["id"], Jsonb(answer)])
    (request,) = shop.requests("read_invoice_lines")
    assert (request["state"], request["error_type"]) == ("succeeded", "not_applied")
    assert sorted(waiting(shop)) == ["invoice.paid", "invoice.payment_succeeded"]
    call(shop.service, "retry_stripe_events")
    shop.send()
    assert (waiting(shop), granted(shop, acme)) == ([], [100])


def test_a_retry_reads_again_what_stripe_refused(shop: Shop) -> None:
    acme = renewed(shop, 8)
    shop.hear()
    shop.send(key="sk_test_other")
    assert [r["state"] for r in shop.requests("read_invoice_lines")] == ["failed"]
    call(shop.service, "retry_stripe_events")
    assert waiting(shop)
    shop.send()
    assert (waiting(shop), granted(shop, acme)) == ([], [100])


@pytest.mark.parametrize("seed", range(3))
def test_events_in_any_order_with_answers_in_between(shop: Shop, seed: int) -> None:
    acme = renewed(shop, 8)
    events = shop.fake.events * 2
    chance = random.Random(seed)
    chance.shuffle(events)
    for event in events:
        shop.service.execute("select public.process_stripe_event(%s)", [Jsonb(event)])
        if chance.random() < 0.1:
            shop.send()
    shop.send()
    assert (waiting(shop), granted(shop, acme)) == ([], [100])
    assert findings(shop.service, acme) == []


def test_the_lines_of_others_are_not_read(shop: Shop) -> None:
    """Other business of the account at Stripe. The lines are read when the customer is linked."""
    acme = renewed(shop, 8)
    stranger = {"object": "event", "id": "evt_other", "type": "invoice.paid", "created": shop.fake.now}
    unknown = paid_invoice(shop) | {"customer": "cus_other", "id": "in_other", "parent": None, "metadata": {}}
    row = shop.service.execute(
        "select (e).* from public.process_stripe_event(%s) as e", [Jsonb(stranger | {"data": {"object": unknown}})]
    ).fetchone()
    assert row
    assert row["state"] == "unmatched"
    assert shop.requests("read_invoice_lines") == []
    linked = {"id": "cus_other", "object": "customer", "metadata": {"tenantry_organization_id": str(acme)}}
    shop.service.execute(
        "select public.process_stripe_event(%s)",
        [Jsonb(stranger | {"id": "evt_link", "type": "customer.created", "data": {"object": linked}})],
    )
    assert [r["path"] for r in shop.requests("read_invoice_lines")] == ["/v1/invoices/in_other/lines"]
    assert waiting(shop) == ["invoice.paid"]


def test_reconciliation_reads_them_too(shop: Shop) -> None:
    acme = renewed(shop, 60)
    shop.hear()
    assert waiting(shop)
    done = tenantry(shop, "reconcile", "--since", "2020-01-01")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "credits provisional 2030-02-01 12:00: 100 -> 0\n" in done.stdout
    assert "credits subscription 2030-02-01 12:00: nothing -> 100\n" in done.stdout
    assert (waiting(shop), granted(shop, acme)) == ([], [100])
    again = tenantry(shop, "reconcile", "--since", "2020-01-01")
    assert again.returncode == 0, again.stdout


def test_reconciliation_reads_old_invoices_that_recent_events_tell_of(shop: Shop) -> None:
    acme = renewed(shop, 8)
    found: Row = shop.fake.objects[paid_invoice(shop)["id"]]
    found["created"] = 1
    done = tenantry(shop, "reconcile", "--since", "2020-01-01")
    assert done.returncode == 1, done.stderr
    assert (waiting(shop), granted(shop, acme)) == ([], [100])
    assert current(shop.service, acme)["status"] == "active"
