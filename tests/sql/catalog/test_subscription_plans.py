"""Plans: create, find in three ways, list in pages, change by mask; the terms of live subscriptions stay."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.sql.catalog.conftest import Subscribe
from tests.support.ledger import Row, call, refused
from tests.support.users import sign_in, user

LIVE = ("trial", "active", "past_due")


def create(connection: Connection, **arguments: Any) -> Row:
    return call(
        connection,
        "create_subscription_plan",
        **{"name": f"plan-{uuid4()}", "price_amount": 1000, "interval": "monthly", **arguments},
    )


def test_a_plan_without_stripe_stands_for_itself(service: Connection) -> None:
    made = create(service, name="free", price_amount=0, interval="annual")
    assert made["stripe_price_id"] == made["stripe_product_id"] == f"local:{made['id']}"
    assert (made["currency"], made["interval_count"], made["included_credits"]) == ("USD", 1, 0)
    assert (made["max_users"], made["features"], made["trial_period_days"], made["is_active"]) == (
        None, None, None, True,
    )  # fmt: skip
    for name in (str(made["id"]), str(made["id"]).upper(), "free", made["stripe_price_id"]):
        assert call(service, "get_subscription_plan", subscription_plan=name) == made


def test_a_plan_of_stripe_is_found_by_its_price(service: Connection) -> None:
    made = create(
        service, currency="eur", interval_count=3, included_credits=500, max_users=5, trial_period_days=14,
        features={"sso": True}, description="For teams", stripe_price_id="price_1", stripe_product_id="prod_1",
    )  # fmt: skip
    assert (made["currency"], made["interval_count"], made["included_credits"]) == ("EUR", 3, 500)
    assert (made["max_users"], made["features"], made["trial_period_days"]) == (5, {"sso": True}, 14)
    assert call(service, "get_subscription_plan", subscription_plan="price_1") == made
    # Several prices of one product are several plans.
    assert create(service, stripe_price_id="price_2", stripe_product_id="prod_1")["stripe_product_id"] == "prod_1"


def test_a_price_that_reads_as_another_plans_name_gives_way_to_the_name(service: Connection) -> None:
    """The ids of Stripe's older plans are free to choose."""
    older = create(service, name="older", stripe_price_id="gold")
    assert call(service, "get_subscription_plan", subscription_plan="gold") == older
    named = create(service, name="gold")
    assert call(service, "get_subscription_plan", subscription_plan="gold") == named


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": " "}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"name": "11111111-1111-4111-8111-111111111111"}, "name"),
        ({"name": "price_1"}, "name"),
        ({"name": "local:me"}, "name"),
        ({"price_amount": None}, "price_amount"),
        ({"price_amount": -1}, "price_amount"),
        ({"currency": "US"}, "currency"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "€uro"}, "currency"),
        ({"currency": "U$D"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"interval": None}, "interval"),
        ({"interval": "fortnightly"}, "interval"),
        ({"interval_count": 0}, "interval_count"),
        ({"interval_count": -1}, "interval_count"),
        ({"interval_count": 37}, "interval_count"),
        ({"interval": "annual", "interval_count": 4}, "interval_count"),
        ({"interval": "weekly", "interval_count": 157}, "interval_count"),
        ({"interval": "daily", "interval_count": 1096}, "interval_count"),
        ({"interval": "daily", "interval_count": 2147483647}, "interval_count"),
        ({"included_credits": -1}, "included_credits"),
        ({"max_users": 0}, "max_users"),
        ({"trial_period_days": -1}, "trial_period_days"),
        ({"trial_period_days": 731}, "trial_period_days"),
        ({"stripe_price_id": ""}, "stripe_price_id"),
        ({"stripe_price_id": "p" * 256}, "stripe_price_id"),
        ({"stripe_price_id": "price 1"}, "stripe_price_id"),
        ({"stripe_price_id": "local:11111111-1111-4111-8111-111111111111"}, "stripe_price_id"),
        ({"stripe_product_id": "local:mine"}, "stripe_product_id"),
        ({"stripe_product_id": "p" * 256}, "stripe_product_id"),
    ],
    ids=str,
)
def test_what_is_no_plan_is_refused_by_field_made_or_changed(
    service: Connection, plan: Row, change: dict[str, Any], field: str
) -> None:
    values = {"name": "other", "price_amount": 1, "interval": "monthly", **change}
    assert refused(service, "TN001", "create_subscription_plan", **values)["field"] == field
    detail = refused(
        service,
        "TN001",
        "update_subscription_plan",
        subscription_plan="pro",
        update_mask=[*change],
        **{name: value for name, value in change.items() if value is not None},
    )
    assert detail["field"] == field
    assert call(service, "get_subscription_plan", subscription_plan="pro") == plan


