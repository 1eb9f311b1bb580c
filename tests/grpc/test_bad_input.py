"""Bad input to every RPC: an error with its code, reason and field, no word about the inside of the database, and no
change.

The cases of one RPC stand in its own test module, as BAD_INPUT (see tests/support/rpc.py). The rest follows from the
protos.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tenantry.bridge import snake_case
from tenantry.v1.access_pb2 import CreatePermissionRequest, CreateRoleRequest, ListPermissionsRequest
from tenantry.v1.catalog_pb2 import (
    ArchiveSubscriptionPlanRequest,
    CreateCreditEventRequest,
    ListCreditEventsRequest,
    ListCreditProductsRequest,
    ListSubscriptionPlansRequest,
    UpdateCreditEventRequest,
)
from tenantry.v1.credits_pb2 import GrantCreditsRequest, ListCreditTransactionsRequest
from tenantry.v1.organizations_pb2 import (
    CreateOrganizationRequest,
    GetOrganizationRequest,
    ListOrganizationsRequest,
    UpdateOrganizationRequest,
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
from tests.support.rpc import (
    ANY_UUID,
    BALANCE_OUT_OF_RANGE,
    INVALID_ARGUMENT,
    INVALID_PAGE_TOKEN,
    INVALID_SIGNATURE,
    NOBODY,
    Case,
    Refusal,
    mask,
    struct,
)
from tests.support.rpc_modules import RPCS, bad_input, gaps, strays
from tests.support.server import Client, Failure, Process

INSIDE = re.compile(
    r"select|insert|relation|constraint|column|syntax|function|violates|sql|pg_|public\.|tenantry\.(?!v1)|_key|_check|psycopg",
    re.IGNORECASE,
)
"""Words that would tell a caller about the inside of the database."""


@dataclass(frozen=True)
class World:
    """A client, and the objects that the cases name $acme, $idle and so on."""

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
    """Makes the objects that the cases name.

    $acme is an organization with 101 credits, a role, a plan and bills; $idle is inactive, and the account of $rich is
    full. The credit event $image costs 5, and $retired is inactive. The plan $pro and the product $pack are at Stripe;
    $team and $box are not, and $sold-out is archived. The tokens are those of the second page of each listing.
    """
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
    """Fails a test that changes one of these tables."""
    assert world.names  # The objects exist before the first count.
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
            "tenantry.pending_grants",
            "tenantry.requests",
            "tenantry.audit_log",
        )
    )
    query = counted + "select 'entries', count(*), sum(amount)::text from public.credit_transactions"
    before = serving_admin.execute(query.encode()).fetchall()
    yield
    assert serving_admin.execute(query.encode()).fetchall() == before


def check(failure: Failure, expected: Refusal, field: str | None) -> None:
    """Checks that the failure is the expected one, names the field, and tells nothing about the inside."""
    assert (failure.code, failure.reason) == expected, failure
    assert failure.fields == ([field] if field else []), failure
    said = re.sub(r'"[^"]*"', "", failure.message)  # A quoted value is the caller's own and can be anything.
    assert not INSIDE.search(said), failure
    assert len(failure.message) < 500, failure


CASES = [
    (RPCS[function], each) for function in sorted(bad_input().keys() & RPCS.keys()) for each in bad_input()[function]
]


def _id(method: str, case: Case) -> str:
    shown = {name: value[:20] if isinstance(value, str) else str(value).strip() for name, value in case.fields.items()}
    return f"{method}-{json.dumps(shown)}"


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "case"), CASES, ids=[_id(*each) for each in CASES])
def test_what_cannot_be_done_is_refused_by_field_and_reason(world: World, method: str, case: Case) -> None:
    sent = world.request(method, case.fields)
    check(refused(invoke, world.client.channel, method, sent), case.expected, case.field)


def test_every_method_has_its_cases() -> None:
    stated = {function for function, cases in bad_input().items() if cases}
    wrong = [*gaps("BAD_INPUT case", RPCS.keys() - stated), *strays("BAD_INPUT", RPCS)]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


# The cases below follow from the protos: requests that no method accepts, with any other fields.


def fields_of(message_type: str | None = None, *, name: str = "") -> list[tuple[str, str]]:
    """Returns each (method, field) by the type of its message or by its name, and without either each string field."""
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
    check(refused(invoke, client.channel, method, request(method, **{field: value})), INVALID_ARGUMENT, field)


@in_one_version
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "field"), fields_of())
def test_the_character_nul_is_refused_in_every_text(client: Client, method: str, field: str) -> None:
    expected = INVALID_SIGNATURE if (method, field) == ("ProcessStripeEvent", "signature") else INVALID_ARGUMENT
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
    check(refused(invoke, client.channel, method, request(method, **{field: struct(value)})), INVALID_ARGUMENT, field)


@in_one_version
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "field"), fields_of("google.protobuf.Timestamp"))
@pytest.mark.parametrize(
    "value",
    [Timestamp(seconds=10**15), Timestamp(seconds=-(10**15)), Timestamp(nanos=-1), Timestamp(nanos=2 * 10**9)],
    ids=lambda value: str(value).strip(),
)
def test_what_is_no_time_is_refused(client: Client, method: str, field: str, value: Timestamp) -> None:
    check(refused(invoke, client.channel, method, request(method, **{field: value})), INVALID_ARGUMENT, field)


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "field"), fields_of("google.protobuf.FieldMask"))
@pytest.mark.parametrize("path", ["nothing", "'", "name.x", "", "created_at"])
def test_an_unknown_path_is_refused_in_every_mask(world: World, method: str, field: str, path: str) -> None:
    sent = world.request(method, {**empty_update(method, field), field: mask(path)})
    check(refused(invoke, world.client.channel, method, sent), INVALID_ARGUMENT, field)


def empty_update(method: str, field: str) -> dict[str, Any]:
    """Returns the fields of a request that names an object and no change, from the RPC's BAD_INPUT."""
    function = snake_case(method)
    for each in bad_input().get(function, []):
        if each.field == field and field not in each.fields:
            return each.fields
    sentences = gaps(f"BAD_INPUT case for an update without {field} and without changes", [function])
    pytest.fail("\n".join(sentences), pytrace=False)


