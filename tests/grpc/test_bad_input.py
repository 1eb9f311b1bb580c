"""What every RPC does with input that it cannot take: a code, a reason and a field that say so, no word about the
inside of the database, and nothing written."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from tenantry.v1.access_pb2 import CreatePermissionRequest, CreateRoleRequest, ListPermissionsRequest
from tenantry.v1.billing_pb2 import BILLING_STATUS_PAID, BILLING_STATUS_PENDING, BILLING_STATUS_REFUNDED
from tenantry.v1.catalog_pb2 import (
    BILLING_INTERVAL_ANNUAL,
    BILLING_INTERVAL_DAILY,
    ArchiveSubscriptionPlanRequest,
    CreateCreditEventRequest,
    ListCreditEventsRequest,
    ListCreditProductsRequest,
    ListSubscriptionPlansRequest,
    UpdateCreditEventRequest,
)
from tenantry.v1.credits_pb2 import (
    CREDIT_TRANSACTION_TYPE_CONSUMED,
    GrantCreditsRequest,
    ListCreditTransactionsRequest,
)
from tenantry.v1.organizations_pb2 import (
    CreateOrganizationRequest,
    GetOrganizationRequest,
    ListOrganizationsRequest,
    UpdateOrganizationRequest,
)
from tenantry.v1.subscriptions_pb2 import (
    SUBSCRIPTION_STATUS_ACTIVE,
    SUBSCRIPTION_STATUS_EXPIRED,
    SUBSCRIPTION_STATUS_PAST_DUE,
    SUBSCRIPTION_STATUS_TRIAL,
)
from tests.support.calls import (
    METHODS,
    billing_record,
    credit_event,
    credit_product,
    invoke,
    organization,
    refused,
    request,
    subscription_plan,
)
from tests.support.postgres import Cluster, in_one_version
from tests.support.server import Client, Failure, Process

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")
TOKEN = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")
MISSING = (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
TAKEN = (grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS")
INACTIVE = (grpc.StatusCode.FAILED_PRECONDITION, "ORGANIZATION_INACTIVE")
EVENT_INACTIVE = (grpc.StatusCode.FAILED_PRECONDITION, "CREDIT_EVENT_INACTIVE")
SYSTEM = (grpc.StatusCode.FAILED_PRECONDITION, "SYSTEM_ROLE")
DENIED = (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
PLAN_IN_USE = (grpc.StatusCode.FAILED_PRECONDITION, "PLAN_IN_USE")
PRICE_TAKEN = (grpc.StatusCode.ALREADY_EXISTS, "STRIPE_PRICE_TAKEN")
REUSED = (grpc.StatusCode.FAILED_PRECONDITION, "REQUEST_ID_REUSED")
NO_WAY = (grpc.StatusCode.FAILED_PRECONDITION, "BILLING_TRANSITION_REFUSED")
FOLLOWS_STRIPE = (grpc.StatusCode.FAILED_PRECONDITION, "BILLING_RECORD_FOLLOWS_STRIPE")
SUBSCRIBED = (grpc.StatusCode.FAILED_PRECONDITION, "SUBSCRIPTION_EXISTS")
NOT_SOLD = (grpc.StatusCode.FAILED_PRECONDITION, "PLAN_INACTIVE")
NO_TRIAL = (grpc.StatusCode.FAILED_PRECONDITION, "NO_TRIAL")
NO_TRANSITION = (grpc.StatusCode.FAILED_PRECONDITION, "SUBSCRIPTION_TRANSITION")
AT_STRIPE = (grpc.StatusCode.FAILED_PRECONDITION, "MANAGED_BY_STRIPE")
NOT_AT_STRIPE = (grpc.StatusCode.FAILED_PRECONDITION, "NOT_AT_STRIPE")
ENDED = (grpc.StatusCode.FAILED_PRECONDITION, "SUBSCRIPTION_ENDED")
SIGNATURE = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_SIGNATURE")
OUT_OF_RANGE = (grpc.StatusCode.OUT_OF_RANGE, "BALANCE_OUT_OF_RANGE")

URLS = {"success_url": "https://acme.example/paid", "cancel_url": "https://acme.example/plans"}
NOBODY = "00000000-0000-4000-8000-000000000000"
ANY_UUID = "11111111-1111-4111-8111-111111111111"
ZERO, HOUR = Duration(), Duration(seconds=3600)

INSIDE = re.compile(
    r"select|insert|relation|constraint|column|syntax|function|violates|sql|pg_|public\.|tenantry\.(?!v1)|_key|_check|psycopg",
    re.IGNORECASE,
)
"""What nobody outside should read."""


@dataclass(frozen=True)
class World:
    """What the cases below speak of as $acme, $idle and so on."""

    client: Client
    names: dict[str, str]

    def request(self, method: str, fields: dict[str, Any]) -> Message:
        return request(
            method,
            **{
                name: self.names.get(value, value) if isinstance(value, str) else value
                for name, value in fields.items()
            },
        )


@pytest.fixture(scope="module")
def world(client: Client, cluster: Cluster) -> World:
    """An organization with 100 credits, a role of its own, a plan and bills, an inactive one, one whose account is
    full, an event at 5 credits, an inactive one, plans, products, a permission, and page tokens of listings."""
    acme, idle, rich = organization(client, 100), organization(client, 100), organization(client, 2147483647)
    client.organizations.UpdateOrganization(UpdateOrganizationRequest(organization_id=idle.id, is_active=False))
    image, retired = credit_event(client, 5), credit_event(client, 5)
    client.catalog.UpdateCreditEvent(UpdateCreditEventRequest(credit_event=retired.id, is_active=False))
    client.credits.GrantCredits(GrantCreditsRequest(organization_id=acme.id, amount=1))
    organizations = client.organizations.ListOrganizations(ListOrganizationsRequest(page_size=1))
    events = client.catalog.ListCreditEvents(ListCreditEventsRequest(page_size=1))
    entries = client.credits.ListCreditTransactions(ListCreditTransactionsRequest(organization_id=acme.id, page_size=1))
    assert organizations.next_page_token
    assert events.next_page_token
    assert entries.next_page_token
    permissions = client.access.ListPermissions(ListPermissionsRequest(page_size=1))
    assert permissions.next_page_token
    editor = client.access.CreateRole(CreateRoleRequest(name="editor", organization_id=acme.id)).role
    reports = f"reports-{uuid4()}"
    client.access.CreatePermission(CreatePermissionRequest(name=reports, resource=f"r{uuid4().hex}", action="read"))
    pro, team = subscription_plan(client, stripe_price_id=f"price_{uuid4().hex}"), subscription_plan(client)
    pack, box = credit_product(client, stripe_price_id=f"price_{uuid4().hex}"), credit_product(client)
    plans = client.catalog.ListSubscriptionPlans(ListSubscriptionPlansRequest(page_size=1))
    products = client.catalog.ListCreditProducts(ListCreditProductsRequest(page_size=1))
    assert plans.next_page_token
    assert products.next_page_token
    sold_out = subscription_plan(client)
    client.catalog.ArchiveSubscriptionPlan(ArchiveSubscriptionPlanRequest(subscription_plan=sold_out.id))
    bill = billing_record(client, acme.id, request_id="bill")
    invoice = billing_record(client, acme.id, stripe_invoice_id=f"in_{uuid4().hex}")
    payment = billing_record(client, acme.id, stripe_payment_intent_id=f"pi_{uuid4().hex}")
    with psycopg.connect(cluster.conninfo("serving"), autocommit=True) as admin:
        subscription, ended, stripes = (
            str(row[0])
            for row in admin.execute(
                "insert into public.organization_subscriptions (organization_id, subscription_plan_id,"
                " stripe_customer_id, stripe_subscription_id, status, ended_at) values"
                " (%(acme)s, %(pro)s, 'local', null, 'active', null),"
                " (%(acme)s, %(pro)s, 'cus_1', %(ended)s, 'cancelled', now()),"
                " (%(idle)s, %(pro)s, 'cus_2', %(stripes)s, 'active', null) returning id",
                {
                    "acme": acme.id,
                    "idle": idle.id,
                    "pro": pro.id,
                    "ended": f"sub_{uuid4().hex}",
                    "stripes": f"sub_{uuid4().hex}",
                },
            )
        )
    return World(
        client,
        {
            "$subscription": subscription,
            "$ended": ended,
            "$stripes": stripes,
            "$sold-out": sold_out.name,
            "$pro": pro.name,
            "$pro-price": pro.stripe_price_id,
            "$team": team.name,
            "$pack": pack.name,
            "$pack-price": pack.stripe_price_id,
            "$box": box.name,
            "$plans-token": plans.next_page_token,
            "$products-token": products.next_page_token,
            "$bill": bill.id,
            "$invoice": invoice.stripe_invoice_id,
            "$invoice-bill": invoice.id,
            "$payment": payment.stripe_payment_intent_id,
            "$acme": acme.id,
            "$acme-name": acme.name,
            "$acme-slug": acme.slug,
            "$idle": idle.id,
            "$rich": rich.id,
            "$image": image.name,
            "$image-id": image.id,
            "$retired": retired.name,
            "$organizations-token": organizations.next_page_token,
            "$organizations-token-cut": organizations.next_page_token[:-4],
            "$events-token": events.next_page_token,
            "$entries-token": entries.next_page_token,
            "$permissions-token": permissions.next_page_token,
            "$editor": editor.name,
            "$reports": reports,
        },
    )


@pytest.fixture(scope="module")
def serving_admin(cluster: Cluster, serving: Process) -> Iterator[psycopg.Connection]:
    """A connection to the server's database as the superuser."""
    assert serving
    with psycopg.connect(cluster.conninfo("serving"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def nothing_changes(serving_admin: psycopg.Connection, world: World) -> Iterator[None]:
    """Fails a test after which any table holds something else than before."""
    assert world.names  # made before the counting starts
    counted = "".join(
        f"select '{table}', count(*), md5(string_agg(t::text, ' ' order by t::text)) from {table} as t union all "
        for table in (
            "public.organizations",
            "public.credit_events",
            "public.subscription_plans",
            "public.credit_products",
            "public.billing_history",
            "public.organization_subscriptions",
            "tenantry.stripe_requests",
            "tenantry.auto_top_ups",
            "tenantry.credit_lots",
            "tenantry.audit_log",
        )
    )
    query = counted + "select 'entries', count(*), sum(amount)::text from public.credit_transactions"
    before = serving_admin.execute(query.encode()).fetchall()
    yield
    assert serving_admin.execute(query.encode()).fetchall() == before


def check(failure: Failure, expected: tuple[grpc.StatusCode, str], field: str | None) -> None:
    """The failure is the expected one, names the field, and tells nothing about the inside of the database."""
    assert (failure.code, failure.reason) == expected, failure
    assert failure.fields == ([field] if field else []), failure
    said = re.sub(r'"[^"]*"', "", failure.message)  # what the caller gave themselves may be anything
    assert not INSIDE.search(said), failure
    assert len(failure.message) < 500, failure


def struct(value: dict[str, Any]) -> Struct:
    message = Struct()
    message.update(value)
    return message


def mask(*paths: str) -> FieldMask:
    return FieldMask(paths=paths)


class Case(NamedTuple):
    """Method, fields of its request, what is answered, and which field is named."""

    method: str
    fields: dict[str, Any]
    expected: tuple[grpc.StatusCode, str]
    field: str | None


CASES = [
    Case("CreateOrganization", {"slug": "no-name"}, INVALID, "name"),
    Case("CreateOrganization", {"name": " \t", "slug": "blank"}, INVALID, "name"),
    Case("CreateOrganization", {"name": "n" * 101, "slug": "long"}, INVALID, "name"),
    Case("CreateOrganization", {"name": "No slug"}, INVALID, "slug"),
    Case("CreateOrganization", {"name": "Long", "slug": "s" * 101}, INVALID, "slug"),
    Case("CreateOrganization", {"name": "Upper", "slug": "Upper"}, INVALID, "slug"),
    Case("CreateOrganization", {"name": "Newline", "slug": "newline\n"}, INVALID, "slug"),
    Case("CreateOrganization", {"name": "Dash", "slug": "-dash"}, INVALID, "slug"),
    Case("CreateOrganization", {"name": "Site", "slug": "site", "website": "javascript:1"}, INVALID, "website"),
    Case("CreateOrganization", {"name": "S", "slug": "s", "website": "http://" + "h" * 500}, INVALID, "website"),
    Case("CreateOrganization", {"name": "$acme-name", "slug": "other"}, TAKEN, "name"),
    Case("CreateOrganization", {"name": "Other", "slug": "$acme-slug"}, TAKEN, "slug"),
    Case("GetOrganization", {}, INVALID, "organization_id"),
    Case("GetOrganization", {"organization_id": "$acme", "slug": "$acme-slug"}, INVALID, "organization_id"),
    Case("GetOrganization", {"organization_id": NOBODY}, MISSING, None),
    Case("GetOrganization", {"slug": "nobody-has-this"}, MISSING, None),
    Case("GetOrganization", {"slug": "' or true --"}, MISSING, None),
    Case("ListOrganizations", {"page_token": "$organizations-token-cut"}, TOKEN, "page_token"),
    Case("ListOrganizations", {"page_token": "$events-token"}, TOKEN, "page_token"),
    Case("ListOrganizations", {"page_token": "$organizations-token", "is_active": True}, TOKEN, "page_token"),
    Case("UpdateOrganization", {"name": "No id"}, INVALID, "organization_id"),
    Case("UpdateOrganization", {"organization_id": "$acme"}, INVALID, "update_mask"),
    Case("UpdateOrganization", {"organization_id": NOBODY, "name": "Nobody"}, MISSING, None),
    Case("UpdateOrganization", {"organization_id": "$idle", "name": "$acme-name"}, TAKEN, "name"),
    Case("UpdateOrganization", {"organization_id": "$idle", "slug": "$acme-slug"}, TAKEN, "slug"),
    Case("UpdateOrganization", {"organization_id": "$acme", "name": ""}, INVALID, "name"),
    Case("UpdateOrganization", {"organization_id": "$acme", "name": "n" * 101}, INVALID, "name"),
    Case("UpdateOrganization", {"organization_id": "$acme", "slug": "s" * 101}, INVALID, "slug"),
    Case("UpdateOrganization", {"organization_id": "$acme", "website": "http://" + "h" * 500}, INVALID, "website"),
    Case("UpdateOrganization", {"organization_id": "$acme", "update_mask": mask("slug")}, INVALID, "slug"),
    Case("UpdateOrganization", {"organization_id": "$acme", "update_mask": mask("id")}, INVALID, "update_mask"),
    Case("UpdateOrganization", {"organization_id": "$acme", "update_mask": mask("*", "x")}, INVALID, "update_mask"),
    Case(
        "UpdateOrganization",
        {"organization_id": "$acme", "update_mask": mask("credit_balance")},
        INVALID,
        "update_mask",
    ),
    Case("DeleteOrganization", {}, INVALID, "organization_id"),
    Case("DeleteOrganization", {"organization_id": NOBODY}, MISSING, None),
    Case("CreateCreditEvent", {"credit_cost": 1, "category": "compute"}, INVALID, "name"),
    Case("CreateCreditEvent", {"name": "n" * 101, "credit_cost": 1, "category": "compute"}, INVALID, "name"),
    Case("CreateCreditEvent", {"name": ANY_UUID, "credit_cost": 1, "category": "compute"}, INVALID, "name"),
    Case("CreateCreditEvent", {"name": "$image", "credit_cost": 1, "category": "compute"}, TAKEN, "name"),
    Case("CreateCreditEvent", {"name": "e", "category": "compute"}, INVALID, "credit_cost"),
    Case("CreateCreditEvent", {"name": "e", "credit_cost": 0, "category": "compute"}, INVALID, "credit_cost"),
    Case("CreateCreditEvent", {"name": "e", "credit_cost": -1, "category": "compute"}, INVALID, "credit_cost"),
    Case("CreateCreditEvent", {"name": "e", "credit_cost": 1}, INVALID, "category"),
    Case("CreateCreditEvent", {"name": "e", "credit_cost": 1, "category": "Two Words"}, INVALID, "category"),
    Case("CreateCreditEvent", {"name": "e", "credit_cost": 1, "category": "c" * 51}, INVALID, "category"),
    Case("GetCreditEvent", {}, INVALID, "credit_event"),
    Case("GetCreditEvent", {"credit_event": "nobody has this"}, MISSING, None),
    Case("GetCreditEvent", {"credit_event": NOBODY}, MISSING, None),
    Case("ListCreditEvents", {"page_token": "$organizations-token"}, TOKEN, "page_token"),
    Case("ListCreditEvents", {"page_token": "$events-token", "category": "compute"}, TOKEN, "page_token"),
    Case("UpdateCreditEvent", {"name": "No event"}, INVALID, "credit_event"),
    Case("UpdateCreditEvent", {"credit_event": "$image"}, INVALID, "update_mask"),
    Case("UpdateCreditEvent", {"credit_event": "nobody has this", "credit_cost": 2}, MISSING, None),
    Case("UpdateCreditEvent", {"credit_event": "$image", "name": "$retired"}, TAKEN, "name"),
    Case("UpdateCreditEvent", {"credit_event": "$image", "name": NOBODY}, INVALID, "name"),
    Case("UpdateCreditEvent", {"credit_event": "$image", "name": "n" * 101}, INVALID, "name"),
    Case("UpdateCreditEvent", {"credit_event": "$image", "category": "c" * 51}, INVALID, "category"),
    Case("UpdateCreditEvent", {"credit_event": "$image", "credit_cost": 0}, INVALID, "credit_cost"),
    Case("UpdateCreditEvent", {"credit_event": "$image", "update_mask": mask("credit_cost")}, INVALID, "credit_cost"),
    Case("UpdateCreditEvent", {"credit_event": "$image", "update_mask": mask("created_at")}, INVALID, "update_mask"),
    Case("GrantCredits", {"amount": 1}, INVALID, "organization_id"),
    Case("GrantCredits", {"organization_id": NOBODY, "amount": 1}, MISSING, None),
    Case("GrantCredits", {"organization_id": "$acme"}, INVALID, "amount"),
    Case("GrantCredits", {"organization_id": "$acme", "amount": 0}, INVALID, "amount"),
    Case("GrantCredits", {"organization_id": "$acme", "amount": -1}, INVALID, "amount"),
    Case("GrantCredits", {"organization_id": "$acme", "amount": -2147483648}, INVALID, "amount"),
    Case("GrantCredits", {"organization_id": "$rich", "amount": 1}, OUT_OF_RANGE, "amount"),
    Case("GrantCredits", {"organization_id": "$rich", "amount": 2147483647}, OUT_OF_RANGE, "amount"),
    Case(
        "GrantCredits",
        {"organization_id": "$acme", "amount": 1, "transaction_type": CREDIT_TRANSACTION_TYPE_CONSUMED},
        INVALID,
        "transaction_type",
    ),
    Case("GrantCredits", {"organization_id": "$acme", "amount": 1, "source": "Two Words"}, INVALID, "source"),
    Case("GrantCredits", {"organization_id": "$acme", "amount": 1, "source": "s" * 51}, INVALID, "source"),
    Case("GrantCredits", {"organization_id": "$acme", "amount": 1, "priority": 32768}, INVALID, "priority"),
    Case(
        "GrantCredits",
        {"organization_id": "$acme", "amount": 1, "expires_at": Timestamp(seconds=1)},
        INVALID,
        "expires_at",
    ),
    Case(
        "GrantCredits",
        {"organization_id": "$acme", "amount": 1, "stripe_payment_intent_id": "p" * 256},
        INVALID,
        "stripe_payment_intent_id",
    ),
    Case("GrantCredits", {"organization_id": "$acme", "amount": 1, "request_id": "r" * 256}, INVALID, "request_id"),
    Case("GrantCredits", {"organization_id": "$acme", "amount": 1, "request_id": "  "}, INVALID, "request_id"),
    Case("ConsumeCredits", {"amount": 1}, INVALID, "organization_id"),
    Case("ConsumeCredits", {"organization_id": NOBODY, "amount": 1}, MISSING, None),
    Case("ConsumeCredits", {"organization_id": "$idle", "amount": 1}, INACTIVE, None),
    Case("ConsumeCredits", {"organization_id": "$acme"}, INVALID, "amount"),
    Case("ConsumeCredits", {"organization_id": "$acme", "credit_event": "$image", "amount": 1}, INVALID, "amount"),
    Case("ConsumeCredits", {"organization_id": "$acme", "amount": 0}, INVALID, "amount"),
    Case("ConsumeCredits", {"organization_id": "$acme", "amount": -5}, INVALID, "amount"),
    Case("ConsumeCredits", {"organization_id": "$acme", "amount": -2147483648}, INVALID, "amount"),
    Case("ConsumeCredits", {"organization_id": "$acme", "amount": 1, "quantity": 1}, INVALID, "quantity"),
    Case("ConsumeCredits", {"organization_id": "$acme", "quantity": 1}, INVALID, "amount"),
    Case("ConsumeCredits", {"organization_id": "$acme", "credit_event": "$image", "quantity": 0}, INVALID, "quantity"),
    Case("ConsumeCredits", {"organization_id": "$acme", "credit_event": "$image", "quantity": -1}, INVALID, "quantity"),
    Case(
        "ConsumeCredits",
        {"organization_id": "$acme", "credit_event": "$image", "quantity": 2147483647},
        INVALID,
        "quantity",
    ),
    Case("ConsumeCredits", {"organization_id": "$acme", "credit_event": "nobody has this"}, MISSING, None),
    Case("ConsumeCredits", {"organization_id": "$acme", "credit_event": NOBODY}, MISSING, None),
    Case("ConsumeCredits", {"organization_id": "$acme", "credit_event": "$retired"}, EVENT_INACTIVE, None),
    Case("ConsumeCredits", {"organization_id": "$acme", "amount": 1, "request_id": "r" * 256}, INVALID, "request_id"),
    Case("ConsumeCredits", {"organization_id": "$acme", "amount": 1, "request_id": " "}, INVALID, "request_id"),
    Case("GetCreditBalance", {}, INVALID, "organization_id"),
    Case("GetCreditBalance", {"organization_id": NOBODY}, MISSING, None),
    Case("GetCreditTransaction", {"credit_transaction_id": NOBODY}, INVALID, "organization_id"),
    Case("GetCreditTransaction", {"organization_id": "$acme"}, INVALID, "credit_transaction_id"),
    Case("GetCreditTransaction", {"organization_id": "$acme", "credit_transaction_id": NOBODY}, MISSING, None),
    Case("ListCreditTransactions", {}, INVALID, "organization_id"),
    Case(
        "ListCreditTransactions",
        {"organization_id": "$idle", "page_token": "$entries-token"},
        TOKEN,
        "page_token",
    ),
    Case(
        "ListCreditTransactions",
        {"organization_id": "$acme", "page_token": "$entries-token", "oldest_first": True},
        TOKEN,
        "page_token",
    ),
    Case("CreateCreditTransaction", {"amount": 1}, INVALID, "organization_id"),
    Case("CreateCreditTransaction", {"organization_id": "$acme", "amount": 1}, INVALID, "transaction_type"),
    Case("BatchConsumeCredits", {}, INVALID, "items"),
    Case("ConsumeStream", {}, INVALID, "items"),
    Case("ListCreditLots", {}, INVALID, "organization_id"),
    Case("ListCreditLots", {"organization_id": NOBODY}, MISSING, None),
    Case("ListCreditLots", {"organization_id": "$acme", "page_token": "$entries-token"}, TOKEN, "page_token"),
    Case("ListExpiringCredits", {}, INVALID, "organization_id"),
    Case("ListExpiringCredits", {"organization_id": NOBODY}, MISSING, None),
    Case("ListAllocations", {"credit_transaction_id": NOBODY}, INVALID, "organization_id"),
    Case("ListAllocations", {"organization_id": "$acme"}, INVALID, "credit_transaction_id"),
    Case("ListAllocations", {"organization_id": "$acme", "credit_transaction_id": NOBODY}, MISSING, None),
    Case("ListAllocations", {"organization_id": "$acme", "lot_id": NOBODY}, MISSING, None),
    Case("HoldCredits", {"amount": 1}, INVALID, "organization_id"),
    Case("HoldCredits", {"organization_id": "$idle", "amount": 1}, INACTIVE, None),
    Case("HoldCredits", {"organization_id": "$acme", "amount": 0}, INVALID, "amount"),
    Case("HoldCredits", {"organization_id": "$acme", "amount": 1, "time_to_live": ZERO}, INVALID, "time_to_live"),
    Case("CaptureHold", {"hold_id": NOBODY}, INVALID, "organization_id"),
    Case("CaptureHold", {"organization_id": "$acme"}, INVALID, "hold_id"),
    Case("CaptureHold", {"organization_id": "$acme", "hold_id": NOBODY}, MISSING, None),
    Case("ReleaseHold", {"hold_id": NOBODY}, INVALID, "organization_id"),
    Case("ReleaseHold", {"organization_id": "$acme"}, INVALID, "hold_id"),
    Case("ReleaseHold", {"organization_id": "$acme", "hold_id": NOBODY}, MISSING, None),
    Case("ExtendHold", {"hold_id": NOBODY, "time_to_live": HOUR}, INVALID, "organization_id"),
    Case("ExtendHold", {"organization_id": "$acme", "time_to_live": HOUR}, INVALID, "hold_id"),
    Case("ExtendHold", {"organization_id": "$acme", "hold_id": NOBODY, "time_to_live": ZERO}, INVALID, "time_to_live"),
    Case("ListHolds", {}, INVALID, "organization_id"),
    Case("ListHolds", {"organization_id": "$acme", "page_token": "$entries-token"}, TOKEN, "page_token"),
    Case("RefundCredits", {"credit_transaction_id": NOBODY}, INVALID, "organization_id"),
    Case("RefundCredits", {"organization_id": "$acme"}, INVALID, "credit_transaction_id"),
    Case("RefundCredits", {"organization_id": "$acme", "credit_transaction_id": NOBODY}, MISSING, None),
    Case("RevokeCredits", {"credit_transaction_id": NOBODY}, INVALID, "organization_id"),
    Case("RevokeCredits", {"organization_id": "$acme"}, INVALID, "credit_transaction_id"),
    Case("RevokeCredits", {"organization_id": "$acme", "credit_transaction_id": NOBODY}, MISSING, None),
    Case("GetCreditUsage", {}, INVALID, "organization_id"),
    Case("GetCreditUsage", {"organization_id": "$acme", "time_zone": "Nowhere/Land"}, INVALID, "time_zone"),
    Case(
        "GetCreditUsage",
        {"organization_id": "$acme", "end_time": Timestamp(seconds=1), "start_time": Timestamp(seconds=2)},
        INVALID,
        "end_time",
    ),
    Case("EstimateRunway", {}, INVALID, "organization_id"),
    Case("EstimateRunway", {"organization_id": "$acme", "days": 0}, INVALID, "days"),
    Case("EstimateRunway", {"organization_id": "$acme", "days": 367}, INVALID, "days"),
    Case("VerifyLedger", {"organization_id": NOBODY}, MISSING, None),
    # What cannot be paid for, for whatever reason, cannot be afforded.
    Case("CanAfford", {"organization_id": "acme", "credit_event": "$image"}, INVALID, "organization_id"),
    Case("CreatePermission", {"resource": "reports", "action": "read"}, INVALID, "name"),
    Case("CreatePermission", {"name": "n" * 101, "resource": "reports", "action": "read"}, INVALID, "name"),
    Case("CreatePermission", {"name": ANY_UUID, "resource": "reports", "action": "read"}, INVALID, "name"),
    Case("CreatePermission", {"name": "n", "action": "read"}, INVALID, "resource"),
    Case("CreatePermission", {"name": "n", "resource": "Two Words", "action": "read"}, INVALID, "resource"),
    Case("CreatePermission", {"name": "n", "resource": "reports"}, INVALID, "action"),
    Case("CreatePermission", {"name": "n", "resource": "reports", "action": "a" * 51}, INVALID, "action"),
    Case("CreatePermission", {"name": "credits:read", "resource": "reports", "action": "read"}, TAKEN, "name"),
    Case("CreatePermission", {"name": "n", "resource": "credits", "action": "read"}, TAKEN, None),
    Case("GetPermission", {}, INVALID, "permission"),
    Case("GetPermission", {"permission": NOBODY}, MISSING, None),
    Case("GetPermission", {"permission": "' or true --"}, MISSING, None),
    Case("ListPermissions", {"page_token": "$permissions-token", "resource": "credits"}, TOKEN, "page_token"),
    Case("UpdatePermission", {"name": "No permission"}, INVALID, "permission"),
    Case("UpdatePermission", {"permission": "$reports"}, INVALID, "update_mask"),
    Case("UpdatePermission", {"permission": "nobody has this", "name": "n"}, MISSING, None),
    Case("UpdatePermission", {"permission": "$reports", "name": "n" * 101}, INVALID, "name"),
    Case("UpdatePermission", {"permission": "$reports", "name": "credits:read"}, TAKEN, "name"),
    Case("UpdatePermission", {"permission": "$reports", "update_mask": mask("action")}, INVALID, "action"),
    Case("UpdatePermission", {"permission": "credits:read", "name": "mine"}, SYSTEM, None),
    Case("DeletePermission", {}, INVALID, "permission"),
    Case("DeletePermission", {"permission": "nobody has this"}, MISSING, None),
    Case("DeletePermission", {"permission": "credits:read"}, SYSTEM, None),
    Case("CreateRole", {}, INVALID, "name"),
    Case("CreateRole", {"name": "n" * 51}, INVALID, "name"),
    Case("CreateRole", {"name": "own:x"}, INVALID, "name"),
    Case("CreateRole", {"name": "viewer"}, TAKEN, "name"),
    Case("CreateRole", {"name": "viewer", "organization_id": "$acme"}, INVALID, "name"),
    Case("CreateRole", {"name": "editor", "organization_id": "$acme"}, TAKEN, "display_name"),
    Case("CreateRole", {"name": "editor", "organization_id": NOBODY}, MISSING, None),
    Case("GetRole", {}, INVALID, "role"),
    Case("GetRole", {"role": NOBODY}, MISSING, None),
    Case("ListRoles", {"page_token": "$permissions-token"}, TOKEN, "page_token"),
    Case("UpdateRole", {"name": "No role"}, INVALID, "role"),
    Case("UpdateRole", {"role": "$editor"}, INVALID, "update_mask"),
    Case("UpdateRole", {"role": "nobody has this", "name": "n"}, MISSING, None),
    Case("UpdateRole", {"role": "$editor", "name": "n" * 51}, INVALID, "name"),
    Case("UpdateRole", {"role": "$editor", "update_mask": mask("name")}, INVALID, "name"),
    Case("UpdateRole", {"role": "viewer", "name": "mine"}, SYSTEM, None),
    Case("DeleteRole", {}, INVALID, "role"),
    Case("DeleteRole", {"role": "nobody has this"}, MISSING, None),
    Case("DeleteRole", {"role": "owner"}, SYSTEM, None),
    Case("AddRolePermission", {"permission": "credits:read"}, INVALID, "role"),
    Case("AddRolePermission", {"role": "$editor"}, INVALID, "permission"),
    Case("AddRolePermission", {"role": "$editor", "permission": "nobody has this"}, MISSING, None),
    Case("AddRolePermission", {"role": "viewer", "permission": "credits:grant"}, SYSTEM, None),
    Case("RemoveRolePermission", {"permission": "credits:read"}, INVALID, "role"),
    Case("RemoveRolePermission", {"role": "$editor"}, INVALID, "permission"),
    Case("RemoveRolePermission", {"role": "$editor", "permission": "credits:read"}, MISSING, None),
    Case("RemoveRolePermission", {"role": "viewer", "permission": "credits:read"}, SYSTEM, None),
    Case("ListRolePermissions", {}, INVALID, "role"),
    Case("ListRolePermissions", {"role": "nobody has this"}, MISSING, None),
    Case("AssignRole", {"role": "viewer", "organization_id": "$acme"}, INVALID, "user_id"),
    Case("AssignRole", {"user_id": NOBODY, "organization_id": "$acme"}, INVALID, "role"),
    Case("AssignRole", {"user_id": NOBODY, "role": "viewer", "organization_id": "$acme"}, MISSING, None),
    Case("AssignRole", {"user_id": NOBODY, "role": "$editor", "organization_id": "$idle"}, MISSING, None),
    Case("UpdateRoleAssignment", {"role": "viewer"}, INVALID, "user_role_id"),
    Case("UpdateRoleAssignment", {"user_role_id": NOBODY, "role": "viewer"}, MISSING, None),
    Case("RemoveRoleAssignment", {}, INVALID, "user_role_id"),
    Case("RemoveRoleAssignment", {"user_role_id": NOBODY}, MISSING, None),
    Case("GetRoleAssignment", {}, INVALID, "user_role_id"),
    Case("GetRoleAssignment", {"user_role_id": NOBODY}, MISSING, None),
    Case("ListRoleAssignments", {"page_token": "$permissions-token"}, TOKEN, "page_token"),
    Case("ListUserRoles", {}, INVALID, "user_id"),
    Case("CheckPermission", {"organization_id": "$acme", "user_id": NOBODY}, INVALID, "permission"),
    Case("CheckPermission", {"permission": "credits", "user_id": NOBODY}, INVALID, "permission"),
    Case("CheckPermission", {"permission": "credits:read"}, INVALID, "user_id"),
    Case("BatchCheckPermissions", {"permissions": ["credits:read"], "user_id": NOBODY}, INVALID, "organization_ids"),
    Case("BatchCheckPermissions", {"organization_ids": [NOBODY], "user_id": NOBODY}, INVALID, "permissions"),
    Case("BatchCheckPermissions", {"organization_ids": ["acme"], "permissions": ["a:b"]}, INVALID, "organization_ids"),
    Case("BatchCheckPermissions", {"organization_ids": [NOBODY], "permissions": ["a"]}, INVALID, "permission"),
    Case(
        "BatchCheckPermissions",
        {"organization_ids": [NOBODY] * 101, "permissions": ["a:b"] * 100},
        INVALID,
        "permissions",
    ),
    Case("ExplainPermission", {"organization_id": "$acme", "user_id": NOBODY}, INVALID, "permission"),
    Case("ExplainPermission", {"organization_id": "$acme", "permission": "credits:read"}, INVALID, "user_id"),
    Case("ListUsersWithPermission", {"organization_id": "$acme"}, INVALID, "permission"),
    Case("TransferOwnership", {"user_id": NOBODY, "from_user_id": ANY_UUID}, INVALID, "organization_id"),
    Case("TransferOwnership", {"organization_id": "$acme", "from_user_id": ANY_UUID}, INVALID, "user_id"),
    Case("TransferOwnership", {"organization_id": "$acme", "user_id": NOBODY}, INVALID, "from_user_id"),
    Case(
        "TransferOwnership", {"organization_id": "$acme", "user_id": NOBODY, "from_user_id": NOBODY}, INVALID, "user_id"
    ),
    Case("TransferOwnership", {"organization_id": "$acme", "user_id": NOBODY, "from_user_id": ANY_UUID}, MISSING, None),
    Case("ListMembers", {}, INVALID, "organization_id"),
    Case("InviteMember", {"email": "a@example.com", "role": "viewer"}, INVALID, "organization_id"),
    Case("InviteMember", {"organization_id": "$acme", "role": "viewer"}, INVALID, "email"),
    Case("InviteMember", {"organization_id": "$acme", "email": "nobody", "role": "viewer"}, INVALID, "email"),
    Case("InviteMember", {"organization_id": "$acme", "email": "a@example.com"}, INVALID, "role"),
    Case("InviteMember", {"organization_id": "$acme", "email": "a@b.c", "role": "nobody has this"}, MISSING, None),
    Case(
        "InviteMember",
        {"organization_id": "$acme", "email": "a@b.c", "role": "viewer", "time_to_live": ZERO},
        INVALID,
        "time_to_live",
    ),
    Case("InviteMember", {"organization_id": NOBODY, "email": "a@b.c", "role": "viewer"}, MISSING, None),
    Case("AcceptInvitation", {"token": "x"}, DENIED, None),
    Case("RevokeInvitation", {"invitation_id": NOBODY}, INVALID, "organization_id"),
    Case("RevokeInvitation", {"organization_id": "$acme"}, INVALID, "invitation_id"),
    Case("RevokeInvitation", {"organization_id": "$acme", "invitation_id": NOBODY}, MISSING, None),
    Case("ListInvitations", {}, INVALID, "organization_id"),
    Case("ListUserOrganizations", {}, INVALID, "user_id"),
    Case("ListAuditEvents", {"page_token": "$permissions-token"}, TOKEN, "page_token"),
]

CASES += [
    *[
        Case(method, {"name": "new", "price_amount": 1, **more, **change}, expected, field)
        for method, more in (
            ("CreateSubscriptionPlan", {"interval": BILLING_INTERVAL_ANNUAL}),
            ("CreateCreditProduct", {"credit_amount": 1}),
        )
        for change, expected, field in (
            ({"name": ""}, INVALID, "name"),
            ({"name": "n" * 101}, INVALID, "name"),
            ({"name": ANY_UUID}, INVALID, "name"),
            ({"name": "price_1"}, INVALID, "name"),
            ({"name": "local:x"}, INVALID, "name"),
            ({"price_amount": None}, INVALID, "price_amount"),
            ({"price_amount": -1}, INVALID, "price_amount"),
            ({"price_amount": -2147483648}, INVALID, "price_amount"),
            ({"currency": "US"}, INVALID, "currency"),
            ({"currency": "'; -"}, INVALID, "currency"),
            ({"stripe_price_id": "p" * 256}, INVALID, "stripe_price_id"),
            ({"stripe_price_id": "local:x"}, INVALID, "stripe_price_id"),
            ({"stripe_product_id": "two words"}, INVALID, "stripe_product_id"),
        )
    ],
    *[
        Case(
            "CreateSubscriptionPlan",
            {"name": "new", "price_amount": 1, "interval": BILLING_INTERVAL_ANNUAL, **change},
            expected,
            field,
        )
        for change, expected, field in (
            ({"name": "$pro"}, TAKEN, "name"),
            ({"stripe_price_id": "$pro-price"}, TAKEN, "stripe_price_id"),
            ({"stripe_price_id": "$pack-price"}, PRICE_TAKEN, "stripe_price_id"),
            ({"interval": None}, INVALID, "interval"),
            ({"interval_count": 0}, INVALID, "interval_count"),
            ({"interval_count": 4}, INVALID, "interval_count"),
            ({"interval_count": 2147483647}, INVALID, "interval_count"),
            ({"included_credits": -1}, INVALID, "included_credits"),
            ({"max_users": 0}, INVALID, "max_users"),
            ({"trial_period_days": 731}, INVALID, "trial_period_days"),
            ({"features": struct({"grace_days": 1.5})}, INVALID, "features"),
            ({"features": struct({"credit_rollover": "some"})}, INVALID, "features"),
            ({"features": struct({"trial": True})}, INVALID, "features"),
        )
    ],
    *[
        Case("CreateCreditProduct", {"name": "new", "price_amount": 1, "credit_amount": 1, **change}, expected, field)
        for change, expected, field in (
            ({"name": "$pack"}, TAKEN, "name"),
            ({"stripe_price_id": "$pack-price"}, TAKEN, "stripe_price_id"),
            ({"stripe_price_id": "$pro-price"}, PRICE_TAKEN, "stripe_price_id"),
            ({"price_amount": 0}, INVALID, "price_amount"),
            ({"credit_amount": None}, INVALID, "credit_amount"),
            ({"credit_amount": 0}, INVALID, "credit_amount"),
            ({"credit_amount": -2147483648}, INVALID, "credit_amount"),
        )
    ],
    Case("GetSubscriptionPlan", {}, INVALID, "subscription_plan"),
    Case("GetSubscriptionPlan", {"subscription_plan": NOBODY}, MISSING, None),
    Case("GetSubscriptionPlan", {"subscription_plan": "' or true --"}, MISSING, None),
    Case("GetSubscriptionPlan", {"subscription_plan": "price_nobody"}, MISSING, None),
    Case("GetSubscriptionPlan", {"subscription_plan": "$pack-price"}, MISSING, None),
    Case("ListSubscriptionPlans", {"currency": "euro"}, INVALID, "currency"),
    Case("ListSubscriptionPlans", {"page_token": "$products-token"}, TOKEN, "page_token"),
    Case("ListSubscriptionPlans", {"page_token": "$plans-token", "is_active": True}, TOKEN, "page_token"),
    Case("UpdateSubscriptionPlan", {"name": "new"}, INVALID, "subscription_plan"),
    Case("UpdateSubscriptionPlan", {"subscription_plan": "$team"}, INVALID, "update_mask"),
    Case("UpdateSubscriptionPlan", {"subscription_plan": NOBODY, "name": "new"}, MISSING, None),
    Case("UpdateSubscriptionPlan", {"subscription_plan": "$team", "name": "$pro"}, TAKEN, "name"),
    Case("UpdateSubscriptionPlan", {"subscription_plan": "$team", "name": "price_1"}, INVALID, "name"),
    Case("UpdateSubscriptionPlan", {"subscription_plan": "$team", "stripe_price_id": ""}, INVALID, "stripe_price_id"),
    Case(
        "UpdateSubscriptionPlan",
        {"subscription_plan": "$team", "stripe_price_id": "$pro-price"},
        TAKEN,
        "stripe_price_id",
    ),
    Case(
        "UpdateSubscriptionPlan",
        {"subscription_plan": "$team", "stripe_price_id": "$pack-price"},
        PRICE_TAKEN,
        "stripe_price_id",
    ),
    Case(
        "UpdateSubscriptionPlan",
        {"subscription_plan": "$team", "update_mask": mask("interval")},
        INVALID,
        "interval",
    ),
    Case("UpdateSubscriptionPlan", {"subscription_plan": "$pro", "price_amount": 1}, PLAN_IN_USE, "price_amount"),
    Case("UpdateSubscriptionPlan", {"subscription_plan": "$pro", "currency": "EUR"}, PLAN_IN_USE, "currency"),
    Case(
        "UpdateSubscriptionPlan",
        {"subscription_plan": "$pro", "interval": BILLING_INTERVAL_DAILY},
        PLAN_IN_USE,
        "interval",
    ),
    Case("UpdateSubscriptionPlan", {"subscription_plan": "$pro", "interval_count": 2}, PLAN_IN_USE, "interval_count"),
    Case("UpdateSubscriptionPlan", {"subscription_plan": "$pro", "is_active": False}, PLAN_IN_USE, "is_active"),
    Case(
        "UpdateSubscriptionPlan",
        {"subscription_plan": "$pro", "stripe_price_id": "price_other"},
        PLAN_IN_USE,
        "stripe_price_id",
    ),
    Case("ArchiveSubscriptionPlan", {}, INVALID, "subscription_plan"),
    Case("ArchiveSubscriptionPlan", {"subscription_plan": NOBODY, "force": True}, MISSING, None),
    Case("ArchiveSubscriptionPlan", {"subscription_plan": "$pro"}, PLAN_IN_USE, None),
    Case("GetCreditProduct", {}, INVALID, "credit_product"),
    Case("GetCreditProduct", {"credit_product": NOBODY}, MISSING, None),
    Case("GetCreditProduct", {"credit_product": "$pro"}, MISSING, None),
    Case("ListCreditProducts", {"currency": "euro"}, INVALID, "currency"),
    Case("ListCreditProducts", {"page_token": "$plans-token"}, TOKEN, "page_token"),
    Case("ListCreditProducts", {"page_token": "$products-token", "currency": "EUR"}, TOKEN, "page_token"),
    Case("UpdateCreditProduct", {"name": "new"}, INVALID, "credit_product"),
    Case("UpdateCreditProduct", {"credit_product": "$box"}, INVALID, "update_mask"),
    Case("UpdateCreditProduct", {"credit_product": NOBODY, "name": "new"}, MISSING, None),
    Case("UpdateCreditProduct", {"credit_product": "$box", "name": "$pack"}, TAKEN, "name"),
    Case("UpdateCreditProduct", {"credit_product": "$box", "price_amount": 0}, INVALID, "price_amount"),
    Case("UpdateCreditProduct", {"credit_product": "$box", "credit_amount": -1}, INVALID, "credit_amount"),
    Case("UpdateCreditProduct", {"credit_product": "$box", "currency": ""}, INVALID, "currency"),
    Case("UpdateCreditProduct", {"credit_product": "$box", "stripe_price_id": "$pack-price"}, TAKEN, "stripe_price_id"),
    Case(
        "UpdateCreditProduct",
        {"credit_product": "$box", "stripe_price_id": "$pro-price"},
        PRICE_TAKEN,
        "stripe_price_id",
    ),
    Case("UpdateCreditProduct", {"credit_product": "$box", "update_mask": mask("name")}, INVALID, "name"),
    Case("ArchiveCreditProduct", {}, INVALID, "credit_product"),
    Case("ArchiveCreditProduct", {"credit_product": NOBODY}, MISSING, None),
    Case("CreateBillingRecord", {"amount": 1}, INVALID, "organization_id"),
    Case("CreateBillingRecord", {"organization_id": NOBODY, "amount": 1}, MISSING, None),
    *[
        Case("CreateBillingRecord", {"organization_id": "$acme", "amount": 1, **change}, expected, field)
        for change, expected, field in (
            ({"amount": None}, INVALID, "amount"),
            ({"amount": 0}, INVALID, "amount"),
            ({"amount": -2147483648}, INVALID, "amount"),
            ({"currency": "dollars"}, INVALID, "currency"),
            ({"billing_reason": "Two Words"}, INVALID, "billing_reason"),
            ({"billing_reason": "b" * 51}, INVALID, "billing_reason"),
            ({"invoice_url": "javascript:1"}, INVALID, "invoice_url"),
            ({"receipt_url": "ftp://x"}, INVALID, "receipt_url"),
            ({"paid_at": Timestamp(seconds=1)}, INVALID, "paid_at"),
            ({"status": BILLING_STATUS_PAID, "paid_at": Timestamp(seconds=10**11)}, INVALID, "paid_at"),
            ({"stripe_invoice_id": "i" * 256}, INVALID, "stripe_invoice_id"),
            ({"stripe_invoice_id": "$invoice"}, TAKEN, "stripe_invoice_id"),
            ({"stripe_payment_intent_id": "p" * 256}, INVALID, "stripe_payment_intent_id"),
            ({"stripe_payment_intent_id": "$payment"}, TAKEN, "stripe_payment_intent_id"),
            ({"request_id": "r" * 256}, INVALID, "request_id"),
            ({"request_id": " "}, INVALID, "request_id"),
            ({"request_id": "bill"}, REUSED, "request_id"),
        )
    ],
    Case("GetBillingRecord", {"billing_record_id": NOBODY}, INVALID, "organization_id"),
    Case("GetBillingRecord", {"organization_id": "$acme"}, INVALID, "billing_record_id"),
    Case("GetBillingRecord", {"organization_id": "$acme", "billing_record_id": NOBODY}, MISSING, None),
    Case("GetBillingRecord", {"organization_id": "$idle", "billing_record_id": "$bill"}, MISSING, None),
    Case("GetBillingRecord", {"organization_id": "$acme", "stripe_invoice_id": "' or true --"}, MISSING, None),
    Case(
        "GetBillingRecord",
        {"organization_id": "$acme", "billing_record_id": "$bill", "stripe_invoice_id": "$invoice"},
        INVALID,
        "billing_record_id",
    ),
    Case("ListBillingRecords", {}, INVALID, "organization_id"),
    Case("ListBillingRecords", {"organization_id": "$acme", "page_token": "$plans-token"}, TOKEN, "page_token"),
    Case("UpdateBillingRecord", {"billing_record_id": "$bill", "description": "x"}, INVALID, "organization_id"),
    Case("UpdateBillingRecord", {"organization_id": "$acme", "description": "x"}, INVALID, "billing_record_id"),
    *[
        Case(
            "UpdateBillingRecord", {"organization_id": "$acme", "billing_record_id": "$bill", **change}, expected, field
        )
        for change, expected, field in (
            ({}, INVALID, "update_mask"),
            ({"billing_record_id": NOBODY, "description": "x"}, MISSING, None),
            ({"organization_id": "$idle", "description": "x"}, MISSING, None),
            ({"status": BILLING_STATUS_REFUNDED}, NO_WAY, "status"),
            ({"update_mask": mask("status")}, INVALID, "status"),
            ({"update_mask": mask("amount")}, INVALID, "update_mask"),
            ({"amount_refunded": 1}, INVALID, "amount_refunded"),
            ({"amount_refunded": -1}, INVALID, "amount_refunded"),
            ({"status": BILLING_STATUS_PAID, "amount_refunded": 2147483647}, INVALID, "amount_refunded"),
            ({"invoice_url": "x"}, INVALID, "invoice_url"),
            ({"paid_at": Timestamp(seconds=1)}, INVALID, "paid_at"),
            ({"billing_record_id": "$invoice-bill", "status": BILLING_STATUS_PENDING}, FOLLOWS_STRIPE, None),
        )
    ],
    Case("GetBillingSummary", {}, INVALID, "organization_id"),
    Case("CreateSubscription", {}, INVALID, "organization_id"),
    *[
        Case("CreateSubscription", {"organization_id": "$rich"} | fields, expected, field)
        for fields, expected, field in (
            ({}, INVALID, "subscription_plan"),
            ({"subscription_plan": NOBODY}, MISSING, None),
            ({"subscription_plan": "$sold-out"}, NOT_SOLD, None),
            ({"subscription_plan": "$team", "organization_id": NOBODY}, MISSING, None),
            ({"subscription_plan": "$team", "organization_id": "$acme"}, SUBSCRIBED, None),
            (
                {"subscription_plan": "$team", "current_period_start": Timestamp(seconds=4102444800)},
                INVALID,
                "current_period_start",
            ),
            (
                {"subscription_plan": "$team", "current_period_start": Timestamp(seconds=1)},
                INVALID,
                "current_period_start",
            ),
        )
    ],
    Case("StartTrial", {}, INVALID, "organization_id"),
    Case("StartTrial", {"organization_id": "$rich"}, INVALID, "subscription_plan"),
    Case("StartTrial", {"organization_id": "$rich", "subscription_plan": "$sold-out"}, NOT_SOLD, None),
    Case("StartTrial", {"organization_id": "$rich", "subscription_plan": "$team"}, NO_TRIAL, None),
    Case("GetSubscription", {}, INVALID, "subscription_id"),
    Case("GetSubscription", {"subscription_id": NOBODY, "organization_id": "$acme"}, INVALID, "subscription_id"),
    Case("GetSubscription", {"subscription_id": NOBODY}, MISSING, None),
    Case("GetSubscription", {"stripe_subscription_id": "sub_none"}, MISSING, None),
    Case("GetSubscription", {"organization_id": "$rich"}, MISSING, None),
    Case("ListSubscriptions", {"subscription_plan": "none"}, MISSING, None),
    Case("ListSubscriptions", {"page_token": "$plans-token"}, TOKEN, "page_token"),
    Case("UpdateSubscription", {"status": SUBSCRIPTION_STATUS_ACTIVE}, INVALID, "subscription_id"),
    *[
        Case("UpdateSubscription", {"subscription_id": "$subscription"} | fields, expected, field)
        for fields, expected, field in (
            ({}, INVALID, "update_mask"),
            ({"subscription_id": NOBODY, "status": SUBSCRIPTION_STATUS_ACTIVE}, MISSING, None),
            ({"subscription_id": "$ended", "status": SUBSCRIPTION_STATUS_ACTIVE}, AT_STRIPE, None),
            ({"subscription_id": "$stripes", "status": SUBSCRIPTION_STATUS_PAST_DUE}, AT_STRIPE, None),
            ({"status": SUBSCRIPTION_STATUS_TRIAL}, NO_TRANSITION, None),
            ({"status": SUBSCRIPTION_STATUS_EXPIRED}, NO_TRANSITION, None),
            ({"update_mask": mask("status")}, INVALID, "status"),
            ({"trial_end": Timestamp(seconds=4102444800)}, INVALID, "trial_end"),
            ({"current_period_end": Timestamp(seconds=1)}, INVALID, "current_period_end"),
            ({"update_mask": mask("current_period_end")}, INVALID, "current_period_end"),
        )
    ],
    Case("CancelSubscription", {}, INVALID, "subscription_id"),
    Case("CancelSubscription", {"subscription_id": NOBODY}, MISSING, None),
    Case("CancelSubscription", {"subscription_id": "$ended"}, ENDED, None),
    Case("ResumeSubscription", {}, INVALID, "subscription_id"),
    Case("ResumeSubscription", {"subscription_id": NOBODY}, MISSING, None),
    Case("ResumeSubscription", {"subscription_id": "$ended"}, ENDED, None),
    Case("ChangePlan", {}, INVALID, "subscription_id"),
    Case("ChangePlan", {"subscription_id": NOBODY, "subscription_plan": "$team"}, MISSING, None),
    Case("ChangePlan", {"subscription_id": "$ended", "subscription_plan": "$team"}, ENDED, None),
    Case("ChangePlan", {"subscription_id": "$subscription"}, INVALID, "subscription_plan"),
    Case("ChangePlan", {"subscription_id": "$subscription", "subscription_plan": "$sold-out"}, NOT_SOLD, None),
    Case("ChangePlan", {"subscription_id": "$stripes", "subscription_plan": "$team"}, INVALID, "subscription_plan"),
    *[
        Case(method, fields, INVALID, "organization_id")
        for method, fields in (
            ("EnsureCustomer", {}),
            ("CreateCheckoutSession", {"subscription_plan": "$pro"}),
            ("CreatePortalSession", {"return_url": "https://acme.example"}),
            ("SetAutoTopUp", {"credit_product": "$pack", "threshold": 1, "monthly_cap": 1}),
            ("GetAutoTopUp", {}),
            ("DisableAutoTopUp", {}),
        )
    ],
    Case("EnsureCustomer", {"organization_id": NOBODY}, MISSING, None),
    Case("EnsureCustomer", {"organization_id": "$acme", "email": "acme"}, INVALID, "email"),
    *[
        Case("CreateCheckoutSession", {"organization_id": "$acme"} | URLS | fields, expected, field)
        for fields, expected, field in (
            ({}, INVALID, "subscription_plan"),
            ({"subscription_plan": "$pro", "credit_product": "$pack"}, INVALID, "credit_product"),
            ({"subscription_plan": "$pro", "success_url": ""}, INVALID, "success_url"),
            ({"subscription_plan": "$pro", "cancel_url": "javascript:alert(1)"}, INVALID, "cancel_url"),
            ({"subscription_plan": "$pro", "email": "@"}, INVALID, "email"),
            ({"subscription_plan": "$pro", "quantity": 2}, INVALID, "quantity"),
            ({"subscription_plan": "$team"}, NOT_AT_STRIPE, None),
            ({"subscription_plan": "$sold-out"}, NOT_SOLD, None),
            ({"subscription_plan": "none"}, MISSING, None),
            ({"subscription_plan": "$pro", "organization_id": "$idle"}, SUBSCRIBED, None),
            ({"credit_product": "$pack", "quantity": 0}, INVALID, "quantity"),
            ({"credit_product": "$pack", "quantity": 1001}, INVALID, "quantity"),
            ({"credit_product": "$box"}, NOT_AT_STRIPE, None),
            ({"credit_product": "none"}, MISSING, None),
        )
    ],
    Case("CreatePortalSession", {"organization_id": "$acme", "return_url": "acme"}, INVALID, "return_url"),
    Case("SyncCatalog", {}, INVALID, "direction"),
    *[
        Case(
            "SetAutoTopUp",
            {"organization_id": "$acme", "credit_product": "$pack", "threshold": 1, "monthly_cap": 1} | fields,
            expected,
            field,
        )
        for fields, expected, field in (
            ({"credit_product": ""}, INVALID, "credit_product"),
            ({"credit_product": "none"}, MISSING, None),
            ({"threshold": 0}, INVALID, "threshold"),
            ({"threshold": 2147483647}, INVALID, "threshold"),
            ({"monthly_cap": 0}, INVALID, "monthly_cap"),
            ({"organization_id": NOBODY}, MISSING, None),
        )
    ],
    Case("GetAutoTopUp", {"organization_id": "$acme"}, MISSING, None),
    Case("DisableAutoTopUp", {"organization_id": NOBODY}, MISSING, None),
    Case("GetStripeRequest", {"organization_id": "$acme"}, INVALID, "stripe_request_id"),
    Case("GetStripeRequest", {"stripe_request_id": NOBODY}, MISSING, None),
    Case("ListStripeRequests", {"page_token": "$plans-token"}, TOKEN, "page_token"),
    Case("GetEntitlements", {}, INVALID, "organization_id"),
    Case("GetEntitlements", {"organization_id": NOBODY}, MISSING, None),
    Case("CheckFeature", {"feature": "exports"}, INVALID, "organization_id"),
    Case("CheckFeature", {"organization_id": "$acme"}, INVALID, "feature"),
    Case("CheckFeature", {"organization_id": "$acme", "feature": "a", "used": -1}, INVALID, "used"),
    Case("ProcessStripeEvent", {}, SIGNATURE, "signature"),
    Case("ProcessStripeEvent", {"payload": b"{}", "signature": "t=1,v1=00"}, SIGNATURE, "signature"),
    Case("GetStripeEvent", {}, INVALID, "stripe_event_id"),
    Case("GetStripeEvent", {"stripe_event_id": "evt_of_nobody"}, MISSING, None),
    Case("ListStripeEvents", {"page_size": -1}, INVALID, "page_size"),
    Case("RetryStripeEvents", {"max_events": 0}, INVALID, "max_events"),
    Case("RetryStripeEvents", {"max_events": -1}, INVALID, "max_events"),
]


def _id(case: Case) -> str:
    shown = {name: value[:20] if isinstance(value, str) else str(value).strip() for name, value in case.fields.items()}
    return f"{case.method}-{json.dumps(shown)}"


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("case", CASES, ids=_id)
def test_what_cannot_be_done_is_refused_by_field_and_reason(world: World, case: Case) -> None:
    sent = world.request(case.method, case.fields)
    check(refused(invoke, world.client.channel, case.method, sent), case.expected, case.field)


# What no method takes, whatever else the request says: these cases follow from the protos.


def fields_of(message_type: str | None = None, *, name: str = "") -> list[tuple[str, str]]:
    """Every (method, field) whose field has that message type, or that name; else every string."""
    return [
        (method.name, field.name)
        for method in METHODS.values()
        for field in method.input_type.fields
        if (
            field.name == name
            if name
            else (field.message_type and field.message_type.full_name == message_type)
            if message_type
            else field.type == FieldDescriptor.TYPE_STRING
        )
    ]


def uuid_fields() -> list[tuple[str, str]]:
    return [(method, field) for method, field in fields_of() if field.endswith("_id") and field not in TEXT_IDS]


TEXT_IDS = {
    "stripe_event_id",
    "request_id",
    "stripe_payment_intent_id",
    "stripe_invoice_id",
    "stripe_price_id",
    "stripe_product_id",
    "stripe_subscription_id",
}


@in_one_version
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "field"), uuid_fields())
@pytest.mark.parametrize(
    "value", ["acme", ANY_UUID[:-1], ANY_UUID + "0", ANY_UUID + "\n", "{" + ANY_UUID + "}", "'", "１" + ANY_UUID[1:]]
)
def test_what_is_no_uuid_is_refused(client: Client, method: str, field: str, value: str) -> None:
    check(refused(invoke, client.channel, method, request(method, **{field: value})), INVALID, field)