@pytest.mark.parametrize(
    "values",
    [
        {"name": "price_1"},
        {"name": "11111111-1111-4111-8111-111111111111"},
        {"stripe_price_id": ""},
        {"stripe_price_id": "local:mine"},
        {"stripe_product_id": "a b"},
        {"interval_count": 37},
        {"trial_period_days": 731},
    ],
    ids=str,
)
def test_nor_does_the_table_take_it_from_psql(admin: Connection, plan: Row, values: dict[str, Any]) -> None:
    column, value = next(iter(values.items()))
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute(f"update public.subscription_plans set {column} = %s where id = %s".encode(), [value, plan["id"]])


def test_the_largest_numbers_are_kept(service: Connection) -> None:
    most = 2147483647
    made = create(service, price_amount=most, included_credits=most, max_users=most)
    assert (made["price_amount"], made["included_credits"], made["max_users"]) == (most, most, most)
    assert create(service, interval="daily", interval_count=1095)["interval_count"] == 1095


@pytest.mark.usefixtures("plan")
def test_a_name_and_a_price_are_taken_once(service: Connection) -> None:
    create(service, stripe_price_id="price_1")
    arguments = {"price_amount": 1, "interval": "monthly"}
    refused(service, "23505", "create_subscription_plan", name="pro", **arguments)
    refused(service, "23505", "create_subscription_plan", name="x", stripe_price_id="price_1", **arguments)
    refused(service, "23505", "update_subscription_plan", subscription_plan="pro", stripe_price_id="price_1")


@pytest.mark.usefixtures("plan", "product")
def test_a_price_is_a_plans_or_a_products(service: Connection) -> None:
    create(service, stripe_price_id="price_plan")
    call(service, "update_credit_product", credit_product="pack", stripe_price_id="price_pack")
    taken = refused(service, "TN034", "update_credit_product", credit_product="pack", stripe_price_id="price_plan")
    assert (taken["field"], taken["resource"]) == ("stripe_price_id", "subscription_plans")
    taken = refused(service, "TN034", "update_subscription_plan", subscription_plan="pro", stripe_price_id="price_pack")
    assert (taken["field"], taken["resource"]) == ("stripe_price_id", "credit_products")
    with pytest.raises(psycopg.Error) as raised:
        service.execute("update public.credit_products set stripe_price_id = 'price_plan'")
    assert raised.value.sqlstate == "TN034"


@pytest.mark.usefixtures("plan")
def test_what_does_not_exist_is_not_found(service: Connection) -> None:
    for function in ("get_subscription_plan", "archive_subscription_plan"):
        assert refused(service, "TN001", function)["field"] == "subscription_plan"
        assert refused(service, "TN002", function, subscription_plan="price_9")["resource"] == "subscription_plan"
    refused(service, "TN002", "update_subscription_plan", subscription_plan=str(uuid4()), name="x")


# Changes.


def test_an_update_sets_what_has_a_value_or_what_the_mask_names(service: Connection, plan: Row) -> None:
    changed = call(
        service, "update_subscription_plan",
        subscription_plan="pro", included_credits=7, max_users=3, features={"sso": True}, description="New",
    )  # fmt: skip
    assert (changed["included_credits"], changed["max_users"], changed["description"]) == (7, 3, "New")
    assert (changed["name"], changed["price_amount"], changed["created_at"]) == ("pro", 1000, plan["created_at"])
    assert changed["updated_at"] > plan["updated_at"]
    cleared = call(
        service, "update_subscription_plan",
        subscription_plan="pro", description="ignored",
        update_mask=["max_users", "features", "included_credits", "interval_count", "currency"],
    )  # fmt: skip
    assert (cleared["max_users"], cleared["features"], cleared["included_credits"]) == (None, None, 0)
    assert (cleared["interval_count"], cleared["currency"], cleared["description"]) == (1, "USD", "New")
    for path in ("id", "created_at", "subscription_plan", "x"):
        detail = refused(service, "TN001", "update_subscription_plan", subscription_plan="pro", update_mask=[path])
        assert detail["field"] == "update_mask"
    refused(service, "TN001", "update_subscription_plan", subscription_plan="pro")


