"""Credit products: made, found in three ways, listed in pages, changed by mask, archived."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import Row, call, refused
from tests.support.users import Team, sign_in, user


def create(connection: Connection, **arguments: Any) -> Row:
    return call(
        connection,
        "create_credit_product",
        **{"name": f"pack-{uuid4()}", "credit_amount": 100, "price_amount": 500, **arguments},
    )


def test_a_product_is_made_and_found_in_three_ways(service: Connection) -> None:
    local = create(service, name="small")
    assert local["stripe_price_id"] == local["stripe_product_id"] == f"local:{local['id']}"
    assert (local["currency"], local["is_active"], local["description"]) == ("USD", True, None)
    sold = create(service, currency="jpy", stripe_price_id="price_1", stripe_product_id="prod_1", description="Big")
    assert (sold["currency"], sold["stripe_product_id"], sold["description"]) == ("JPY", "prod_1", "Big")
    for made, names in (
        (local, ["small", local["stripe_price_id"]]),
        (sold, ["price_1", str(sold["id"]).upper()]),
    ):
        for name in names:
            assert call(service, "get_credit_product", credit_product=name) == made


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"name": "11111111-1111-4111-8111-111111111111"}, "name"),
        ({"name": "price_x"}, "name"),
        ({"name": "local:"}, "name"),
        ({"credit_amount": None}, "credit_amount"),
        ({"credit_amount": 0}, "credit_amount"),
        ({"credit_amount": -1}, "credit_amount"),
        ({"price_amount": None}, "price_amount"),
        ({"price_amount": 0}, "price_amount"),
        ({"price_amount": -1}, "price_amount"),
        ({"currency": "dollar"}, "currency"),
        ({"stripe_price_id": " "}, "stripe_price_id"),
        ({"stripe_price_id": "local:x"}, "stripe_price_id"),
        ({"stripe_product_id": "p" * 256}, "stripe_product_id"),
    ],
    ids=str,
)
def test_what_is_no_product_is_refused_by_field_made_or_changed(
    service: Connection, product: Row, change: dict[str, Any], field: str
) -> None:
    values = {"name": "other", "credit_amount": 1, "price_amount": 1, **change}
    assert refused(service, "TN001", "create_credit_product", **values)["field"] == field
    given = {name: value for name, value in change.items() if value is not None}
    detail = refused(service, "TN001", "update_credit_product", credit_product="pack", update_mask=[*change], **given)
    assert detail["field"] == field
    assert call(service, "get_credit_product", credit_product="pack") == product


@pytest.mark.parametrize(
    ("column", "value"),
    [("name", "price_1"), ("price_amount", 0), ("stripe_price_id", "local:x"), ("stripe_product_id", "")],
)
def test_nor_does_the_table_take_it_from_psql(admin: Connection, product: Row, column: str, value: object) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute(f"update public.credit_products set {column} = %s where id = %s".encode(), [value, product["id"]])


@pytest.mark.usefixtures("product")
def test_a_name_and_a_price_are_taken_once(service: Connection) -> None:
    create(service, stripe_price_id="price_1")
    arguments = {"credit_amount": 1, "price_amount": 1}
    refused(service, "23505", "create_credit_product", name="pack", **arguments)
    refused(service, "23505", "create_credit_product", name="x", stripe_price_id="price_1", **arguments)
    refused(service, "23505", "update_credit_product", credit_product="pack", stripe_price_id="price_1")


def test_an_update_sets_what_has_a_value_or_what_the_mask_names(service: Connection, product: Row) -> None:
    changed = call(
        service, "update_credit_product", credit_product="pack", price_amount=700, description="New", currency="eur"
    )
    assert (changed["price_amount"], changed["description"], changed["currency"]) == (700, "New", "EUR")
    assert changed["updated_at"] > product["updated_at"]
    cleared = call(
        service, "update_credit_product", credit_product="pack", name="ignored", update_mask=["description", "currency"]
    )
    assert (cleared["name"], cleared["description"], cleared["currency"]) == ("pack", None, "USD")
    everything = call(
        service, "update_credit_product",
        credit_product="pack", name="box", credit_amount=1, price_amount=1, is_active=True, update_mask=["*"],
    )  # fmt: skip
    assert (everything["id"], everything["name"], everything["is_active"]) == (product["id"], "box", True)
    refused(service, "TN001", "update_credit_product", credit_product="box")
    refused(service, "TN001", "update_credit_product", credit_product="box", update_mask=["updated_at"])
    refused(service, "TN002", "update_credit_product", credit_product="pack", name="x")
    refused(service, "TN001", "update_credit_product", name="x")


def test_an_archived_product_is_hidden_and_comes_back(
    service: Connection, admin: Connection, connect: Connect, product: Row
) -> None:
    shopper = sign_in(connect(), user(admin))
    assert call(shopper, "get_credit_product", credit_product="pack") == product
    archived = call(service, "archive_credit_product", credit_product="pack")
    assert not archived["is_active"]
    assert call(service, "archive_credit_product", credit_product="pack") == archived
    refused(shopper, "TN002", "get_credit_product", credit_product="pack")
    assert call(shopper, "list_credit_products")["credit_products"] == []
    assert call(service, "update_credit_product", credit_product="pack", is_active=True)["is_active"]
    assert refused(service, "TN001", "archive_credit_product")["field"] == "credit_product"
    assert refused(service, "TN002", "archive_credit_product", credit_product="x")["name"] == "x"


@pytest.mark.usefixtures("product", "plan")
def test_only_the_platform_changes_the_catalog(admin: Connection, connect: Connect) -> None:
    owner = Team(admin, connect).as_("owner")
    calls: dict[str, dict[str, Any]] = {
        "create_credit_product": {"name": "x", "credit_amount": 1, "price_amount": 1},
        "update_credit_product": {"credit_product": "pack", "price_amount": 1},
        "archive_credit_product": {"credit_product": "pack"},
        "create_subscription_plan": {"name": "x", "price_amount": 0, "interval": "monthly"},
        "update_subscription_plan": {"subscription_plan": "pro", "price_amount": 0},
        "archive_subscription_plan": {"subscription_plan": "pro"},
    }
    for function, arguments in calls.items():
        assert refused(owner, "42501", function, **arguments)["permission"] == "catalog:manage"


def test_products_are_listed_oldest_first_by_filter(service: Connection) -> None:
    for name, currency in (("a", "USD"), ("b", "EUR"), ("c", "USD"), ("d", "EUR"), ("e", "USD")):
        create(service, name=name, currency=currency)
    call(service, "archive_credit_product", credit_product="b")

    def names(**filters: Any) -> list[str]:
        found: list[str] = []
        token = None
        while True:
            page = call(service, "list_credit_products", page_size=2, page_token=token, **filters)
            found += [product["name"] for product in page["credit_products"]]
            token = page["next_page_token"]
            if not token:
                return found
            assert len(page["credit_products"]) == 2

    assert names() == ["a", "b", "c", "d", "e"]
    assert names(is_active=True) == ["a", "c", "d", "e"]
    assert names(currency="eur") == ["b", "d"]
    assert names(currency="eur", is_active=False) == ["b"]
    refused(service, "TN001", "list_credit_products", currency="euro")
    token = call(service, "list_credit_products", page_size=1)["next_page_token"]
    refused(service, "TN003", "list_credit_products", page_token=token, currency="EUR")
    refused(service, "TN003", "list_subscription_plans", page_token=token)