@in_one_version
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "field"), fields_of())
def test_the_character_nul_is_refused_in_every_text(client: Client, method: str, field: str) -> None:
    expected = SIGNATURE if (method, field) == ("ProcessStripeEvent", "signature") else INVALID
    check(refused(invoke, client.channel, method, request(method, **{field: "a\0b"})), expected, field)


@in_one_version
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "field"), fields_of("google.protobuf.Struct"))
@pytest.mark.parametrize(
    "value",
    [
        {"a": float("nan")},
        {"a": [float("inf")]},
        {"a": "\0"},
        {"\0": 1},
        {"a": {"b": ["\\\0"]}},
    ],
    ids=repr,
)
def test_what_json_does_not_hold_is_refused_in_every_struct(
    client: Client, method: str, field: str, value: dict[str, Any]
) -> None:
    check(refused(invoke, client.channel, method, request(method, **{field: struct(value)})), INVALID, field)


@in_one_version
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "field"), fields_of("google.protobuf.Timestamp"))
@pytest.mark.parametrize(
    "value",
    [Timestamp(seconds=10**15), Timestamp(seconds=-(10**15)), Timestamp(nanos=-1), Timestamp(nanos=2 * 10**9)],
    ids=lambda value: str(value).strip(),
)
def test_what_is_no_time_is_refused(client: Client, method: str, field: str, value: Timestamp) -> None:
    check(refused(invoke, client.channel, method, request(method, **{field: value})), INVALID, field)


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "field"), fields_of("google.protobuf.FieldMask"))
@pytest.mark.parametrize("path", ["nothing", "'", "name.x", "", "created_at"])
def test_an_unknown_path_is_refused_in_every_mask(world: World, method: str, field: str, path: str) -> None:
    target = {
        "UpdateOrganization": {"organization_id": "$acme"},
        "UpdateCreditEvent": {"credit_event": "$image"},
        "UpdatePermission": {"permission": "$reports"},
        "UpdateRole": {"role": "$editor"},
        "UpdateSubscriptionPlan": {"subscription_plan": "$team"},
        "UpdateCreditProduct": {"credit_product": "$box"},
        "UpdateBillingRecord": {"organization_id": "$acme", "billing_record_id": "$bill"},
        "UpdateSubscription": {"subscription_id": "$subscription"},
    }[method]
    sent = world.request(method, {**target, field: mask(path)})
    check(refused(invoke, world.client.channel, method, sent), INVALID, field)