def test_an_update_of_everything(service: Connection, plan: Row) -> None:
    changed = call(
        service, "update_subscription_plan",
        subscription_plan="pro", name="plus", price_amount=1, interval="weekly", currency="gbp", is_active=True,
        stripe_price_id="price_7", update_mask=["*"],
    )  # fmt: skip
    assert (changed["id"], changed["name"], changed["currency"], changed["interval"]) == (
        plan["id"], "plus", "GBP", "weekly",
    )  # fmt: skip
    # A field without a value is cleared, and the product at Stripe, too.
    assert (changed["stripe_price_id"], changed["stripe_product_id"]) == ("price_7", f"local:{plan['id']}")


@pytest.mark.parametrize("status", LIVE)
@pytest.mark.parametrize(
    "change",
    [{"price_amount": 1}, {"currency": "EUR"}, {"interval": "annual"}, {"interval_count": 2}],
    ids=str,
)
def test_price_and_period_stay_while_somebody_has_the_plan(
    service: Connection, plan: Row, subscribe: Subscribe, status: str, change: dict[str, Any]
) -> None:
    subscribe(plan["id"], status)
    [(column, value)] = change.items()
    detail = refused(service, "TN033", "update_subscription_plan", subscription_plan="pro", **change)
    assert detail == {
        "reason": "PLAN_IN_USE", "field": column, "subscription_plan": "pro", "subscriptions": 1, "pending": 0,
    }  # fmt: skip
    # Not by the service key, either.
    with pytest.raises(psycopg.Error) as raised:
        service.execute(f"update public.subscription_plans set {column} = %s".encode(), [value])
    assert raised.value.sqlstate == "TN033"
    assert call(service, "get_subscription_plan", subscription_plan="pro") == plan


def test_the_rest_of_a_plan_in_use_changes(service: Connection, plan: Row, subscribe: Subscribe) -> None:
    subscribe(plan["id"])
    changed = call(
        service, "update_subscription_plan",
        subscription_plan="pro", name="plus", included_credits=9, max_users=2, features={"sso": True},
        price_amount=1000, currency="usd", interval="monthly",
    )  # fmt: skip
    assert (changed["name"], changed["included_credits"]) == ("plus", 9)


def test_a_plan_in_use_may_get_its_price_at_stripe_and_keeps_it(
    service: Connection, plan: Row, subscribe: Subscribe
) -> None:
    subscribe(plan["id"])
    call(service, "update_subscription_plan", subscription_plan="pro", stripe_price_id="price_1")
    detail = refused(service, "TN033", "update_subscription_plan", subscription_plan="pro", stripe_price_id="price_2")
    assert detail["field"] == "stripe_price_id"


def test_a_plan_that_nobody_has_any_more_changes_again(service: Connection, plan: Row, subscribe: Subscribe) -> None:
    subscribe(plan["id"], "cancelled")
    subscribe(plan["id"], "expired")
    changed = call(service, "update_subscription_plan", subscription_plan="pro", price_amount=1)
    assert changed["price_amount"] == 1
    assert not call(service, "archive_subscription_plan", subscription_plan="pro")["is_active"]


def test_a_plan_that_somebody_changes_to_counts_as_used(service: Connection, plan: Row, subscribe: Subscribe) -> None:
    other = create(service)
    subscribe(other["id"], pending_plan_id=plan["id"])
    detail = refused(service, "TN033", "update_subscription_plan", subscription_plan="pro", price_amount=1)
    assert (detail["subscriptions"], detail["pending"]) == (0, 1)


