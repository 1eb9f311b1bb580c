"""Plans and credit products match their products and prices at Stripe after a sync, in either direction."""

from argparse import Namespace
from typing import Any

import pytest

from tenantry import cli
from tenantry_demo.fake_stripe import Failure, Object
from tests.conftest import Connect
from tests.support.fake_stripe import PAGES, Shop
from tests.support.ledger import Row, call, organization, refused
from tests.support.users import Team


def sync(shop: Shop, direction: str = "push") -> list[Row]:
    """Syncs until nothing is left to send; returns the first requests in their original form."""
    made: list[Row] = call(shop.service, "sync_catalog", direction=direction)["stripe_requests"]
    shop.send()
    return made


def price(shop: Shop, item: Row) -> Object:
    return shop.fake.objects[item["stripe_price_id"]]


def plan(shop: Shop) -> Row:
    return call(shop.service, "get_subscription_plan", subscription_plan="Pro")


def test_a_plan_and_a_product_come_to_stripe(shop: Shop) -> None:
    pro = shop.plan(description="For teams", interval="annual", interval_count=1, currency="EUR")
    pack = shop.product()
    for item, recurring in ((pro, {"interval": "year", "interval_count": 1}), (pack, None)):
        assert item["stripe_product_id"].startswith("prod_")
        at_stripe = price(shop, item)
        assert at_stripe["unit_amount"] == item["price_amount"]
        assert at_stripe["currency"] == item["currency"].lower()
        assert at_stripe["product"] == item["stripe_product_id"]
        if recurring:
            assert at_stripe["recurring"] == recurring | {"usage_type": "licensed"}
    product = shop.fake.objects[pro["stripe_product_id"]]
    assert (product["name"], product["description"]) == ("Pro", "For teams")
    assert product["metadata"] == {"tenantry_subscription_plan_id": str(pro["id"])}
    assert sync(shop) == [], "nothing differs any more"
    assert [r["state"] for r in shop.requests()] == ["succeeded"] * 4


def test_another_amount_makes_another_price_and_takes_the_old_one_off_sale(shop: Shop) -> None:
    before = shop.plan()
    call(shop.service, "update_subscription_plan", subscription_plan="Pro", price_amount=2500)
    sync(shop)
    after = plan(shop)
    assert after["stripe_price_id"] != before["stripe_price_id"]
    assert after["stripe_product_id"] == before["stripe_product_id"]
    assert (price(shop, after)["unit_amount"], price(shop, after)["active"]) == (2500, True)
    assert price(shop, before)["active"] is False
    shop.hear()
    assert (plan(shop)["price_amount"], plan(shop)["is_active"]) == (2500, True)
    assert sync(shop) == []


def test_another_name_is_given_to_the_product(shop: Shop) -> None:
    shop.plan()
    call(shop.service, "update_subscription_plan", subscription_plan="Pro", name="Team", description="New")
    sync(shop)
    (product,) = shop.fake.of("product")
    assert (product["name"], product["description"]) == ("Team", "New")
    call(
        shop.service,
        "update_subscription_plan",
        subscription_plan="Team",
        update_mask=["description"],
        description=None,
    )
    sync(shop)
    assert shop.fake.of("product")[0]["description"] is None


def test_what_is_archived_here_is_left_alone_there(shop: Shop) -> None:
    pro = shop.plan()
    call(shop.service, "create_credit_product", name="Old", credit_amount=1, price_amount=100)
    call(shop.service, "archive_credit_product", credit_product="Old")
    call(shop.service, "update_subscription_plan", subscription_plan="Pro", name="Gone", is_active=False)
    call(shop.service, "archive_subscription_plan", subscription_plan="Gone")
    assert sync(shop) == []
    assert price(shop, pro)["active"] is True
    call(shop.service, "update_subscription_plan", subscription_plan="Gone", is_active=True, update_mask=["is_active"])
    sync(shop)
    assert shop.fake.of("product")[0]["name"] == "Gone"


