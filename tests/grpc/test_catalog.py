"""CatalogService over a real channel."""

from typing import Any
from uuid import UUID, uuid4

import grpc
import psycopg
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from tenantry.v1.catalog_pb2 import (
    BILLING_INTERVAL_ANNUAL,
    BILLING_INTERVAL_DAILY,
    BILLING_INTERVAL_MONTHLY,
    ArchiveCreditProductRequest,
    ArchiveSubscriptionPlanRequest,
    CreateCreditEventRequest,
    CreditEvent,
    GetCreditEventRequest,
    GetCreditProductRequest,
    GetSubscriptionPlanRequest,
    ListCreditEventsRequest,
    ListCreditProductsRequest,
    ListSubscriptionPlansRequest,
    UpdateCreditEventRequest,
    UpdateCreditProductRequest,
    UpdateSubscriptionPlanRequest,
)
from tests.support.calls import credit_event, credit_product, organization, refused, subscription_plan
from tests.support.postgres import Cluster
from tests.support.server import Client


def struct(value: dict[str, Any]) -> Struct:
    message = Struct()
    message.update(value)
    return message


def full_event(client: Client) -> CreditEvent:
    return client.catalog.CreateCreditEvent(
        CreateCreditEventRequest(
            name=f"event-{uuid4()}",
            credit_cost=5,
            category="compute",
            description="old",
            metadata=struct({"model": "old"}),
        )
    ).credit_event


def test_what_is_created_is_found_by_id_and_by_name(client: Client) -> None:
    created = full_event(client)
    assert UUID(created.id)
    assert (created.credit_cost, created.category, created.description) == (5, "compute", "old")
    assert (created.is_active, MessageToDict(created.metadata)) == (True, {"model": "old"})
    assert created.HasField("created_at")
    for name in (created.id, created.id.upper(), created.name):
        found = client.catalog.GetCreditEvent(GetCreditEventRequest(credit_event=name)).credit_event
        assert found == created


def test_what_was_not_given_comes_back_unset(client: Client) -> None:
    created = credit_event(client)
    assert not created.HasField("description")
    assert not created.HasField("metadata")


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"quotes": 'it\'s "so"', "backslashes": "\\ \\\\ \\n \\u0041 \\' $$", "percent": "%s {} {0}"},
        {"unicode": "naïve 🐘 漢字 \u202e \x7f", "": "empty key", "line\nbreak": "\t\r"},
        {"nested": {"list": [1, "two", None, [True, False], {"deep": {"er": {}}}], "empty": []}},
        {"numbers": [0, -1.5, 1e300, 9007199254740991, 1e-7], "null": None},
        {"looks like an escape": "\\u0000", "and": "'; drop table public.credit_events; --"},
    ],
    ids=lambda value: next(iter(value), "empty"),
)
def test_metadata_comes_back_as_it_was_given(client: Client, value: dict[str, Any]) -> None:
    created = client.catalog.CreateCreditEvent(
        CreateCreditEventRequest(name=f"event-{uuid4()}", credit_cost=1, category="compute", metadata=struct(value))
    ).credit_event
    assert created.HasField("metadata")
    assert MessageToDict(created.metadata) == value
    again = client.catalog.GetCreditEvent(GetCreditEventRequest(credit_event=created.id)).credit_event
    assert again.metadata == created.metadata == struct(value)


def walk(client: Client, add: int = 0, **filters: Any) -> list[CreditEvent]:
    """Lists every credit event in pages of 2, and adds the given number of events meanwhile."""
    found: list[CreditEvent] = []
    token = ""
    while True:
        page = client.catalog.ListCreditEvents(ListCreditEventsRequest(page_size=2, page_token=token, **filters))
        found += page.credit_events
        token = page.next_page_token
        if not token:
            return found
        assert len(page.credit_events) == 2
        if add:
            credit_event(client, category=filters.get("category", "compute"))
            add -= 1


def test_pages_hold_every_event_once_while_more_are_added(client: Client) -> None:
    category = f"c{uuid4().hex}"
    before = [credit_event(client, category=category).id for _ in range(5)]
    ids = [found.id for found in walk(client, add=3, category=category)]
    assert len(ids) == len(set(ids)) == 8
    assert ids[:5] == before


