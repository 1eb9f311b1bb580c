"""The fake Stripe refuses the same requests as Stripe, and signs as Stripe signs."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe

from tenantry.stripe.answer import Answer
from tenantry.stripe.client import API_VERSION, Stripe
from tenantry_demo.fake_stripe import DAY, FakeStripe, Object

Ask = Callable[..., Answer]


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with FakeStripe() as fake:
        yield fake


@pytest.fixture
def ask(fake: FakeStripe) -> Ask:
    def asked(method: str, path: str, key: str | None = None, **params: Any) -> Answer:
        async def run() -> Answer:
            client = Stripe(fake.api_key, fake.url)
            try:
                return await client.send(method, path, params, key)
            finally:
                await client.close()

        return asyncio.run(run())

    return asked


def error(answer: Answer) -> tuple[int | None, str, str | None, str | None]:
    found = json.loads(answer.body)["error"]
    return answer.status, found["type"], found.get("code"), found.get("param")


def test_the_pinned_version_is_that_of_the_library() -> None:
    assert stripe.api_version == API_VERSION


def test_parameters_are_checked_to_the_last_level(ask: Ask) -> None:
    invalid = "invalid_request_error"
    assert error(ask("post", "/v1/customers", nmae="A")) == (400, invalid, "parameter_unknown", "nmae")
    assert error(ask("post", "/v1/products")) == (400, invalid, "parameter_missing", "name")
    price: Object = {"currency": "usd", "product": "prod_1", "unit_amount": "much"}
    assert error(ask("post", "/v1/prices", **price)) == (400, invalid, "parameter_invalid_integer", "unit_amount")
    price |= {"unit_amount": 1, "recurring": {"intervall": "month"}}
    assert error(ask("post", "/v1/prices", **price)) == (400, invalid, "parameter_unknown", "recurring[intervall]")
    price["recurring"] = {"interval_count": 1}
    assert error(ask("post", "/v1/prices", **price)) == (400, invalid, "parameter_missing", "recurring[interval]")
    assert error(ask("post", "/v1/nothing")) == (404, invalid, None, None)
    assert error(ask("get", "/v1/customers/cus_1")) == (404, invalid, "resource_missing", "id")


def test_a_key_gives_the_same_answer_to_the_same_and_none_to_another(fake: FakeStripe, ask: Ask) -> None:
    first = ask("post", "/v1/customers", "key", name="A")
    again = ask("post", "/v1/customers", "key", name="A")
    assert (first.is_replay, again.is_replay, first.body) == (False, True, again.body)
    assert error(ask("post", "/v1/customers", "key", name="B"))[:2] == (400, "idempotency_error")
    assert len(fake.of("customer")) == 1


def test_lists_come_in_pages_newest_first(fake: FakeStripe) -> None:
    async def run() -> list[list[Object]]:
        client = Stripe(fake.api_key, fake.url)
        try:
            for number in range(5):
                await client.send("post", "/v1/products", {"name": f"P{number}"}, None)
            return [json.loads(a.body)["data"] async for a in client.list("/v1/events", {"limit": 2})]
        finally:
            await client.close()

    pages = asyncio.run(run())
    assert [[event["data"]["object"]["name"] for event in page] for page in pages] == [
        ["P4", "P3"],
        ["P2", "P1"],
        ["P0"],
    ]


def test_the_library_takes_its_signature_and_no_other(fake: FakeStripe) -> None:
    body = json.dumps({"id": "evt_1", "object": "event"}).encode()
    stripe.WebhookSignature.verify_header(body.decode(), fake.sign(body), fake.webhook_secret, 300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body.decode() + " ", fake.sign(body), fake.webhook_secret, 300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body.decode(), fake.sign(body, at=1), fake.webhook_secret, 300)


def test_a_month_that_is_too_short_does_not_move_the_day(fake: FakeStripe) -> None:
    fake.now = 1896048000  # 2030-01-31
    price = fake._create_price(
        {
            "product": fake._create_product({"name": "P"})["id"],
            "currency": "usd",
            "unit_amount": 100,
            "recurring": {"interval": "month"},
        }
    )
    customer = fake._create_customer({})
    session = fake._create_session(
        {
            "mode": "subscription",
            "line_items": [{"price": price["id"]}],
            "success_url": "https://a",
            "customer": customer["id"],
        }
    )
    fake.complete(session["id"])
    fake.advance(90 * DAY)
    starts = [invoice["period_start"] for invoice in fake.of("invoice")]
    assert [(start - starts[0]) // DAY for start in starts] == [0, 28, 59, 89]


def test_a_negative_invoice_is_a_credit_on_which_later_invoices_draw(fake: FakeStripe, ask: Ask) -> None:
    customer = json.loads(ask("post", "/v1/customers").body)["id"]
    product = json.loads(ask("post", "/v1/products", name="P").body)["id"]
    small, large = (
        json.loads(
            ask(
                "post",
                "/v1/prices",
                product=product,
                currency="usd",
                unit_amount=amount,
                recurring={"interval": "month"},
            ).body
        )["id"]
        for amount in (1000, 9000)
    )
    urls = {"success_url": "https://shop.example/thanks"}
    page = ask(
        "post",
        "/v1/checkout/sessions",
        mode="subscription",
        customer=customer,
        line_items=[{"price": large, "quantity": 1}],
        **urls,
    )
    subscription = fake.complete(json.loads(page.body)["id"])["subscription"]
    (item,) = fake.of("subscription")[0]["items"]["data"]
    change = {"items": [{"id": item["id"], "price": small}], "proration_behavior": "always_invoice"}
    start = item["current_period_start"]
    outside = ask("post", f"/v1/subscriptions/{subscription}", proration_date=start - 1, **change)
    assert error(outside) == (400, "invalid_request_error", None, "proration_date")
    ask("post", f"/v1/subscriptions/{subscription}", proration_date=start, **change)
    (found,) = fake.of("customer")
    assert found["balance"] == -8000
    for _ in range(9):
        fake.advance(32 * DAY)
    paid = [(i["total"], i["amount_paid"], i["ending_balance"]) for i in fake.of("invoice")]
    assert paid[:3] == [(9000, 9000, 0), (-8000, 0, -8000), (1000, 0, -7000)]
    assert paid[9:11] == [(1000, 0, 0), (1000, 1000, 0)]


def test_another_billing_period_starts_now_at_its_full_price(fake: FakeStripe, ask: Ask) -> None:
    customer = json.loads(ask("post", "/v1/customers").body)["id"]
    product = json.loads(ask("post", "/v1/products", name="P").body)["id"]
    month, year = (
        json.loads(
            ask(
                "post",
                "/v1/prices",
                product=product,
                currency="usd",
                unit_amount=1000,
                recurring={"interval": interval},
            ).body
        )["id"]
        for interval in ("month", "year")
    )
    page = ask(
        "post",
        "/v1/checkout/sessions",
        mode="subscription",
        customer=customer,
        line_items=[{"price": month, "quantity": 1}],
        success_url="https://shop.example/thanks",
    )
    subscription = fake.complete(json.loads(page.body)["id"])["subscription"]
    fake.advance(10 * DAY)
    (item,) = fake.of("subscription")[0]["items"]["data"]
    ask(
        "post",
        f"/v1/subscriptions/{subscription}",
        items=[{"id": item["id"], "price": year}],
        proration_behavior="none",
    )
    (item,) = fake.of("subscription")[0]["items"]["data"]
    assert item["current_period_end"] < fake.now + 31 * DAY, "not unless it is told to"
    ask(
        "post",
        f"/v1/subscriptions/{subscription}",
        items=[{"id": item["id"], "price": year}],
        billing_cycle_anchor={"type": "now"},
        proration_behavior="none",
    )
    (item,) = fake.of("subscription")[0]["items"]["data"]
    assert item["current_period_start"] == fake.now
    assert item["current_period_end"] - fake.now in (365 * DAY, 366 * DAY)
    assert [i["total"] for i in fake.of("invoice")] == [1000, 1000]