@in_one_version
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(
    ("method", "field"),
    [(method.name, field.name) for method in METHODS.values() for field in method.input_type.fields if field.enum_type],
)
def test_an_unknown_number_is_refused_in_every_enum(client: Client, method: str, field: str) -> None:
    check(refused(invoke, client.channel, method, request(method, **{field: 99})), INVALID_ARGUMENT, field)


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "field"), fields_of(name="page_size"))
@pytest.mark.parametrize("size", [-1, -2147483648])
def test_a_negative_page_size_is_refused(client: Client, method: str, field: str, size: int) -> None:
    check(refused(invoke, client.channel, method, request(method, **{field: size})), INVALID_ARGUMENT, field)


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("method", "field"), fields_of(name="page_token"))
@pytest.mark.parametrize(
    "token", ["garbage", "====", "'", "eyJhIjoxfQ", "ÄÖ", "-", "_" * 5000, "W10", "MTIzNDU2Nzhbbm90IGpzb24"]
)
def test_a_token_that_no_listing_gave_is_refused(client: Client, method: str, field: str, token: str) -> None:
    sent = request(method, **{field: token})
    if any(fld.name == "organization_id" for fld in METHODS[method].input_type.fields):
        sent = request(method, organization_id=NOBODY, **{field: token})
    check(refused(invoke, client.channel, method, sent), INVALID_PAGE_TOKEN, field)


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
    # gRPC answers before the server's code runs, and the library decides which code it uses.
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
    assert (failure.code, failure.reason) == BALANCE_OUT_OF_RANGE
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
    # The name of an organization is normalized, and has no invisible character.
    visible = "".join(filter(str.isprintable, unicodedata.normalize("NFKC", name)))
    created = client.organizations.CreateOrganization(
        CreateOrganizationRequest(name=visible, slug=f"org-{uuid4()}", description=text)
    ).organization
    assert (created.name, created.description) == (visible, text)
    found = client.organizations.GetOrganization(GetOrganizationRequest(organization_id=created.id)).organization
    assert found == created
    event = client.catalog.CreateCreditEvent(
        CreateCreditEventRequest(name=name, credit_cost=1, category="compute", description=text)
    ).credit_event
    # The name finds it too.
    found_event = invoke(client.channel, "GetCreditEvent", request("GetCreditEvent", credit_event=name)).credit_event
    assert found_event == event
