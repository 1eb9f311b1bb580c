"""OrganizationService over a real channel."""

from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tenantry.v1.credits_pb2 import ConsumeCreditsRequest
from tenantry.v1.organizations_pb2 import (
    CreateOrganizationRequest,
    DeleteOrganizationRequest,
    GetOrganizationRequest,
    ListOrganizationsRequest,
    Organization,
    UpdateOrganizationRequest,
)
from tests.support.calls import organization, refused
from tests.support.server import Client


def test_what_is_created_is_found_by_id_and_by_slug(client: Client) -> None:
    name = f"Ünïted “Straße” {uuid4()}"
    slug = f"united-{uuid4()}"
    created = client.organizations.CreateOrganization(
        CreateOrganizationRequest(
            name=name, slug=slug, description="Makes\nthings", website="https://example.com/a?b=c"
        )
    ).organization
    assert UUID(created.id)
    assert (created.name, created.slug, created.description) == (name, slug, "Makes\nthings")
    assert (created.website, created.is_active, created.credit_balance) == ("https://example.com/a?b=c", True, 0)
    assert created.HasField("created_at")
    assert created.created_at == created.updated_at
    by_id = client.organizations.GetOrganization(GetOrganizationRequest(organization_id=created.id))
    by_slug = client.organizations.GetOrganization(GetOrganizationRequest(slug=slug))
    assert by_id.organization == by_slug.organization == created


def test_what_was_not_given_comes_back_unset(client: Client) -> None:
    created = organization(client)
    assert not created.HasField("description")
    assert not created.HasField("website")


def test_a_description_that_was_given_as_empty_is_not_unset(client: Client) -> None:
    name = f"org-{uuid4()}"
    created = client.organizations.CreateOrganization(
        CreateOrganizationRequest(name=name, slug=name, description="")
    ).organization
    assert created.HasField("description")
    assert created.description == ""


def test_both_id_and_slug_or_neither_is_refused(client: Client) -> None:
    acme = organization(client)
    for request in (
        GetOrganizationRequest(),
        GetOrganizationRequest(organization_id=acme.id, slug=acme.slug),
    ):
        failure = refused(client.organizations.GetOrganization, request)
        assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["organization_id"])


def walk(client: Client, add: int = 0, **filters: bool) -> list[Organization]:
    """Lists every organization in pages of 2, and adds the given number of organizations meanwhile."""
    found: list[Organization] = []
    token = ""
    while True:
        page = client.organizations.ListOrganizations(
            ListOrganizationsRequest(page_size=2, page_token=token, **filters)
        )
        found += page.organizations
        token = page.next_page_token
        if not token:
            return found
        assert len(page.organizations) == 2
        if add:
            organization(client)
            add -= 1


def test_pages_hold_every_organization_once_while_more_are_added(client: Client) -> None:
    before = [organization(client).id for _ in range(5)]
    found = walk(client, add=3)
    ids = [found_organization.id for found_organization in found]
    assert len(ids) == len(set(ids))
    assert [found_id for found_id in ids if found_id in before] == before
    times = [found_organization.created_at.ToNanoseconds() for found_organization in found]
    assert times == sorted(times)


def test_a_listing_can_be_kept_to_active_or_inactive_ones(client: Client) -> None:
    active, inactive = organization(client), organization(client)
    client.organizations.UpdateOrganization(UpdateOrganizationRequest(organization_id=inactive.id, is_active=False))
    assert {found.is_active for found in walk(client, is_active=True)} == {True}
    assert {found.is_active for found in walk(client, is_active=False)} == {False}
    assert active.id in {found.id for found in walk(client, is_active=True)}
    assert inactive.id in {found.id for found in walk(client, is_active=False)}


def test_a_page_is_not_longer_than_asked_for_and_1000_at_most(client: Client) -> None:
    for _ in range(2):
        organization(client)
    one = client.organizations.ListOrganizations(ListOrganizationsRequest(page_size=1))
    assert len(one.organizations) == 1
    many = client.organizations.ListOrganizations(ListOrganizationsRequest(page_size=2147483647))
    assert 2 <= len(many.organizations) <= 1000