@in_one_version
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(
    ("method", "field"),
    [(method.name, field.name) for method in METHODS.values() for field in method.input_type.fields if field.enum_type],
)
def test_an_unknown_number_is_refused_in_every_enum(client: Client, method: str, field: str) -> None:
    check(refused(invoke, client.channel, method, request(method, **{field: 99})), INVALID, field)


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "field"), fields_of(name="page_size"))
@pytest.mark.parametrize("size", [-1, -2147483648])
def test_a_negative_page_size_is_refused(client: Client, method: str, field: str, size: int) -> None:
    check(refused(invoke, client.channel, method, request(method, **{field: size})), INVALID, field)


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "field"), fields_of(name="page_token"))
@pytest.mark.parametrize(
    "token", ["garbage", "====", "'", "eyJhIjoxfQ", "ÄÖ", "-", "_" * 5000, "W10", "MTIzNDU2Nzhbbm90IGpzb24"]
)
def test_a_token_that_no_listing_gave_is_refused(client: Client, method: str, field: str, token: str) -> None:
    sent = request(method, **{field: token})
    if any(fld.name == "organization_id" for fld in METHODS[method].input_type.fields):
        sent = request(method, organization_id=NOBODY, **{field: token})
    check(refused(invoke, client.channel, method, sent), TOKEN, field)


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("GetOrganization", {"slug": "漢" * 100_000}),
        ("GetCreditEvent", {"credit_event": "e" * 100_000}),
        ("UpdateCreditEvent", {"credit_event": "e" * 20_000, "credit_cost": 1}),
        ("GetSubscriptionPlan", {"subscription_plan": "e" * 100_000}),
        ("GetCreditProduct", {"credit_product": "e" * 100_000}),
        ("GetBillingRecord", {"organization_id": "$acme", "stripe_invoice_id": "e" * 100_000}),
        ("ConsumeCredits", {"organization_id": "$acme", "credit_event": "漢" * 10_000}),
        ("UpdateOrganization", {"organization_id": "$acme", "update_mask": mask("m" * 100_000)}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_about_a_long_name_still_arrives(world: World, method: str, fields: dict[str, Any]) -> None:
    """Errors travel in trailers, which have room for 8 kB."""
    failure = refused(invoke, world.client.channel, method, world.request(method, fields))
    assert failure.code in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)
    assert len(failure.message) < 1000


