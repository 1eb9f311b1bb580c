"""CatalogService over a real channel."""

from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from tenantry.v1.catalog_pb2 import (
    CreateCreditEventRequest,
    CreditEvent,
    GetCreditEventRequest,
    ListCreditEventsRequest,
    UpdateCreditEventRequest,
)
from tests.support.calls import credit_event, refused
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
    """Every credit event, in pages of 2; that many are added on the way."""
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