def test_a_price_that_was_made_at_stripe_is_looked_at_first(shop: Shop) -> None:
    with shop.fake._change():
        product = shop.fake._add(
            "product", "prod", {"name": "Theirs", "description": None, "metadata": {}, "active": True}
        )
        made = shop.fake._create_price(
            {"product": product["id"], "currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"}}
        )
    call(
        shop.service,
        "create_subscription_plan",
        name="Linked",
        price_amount=500,
        interval="monthly",
        stripe_price_id=made["id"],
        stripe_product_id=product["id"],
    )
    sync(shop)
    assert [(r["method"], r["path"]) for r in shop.requests()] == [
        ("get", f"/v1/products/{product['id']}"),
        ("get", f"/v1/prices/{made['id']}"),
    ]
    assert shop.fake.of("product")[0]["name"] == "Theirs", "what was not made from here keeps its name"
    # A later change here counts, and not the values that Stripe returned for the link.
    call(shop.service, "update_subscription_plan", subscription_plan="Linked", price_amount=600)
    sync(shop)
    linked = call(shop.service, "get_subscription_plan", subscription_plan="Linked")
    assert (linked["price_amount"], price(shop, linked)["unit_amount"]) == (600, 600)


def test_an_interrupted_push_goes_on_where_it_was(shop: Shop) -> None:
    call(shop.service, "create_subscription_plan", name="Pro", price_amount=2000, interval="monthly")
    shop.fake.fail(Failure(status=500))
    sync(shop)
    shop.fake.heal()
    shop.due_now()
    sync(shop)
    assert len(shop.fake.of("product")) == len(shop.fake.of("price")) == 1
    assert plan(shop)["stripe_price_id"] == shop.fake.of("price")[0]["id"]


def test_an_answer_that_makes_no_difference_is_not_asked_for_again_at_once(shop: Shop) -> None:
    shop.plan()
    call(shop.service, "update_subscription_plan", subscription_plan="Pro", name="Team")
    shop.admin.execute("update tenantry.stripe_objects set version = 'infinity'")
    sync(shop)
    assert len(shop.posts(f"/v1/products/{shop.fake.of('product')[0]['id']}")) == 1


def test_a_pull_takes_over_what_stripe_charges(shop: Shop) -> None:
    pro = shop.plan()
    for number in range(120):
        shop.fake._create_price({"product": pro["stripe_product_id"], "currency": "usd", "unit_amount": number})
    shop.fake.objects[pro["stripe_price_id"]]["unit_amount"] = 3000
    (first,) = sync(shop, "pull")
    assert first["operation"] == "pull_catalog"
    assert [r["state"] for r in shop.requests("pull_catalog")] == ["succeeded"] * 2, "page after page"
    assert plan(shop)["price_amount"] == 3000


@pytest.mark.parametrize("archived", ["price", "product"])
def test_a_pull_takes_over_that_stripe_sells_it_no_more(shop: Shop, archived: str) -> None:
    pro = shop.plan()
    pack = shop.product()
    for item in (pro, pack):
        shop.fake.objects[item[f"stripe_{archived}_id"]]["active"] = False
    sync(shop, "pull")
    assert not plan(shop)["is_active"]
    assert not call(shop.service, "get_credit_product", credit_product="Pack")["is_active"]
    for item in (pro, pack):
        shop.fake.objects[item[f"stripe_{archived}_id"]]["active"] = True
    sync(shop, "pull")
    assert plan(shop)["is_active"]