@in_one_version
@pytest.mark.usefixtures("nothing_changes")
def test_a_message_over_the_limit_is_refused(client: Client) -> None:
    sent = CreateOrganizationRequest(name="Big", slug="big", description="d" * (5 * 1024 * 1024))
    with pytest.raises(grpc.RpcError) as raised:
        client.organizations.CreateOrganization(sent)
    assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


@in_one_version
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("method", ["CreateOrganization", "ConsumeCredits", "ListCreditEvents"])
def test_bytes_that_are_no_message_are_refused(client: Client, method: str) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        invoke(client.channel, method, b"\xff\xff\xff\xff")
    # gRPC's own answer, given before the server's code runs: how it reads is up to the library.
    assert raised.value.code() in (
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNKNOWN,
    )
    assert not INSIDE.search(raised.value.details() or "")


def test_a_balance_reaches_the_limit_and_not_further(client: Client) -> None:
    full = organization(client, 2147483646)
    entry = client.credits.GrantCredits(GrantCreditsRequest(organization_id=full.id, amount=1)).transaction
    assert entry.balance_after == 2147483647
    failure = refused(client.credits.GrantCredits, GrantCreditsRequest(organization_id=full.id, amount=1))
    assert (failure.code, failure.reason) == OUT_OF_RANGE
    assert (failure.metadata["balance"], failure.metadata["amount"]) == ("2147483647", "1")
    now = client.organizations.GetOrganization(GetOrganizationRequest(organization_id=full.id)).organization
    assert now.credit_balance == 2147483647