def test_a_listing_can_be_kept_to_a_category_and_to_active_ones(client: Client) -> None:
    category = f"c{uuid4().hex}"
    active, inactive = credit_event(client, category=category), credit_event(client, category=category)
    credit_event(client, category="storage")
    client.catalog.UpdateCreditEvent(UpdateCreditEventRequest(credit_event=inactive.id, is_active=False))
    assert [found.id for found in walk(client, category=category)] == [active.id, inactive.id]
    assert [found.id for found in walk(client, category=category, is_active=True)] == [active.id]
    assert [found.id for found in walk(client, category=category, is_active=False)] == [inactive.id]
    nothing = client.catalog.ListCreditEvents(ListCreditEventsRequest(category="none_has_this"))
    assert (list(nothing.credit_events), nothing.next_page_token) == ([], "")


def test_an_update_without_mask_sets_what_has_a_value(client: Client) -> None:
    event = full_event(client)
    changed = client.catalog.UpdateCreditEvent(
        UpdateCreditEventRequest(credit_event=event.name, credit_cost=9, is_active=False)
    ).credit_event
    assert (changed.credit_cost, changed.is_active) == (9, False)
    assert (changed.id, changed.name, changed.description) == (event.id, event.name, "old")
    assert changed.metadata == event.metadata
    assert changed.updated_at.ToNanoseconds() > event.updated_at.ToNanoseconds()


def test_an_update_with_mask_sets_just_the_fields_it_names(client: Client) -> None:
    event = full_event(client)
    changed = client.catalog.UpdateCreditEvent(
        UpdateCreditEventRequest(
            credit_event=event.id,
            description="new",
            metadata=struct({"model": "new"}),
            update_mask=FieldMask(paths=["metadata"]),
        )
    ).credit_event
    assert (changed.description, MessageToDict(changed.metadata)) == ("old", {"model": "new"})


def test_a_field_that_the_mask_names_and_has_no_value_is_cleared(client: Client) -> None:
    event = full_event(client)
    changed = client.catalog.UpdateCreditEvent(
        UpdateCreditEventRequest(credit_event=event.id, update_mask=FieldMask(paths=["description", "metadata"]))
    ).credit_event
    assert not changed.HasField("description")
    assert not changed.HasField("metadata")


def test_the_mask_star_sets_every_field(client: Client) -> None:
    event = full_event(client)
    changed = client.catalog.UpdateCreditEvent(
        UpdateCreditEventRequest(
            credit_event=event.id,
            name=event.name + "-2",
            credit_cost=1,
            category="storage",
            is_active=True,
            update_mask=FieldMask(paths=["*"]),
        )
    ).credit_event
    assert (changed.name, changed.credit_cost, changed.category) == (event.name + "-2", 1, "storage")
    assert not changed.HasField("description")
    assert not changed.HasField("metadata")


def test_an_update_of_nothing_is_refused(client: Client) -> None:
    event = credit_event(client)
    failure = refused(client.catalog.UpdateCreditEvent, UpdateCreditEventRequest(credit_event=event.id))
    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["update_mask"])


def test_a_plan_is_found_by_id_name_and_price(client: Client) -> None:
    price = f"price_{uuid4().hex}"
    made = subscription_plan(
        client,
        currency="eur",
        interval=BILLING_INTERVAL_ANNUAL,
        interval_count=2,
        included_credits=500,
        max_users=5,
        trial_period_days=14,
        features=struct({"sso": True, "projects": 10, "trial": {"projects": 1}}),
        description="For teams",
        stripe_price_id=price,
        stripe_product_id="prod_1",
    )
    assert (made.currency, made.interval, made.interval_count) == ("EUR", BILLING_INTERVAL_ANNUAL, 2)
    assert (made.included_credits, made.max_users, made.trial_period_days) == (500, 5, 14)
    assert MessageToDict(made.features) == {"sso": True, "projects": 10, "trial": {"projects": 1}}
    assert made.is_active
    for name in (made.id, made.name, price):
        request = GetSubscriptionPlanRequest(subscription_plan=name)
        assert client.catalog.GetSubscriptionPlan(request).subscription_plan == made


def test_a_free_plan_without_stripe(client: Client) -> None:
    made = subscription_plan(client, price_amount=0)
    assert (made.price_amount, made.currency, made.interval_count) == (0, "USD", 1)
    assert made.stripe_price_id == made.stripe_product_id == f"local:{made.id}"
    for field in ("description", "max_users", "features", "trial_period_days"):
        assert not made.HasField(field)