@pytest.mark.parametrize("kind", ["price", "product"])
def test_the_amount_at_stripe_counts_for_a_plan_in_use_too(shop: Shop, kind: str) -> None:
    """Stripe charges its own price. A plan that says another one is wrong, whoever has it."""
    pro = shop.plan()
    shop.product()
    acme = organization(shop.service)
    page = shop.ask("create_checkout_session", organization_id=acme, subscription_plan="Pro", **PAGES)
    shop.fake.complete(page["stripe_id"])
    shop.hear()
    shop.fake.objects[pro["stripe_price_id"]] |= {"unit_amount": 3000, "nickname": "Old"}
    with shop.fake._change():
        shop.fake._emit("price.updated", shop.fake.objects[pro["stripe_price_id"]])
        shop.fake._emit("product.updated", shop.fake.objects[pro["stripe_product_id"]])
    states = [row["state"] for row in shop.hear()[-2:]]
    assert states == ["processed"] * 2
    assert plan(shop)["price_amount"] == 3000
    refusal = refused(shop.service, "TN033", "update_subscription_plan", subscription_plan="Pro", price_amount=1)
    assert refusal["field"] == "price_amount"
    # It is archived in the same way.
    shop.fake.objects[pro[f"stripe_{kind}_id"]]["active"] = False
    with shop.fake._change():
        shop.fake._emit(f"{kind}.updated", shop.fake.objects[pro[f"stripe_{kind}_id"]])
    shop.hear()
    assert not plan(shop)["is_active"]


def test_a_price_beyond_the_column_is_not_replaced(shop: Shop) -> None:
    """The mirror has the exact amount; the catalog has the largest one that it can hold."""
    pro = shop.plan()
    shop.fake.objects[pro["stripe_price_id"]]["unit_amount"] = 3_000_000_000
    sync(shop, "pull")
    assert plan(shop)["price_amount"] == 2147483647
    sync(shop)
    assert plan(shop)["stripe_price_id"] == pro["stripe_price_id"]


def test_a_change_that_cannot_be_followed_here_is_told(shop: Shop) -> None:
    call(shop.service, "create_subscription_plan", name="Pro", price_amount=2000, interval="monthly")
    shop.admin.execute(
        "create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$;"
        "create trigger refuse before update of stripe_product_id on public.subscription_plans"
        " for each row execute function refuse();"
    )
    sync(shop)
    (request,) = shop.requests()
    assert (request["state"], request["error_type"], request["error_message"]) == ("succeeded", "not_applied", "no")
    assert request["stripe_id"] == shop.fake.of("product")[0]["id"]


def test_it_takes_platform_stripe_and_a_direction(shop: Shop, connect: Connect) -> None:
    refused(Team(shop.admin, connect).as_("owner"), "42501", "sync_catalog", direction="push")
    directions: list[Any] = [None, "", "sideways"]
    for direction in directions:
        assert refused(shop.service, "TN001", "sync_catalog", direction=direction)["field"] == "direction"


@pytest.mark.parametrize(("interval", "at_stripe"), [("daily", "day"), ("weekly", "week"), ("monthly", "month")])
def test_intervals_have_other_names_there(shop: Shop, interval: str, at_stripe: str) -> None:
    made = shop.plan(interval=interval, interval_count=2)
    assert price(shop, made)["recurring"]["interval"] == at_stripe
    assert price(shop, made)["recurring"]["interval_count"] == 2


def test_the_command_lists_its_requests_to_the_last_page(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        call(shop.service, "create_subscription_plan", name=f"Plan {number}", price_amount=1000, interval="monthly")
    monkeypatch.setenv("TENANTRY_STRIPE_API_KEY", shop.fake.api_key)
    monkeypatch.setenv("TENANTRY_STRIPE_API_BASE", shop.fake.url)
    monkeypatch.setattr(cli, "PAGE_SIZE", 2)
    assert cli._stripe_sync(Namespace(database_url=shop.conninfo, direction="push")) == 0
    listed = [line.split()[1] for line in capsys.readouterr().out.splitlines()]
    assert len(listed) == 6
    assert listed == [request["stripe_id"] for request in shop.requests()]
    assert cli._stripe_sync(Namespace(database_url=shop.conninfo, direction="push")) == 0
    assert capsys.readouterr().out == "nothing to do\n"