@pytest.mark.parametrize(
    "text",
    [
        "'; drop table public.organizations; --",
        "\\'; select pg_sleep(10); --",
        "$$ $1 %s %(name)s {} {0} ${x}",
        '"quoted" /* comment */ -- comment',
        "E'\\x41' U&'\\0041' \\u0041",
        "line\nbreak\ttab\r\b\f\x01\x7f",
        "\ufeff\u202e🐘\U0010ffff e\u0301",
        "\\",
        "''",
    ],
)
def test_text_is_kept_as_it_is_whatever_it_looks_like(client: Client, text: str) -> None:
    name = f"{text} {uuid4()}"
    created = client.organizations.CreateOrganization(
        CreateOrganizationRequest(name=name, slug=f"org-{uuid4()}", description=text)
    ).organization
    assert (created.name, created.description) == (name, text)
    found = client.organizations.GetOrganization(GetOrganizationRequest(organization_id=created.id)).organization
    assert found == created
    event = client.catalog.CreateCreditEvent(
        CreateCreditEventRequest(name=name, credit_cost=1, category="compute", description=text)
    ).credit_event
    # It is found by that name, too.
    found_event = invoke(client.channel, "GetCreditEvent", request("GetCreditEvent", credit_event=name)).credit_event
    assert found_event == event


def test_every_method_has_its_cases() -> None:
    assert {case.method for case in CASES} == set(METHODS)