def test_a_plan_in_use_is_archived_by_force_only_and_who_has_it_keeps_it(
    service: Connection, admin: Connection, plan: Row, subscribe: Subscribe
) -> None:
    for status in LIVE:
        subscribe(plan["id"], status)
    subscribe(create(service)["id"], pending_plan_id=plan["id"])
    for function, more in (
        ("archive_subscription_plan", {}),
        ("archive_subscription_plan", {"force": False}),
        ("update_subscription_plan", {"is_active": False}),
        ("update_subscription_plan", {"update_mask": ["is_active"]}),
    ):
        detail = refused(service, "TN033", function, subscription_plan="pro", **more)
        assert (detail["subscriptions"], detail["pending"]) == (3, 1)
    archived = call(service, "archive_subscription_plan", subscription_plan="pro", force=True)
    assert not archived["is_active"]
    rows = admin.execute(
        "select status from public.organization_subscriptions where subscription_plan_id = %s", [plan["id"]]
    ).fetchall()
    assert {row["status"] for row in rows} == set(LIVE)
    # A repeated call gives the same, forced or not; and the plan comes back.
    assert call(service, "archive_subscription_plan", subscription_plan="pro") == archived
    assert call(service, "update_subscription_plan", subscription_plan="pro", is_active=True)["is_active"]


def test_an_archived_plan_is_hidden_from_those_who_do_not_have_it(
    service: Connection, admin: Connection, connect: Connect, plan: Row, subscribe: Subscribe
) -> None:
    tenant = subscribe(plan["id"])
    call(service, "archive_subscription_plan", subscription_plan="pro", force=True)
    owner, stranger = user(admin), user(admin)
    call(service, "assign_role", user_id=owner, role="owner", organization_id=tenant)
    found = call(sign_in(connect(), owner), "get_subscription_plan", subscription_plan="pro")
    assert found["id"] == plan["id"]
    refused(sign_in(connect(), stranger), "TN002", "get_subscription_plan", subscription_plan="pro")


# Listings.


def walk(connection: Connection, **filters: Any) -> list[str]:
    """Names of all plans, in pages of 2."""
    names: list[str] = []
    token = None
    while True:
        page = call(connection, "list_subscription_plans", page_size=2, page_token=token, **filters)
        names += [plan["name"] for plan in page["subscription_plans"]]
        token = page["next_page_token"]
        if not token:
            return names
        assert len(page["subscription_plans"]) == 2


def test_plans_are_listed_oldest_first_by_filter(service: Connection) -> None:
    create(service, name="a")
    create(service, name="b", currency="EUR", interval="annual")
    create(service, name="c", interval="annual")
    create(service, name="d", currency="EUR")
    create(service, name="e")
    call(service, "archive_subscription_plan", subscription_plan="c")
    assert walk(service) == ["a", "b", "c", "d", "e"]
    assert walk(service, is_active=True) == ["a", "b", "d", "e"]
    assert walk(service, is_active=False) == ["c"]
    assert walk(service, interval="annual") == ["b", "c"]
    assert walk(service, currency="eur") == ["b", "d"]
    assert walk(service, currency="EUR", interval="annual", is_active=True) == ["b"]
    assert walk(service, interval="daily") == []
    assert refused(service, "TN001", "list_subscription_plans", interval="x")["field"] == "interval"
    assert refused(service, "TN001", "list_subscription_plans", currency="x")["field"] == "currency"
    token = call(service, "list_subscription_plans", page_size=1)["next_page_token"]
    for filters in ({"is_active": True}, {"interval": "annual"}, {"currency": "EUR"}):
        refused(service, "TN003", "list_subscription_plans", page_token=token, **filters)


def test_pages_hold_every_plan_once_while_more_are_added(service: Connection) -> None:
    before = [create(service)["name"] for _ in range(4)]
    page = call(service, "list_subscription_plans", page_size=3)
    late = create(service)["name"]
    rest = call(service, "list_subscription_plans", page_size=3, page_token=page["next_page_token"])
    found = [plan["name"] for plan in page["subscription_plans"] + rest["subscription_plans"]]
    assert found == [*before, late]