def described(client: Client) -> Organization:
    name = f"org-{uuid4()}"
    return client.organizations.CreateOrganization(
        CreateOrganizationRequest(name=name, slug=name, description="old", website="https://old.example")
    ).organization


def test_an_update_without_mask_sets_what_has_a_value(client: Client) -> None:
    acme = described(client)
    changed = client.organizations.UpdateOrganization(
        UpdateOrganizationRequest(organization_id=acme.id, description="new", is_active=False)
    ).organization
    assert (changed.description, changed.is_active) == ("new", False)
    assert (changed.name, changed.slug, changed.website) == (acme.name, acme.slug, "https://old.example")
    assert changed.created_at == acme.created_at
    assert changed.updated_at.ToNanoseconds() > acme.updated_at.ToNanoseconds()
    assert client.organizations.GetOrganization(GetOrganizationRequest(organization_id=acme.id)).organization == changed


def test_an_update_with_mask_sets_just_the_fields_it_names(client: Client) -> None:
    acme = described(client)
    changed = client.organizations.UpdateOrganization(
        UpdateOrganizationRequest(
            organization_id=acme.id,
            description="new",
            website="https://new.example",
            update_mask=FieldMask(paths=["website"]),
        )
    ).organization
    assert (changed.description, changed.website) == ("old", "https://new.example")


def test_a_field_that_the_mask_names_and_has_no_value_is_cleared(client: Client) -> None:
    acme = described(client)
    changed = client.organizations.UpdateOrganization(
        UpdateOrganizationRequest(organization_id=acme.id, update_mask=FieldMask(paths=["description", "website"]))
    ).organization
    assert not changed.HasField("description")
    assert not changed.HasField("website")
    assert changed.name == acme.name


def test_the_mask_star_sets_every_field(client: Client) -> None:
    acme = described(client)
    name = f"new-{uuid4()}"
    changed = client.organizations.UpdateOrganization(
        UpdateOrganizationRequest(
            organization_id=acme.id, name=name, slug=name, is_active=True, update_mask=FieldMask(paths=["*"])
        )
    ).organization
    assert (changed.name, changed.slug, changed.is_active) == (name, name, True)
    assert not changed.HasField("description")
    assert not changed.HasField("website")


def test_a_required_field_cannot_be_cleared(client: Client) -> None:
    acme = described(client)
    failure = refused(
        client.organizations.UpdateOrganization,
        UpdateOrganizationRequest(organization_id=acme.id, update_mask=FieldMask(paths=["name"])),
    )
    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["name"])


def test_credits_coming_and_going_do_not_count_as_an_update(client: Client) -> None:
    acme = organization(client, 10)
    client.credits.ConsumeCredits(ConsumeCreditsRequest(organization_id=acme.id, amount=3))
    now = client.organizations.GetOrganization(GetOrganizationRequest(organization_id=acme.id)).organization
    assert (now.credit_balance, now.updated_at) == (7, acme.updated_at)


def test_a_deleted_organization_is_gone(client: Client) -> None:
    acme = organization(client)
    client.organizations.DeleteOrganization(DeleteOrganizationRequest(organization_id=acme.id))
    for call, request in (
        (client.organizations.GetOrganization, GetOrganizationRequest(organization_id=acme.id)),
        (client.organizations.GetOrganization, GetOrganizationRequest(slug=acme.slug)),
        (client.organizations.DeleteOrganization, DeleteOrganizationRequest(organization_id=acme.id)),
    ):
        failure = refused(call, request)
        assert (failure.code, failure.reason) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
        assert failure.metadata["resource"] == "organization"


@pytest.mark.parametrize("spent", [0, 10])
def test_an_organization_with_a_ledger_is_not_deleted(client: Client, spent: int) -> None:
    acme = organization(client, 10)
    if spent:
        client.credits.ConsumeCredits(ConsumeCreditsRequest(organization_id=acme.id, amount=spent))
    failure = refused(client.organizations.DeleteOrganization, DeleteOrganizationRequest(organization_id=acme.id))
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ORGANIZATION_HAS_HISTORY")
    assert failure.metadata["organization_id"] == acme.id
    assert "is_active" in failure.metadata["remedy"]
    assert client.organizations.GetOrganization(
        GetOrganizationRequest(organization_id=acme.id)
    ).organization.credit_balance == (10 - spent)