def test_plans_are_listed_in_pages_by_filter(client: Client) -> None:
    currency = "XTS"  # ISO 4217's code for tests
    made = [subscription_plan(client, currency=currency).name for _ in range(5)]
    found: list[str] = []
    token = ""
    while True:
        page = client.catalog.ListSubscriptionPlans(
            ListSubscriptionPlansRequest(currency="xts", page_size=2, page_token=token)
        )
        found += [plan.name for plan in page.subscription_plans]
        token = page.next_page_token
        if not token:
            break
    assert found == made
    client.catalog.ArchiveSubscriptionPlan(ArchiveSubscriptionPlanRequest(subscription_plan=made[0]))

    def names(**filters: Any) -> list[str]:
        page = client.catalog.ListSubscriptionPlans(ListSubscriptionPlansRequest(currency=currency, **filters))
        return [plan.name for plan in page.subscription_plans]

    assert names(is_active=True) == made[1:]
    assert names(is_active=False) == made[:1]
    assert names(interval=BILLING_INTERVAL_MONTHLY) == made
    assert names(interval=BILLING_INTERVAL_DAILY) == []


def test_a_plan_changes_by_mask_and_by_value(client: Client) -> None:
    made = subscription_plan(client, max_users=3, description="old", features=struct({"sso": True}))
    changed = client.catalog.UpdateSubscriptionPlan(
        UpdateSubscriptionPlanRequest(subscription_plan=made.name, price_amount=0, interval=BILLING_INTERVAL_DAILY)
    ).subscription_plan
    assert (changed.price_amount, changed.interval, changed.max_users) == (0, BILLING_INTERVAL_DAILY, 3)
    cleared = client.catalog.UpdateSubscriptionPlan(
        UpdateSubscriptionPlanRequest(
            subscription_plan=made.id, description="ignored", update_mask=FieldMask(paths=["max_users", "features"])
        )
    ).subscription_plan
    assert not cleared.HasField("max_users")
    assert not cleared.HasField("features")
    assert cleared.description == "old"


def test_a_plan_in_use_keeps_its_price_and_is_archived_by_force(client: Client, cluster: Cluster) -> None:
    plan, tenant = subscription_plan(client), organization(client)
    with psycopg.connect(cluster.conninfo("serving"), autocommit=True) as admin:
        admin.execute(
            "insert into public.organization_subscriptions"
            " (organization_id, subscription_plan_id, stripe_customer_id, status) values (%s, %s, 'cus_1', 'active')",
            [tenant.id, plan.id],
        )
    failure = refused(
        client.catalog.UpdateSubscriptionPlan,
        UpdateSubscriptionPlanRequest(subscription_plan=plan.id, price_amount=1),
    )
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PLAN_IN_USE")
    assert failure.fields == ["price_amount"]
    failure = refused(client.catalog.ArchiveSubscriptionPlan, ArchiveSubscriptionPlanRequest(subscription_plan=plan.id))
    assert (failure.code, failure.reason, failure.fields) == (grpc.StatusCode.FAILED_PRECONDITION, "PLAN_IN_USE", [])
    assert (failure.metadata["subscriptions"], failure.metadata["pending"]) == ("1", "0")
    assert "force" in failure.metadata["remedy"]
    request = ArchiveSubscriptionPlanRequest(subscription_plan=plan.id, force=True)
    assert not client.catalog.ArchiveSubscriptionPlan(request).subscription_plan.is_active


def test_a_credit_product_from_beginning_to_end(client: Client) -> None:
    price = f"price_{uuid4().hex}"
    made = credit_product(client, currency="xxx", description="old", stripe_price_id=price)
    assert (made.credit_amount, made.price_amount, made.currency, made.is_active) == (100, 500, "XXX", True)
    assert made.stripe_product_id == f"local:{made.id}"
    for name in (made.id, made.name, price):
        request = GetCreditProductRequest(credit_product=name)
        assert client.catalog.GetCreditProduct(request).credit_product == made
    changed = client.catalog.UpdateCreditProduct(
        UpdateCreditProductRequest(
            credit_product=made.id, price_amount=7, update_mask=FieldMask(paths=["price_amount"])
        )
    ).credit_product
    assert (changed.price_amount, changed.description) == (7, "old")
    assert not client.catalog.ArchiveCreditProduct(
        ArchiveCreditProductRequest(credit_product=made.id)
    ).credit_product.is_active
    other = credit_product(client, currency="XXX")

    def names(**filters: Any) -> list[str]:
        page = client.catalog.ListCreditProducts(ListCreditProductsRequest(currency="xxx", **filters))
        return [product.name for product in page.credit_products]

    assert names() == [made.name, other.name]
    assert names(is_active=True) == [other.name]
    first = client.catalog.ListCreditProducts(ListCreditProductsRequest(currency="xxx", page_size=1))
    second = client.catalog.ListCreditProducts(
        ListCreditProductsRequest(currency="xxx", page_size=1, page_token=first.next_page_token)
    )
    assert [product.name for product in (*first.credit_products, *second.credit_products)] == names()
    assert second.next_page_token == ""
