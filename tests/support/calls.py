"""Helpers for tests over gRPC: any method by its name, and the error of a refused call."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tenantry.app import services
from tenantry.v1.billing_pb2 import BillingRecord, CreateBillingRecordRequest
from tenantry.v1.catalog_pb2 import (
    BILLING_INTERVAL_MONTHLY,
    CreateCreditEventRequest,
    CreateCreditProductRequest,
    CreateSubscriptionPlanRequest,
    CreditEvent,
    CreditProduct,
    SubscriptionPlan,
)
from tenantry.v1.credits_pb2 import GrantCreditsRequest
from tenantry.v1.organizations_pb2 import CreateOrganizationRequest, Organization
from tests.support.server import Client, Failure, failure

METHODS: Mapping[str, MethodDescriptor] = {method.name: method for service in services() for method in service.methods}
"""Every method of every service, by its name."""


def request(method: str, **fields: Any) -> Message:
    """The method's request with these fields."""
    return GetMessageClass(METHODS[method].input_type)(**fields)


def invoke(channel: grpc.Channel, method: str, message: Message | bytes, **options: Any) -> Any:
    """Calls a method by its name, a streaming one with one request; bytes are sent as they are.

    options: those of a stub, such as timeout.
    """
    descriptor = METHODS[method]
    connect = channel.stream_stream if descriptor.client_streaming else channel.unary_unary
    call: Any = connect(
        f"/{descriptor.containing_service.full_name}/{method}",
        request_serializer=lambda sent: sent if isinstance(sent, bytes) else sent.SerializeToString(),
        response_deserializer=GetMessageClass(descriptor.output_type).FromString,
    )
    return next(call(iter([message]), **options)) if descriptor.client_streaming else call(message, **options)


def refused(call: Callable[..., Any], *arguments: Any, **options: Any) -> Failure:
    """The error of a refused call; a call that succeeds fails the test."""
    with pytest.raises(grpc.RpcError) as raised:
        call(*arguments, **options)
    return failure(raised.value)


def organization(client: Client, credits: int = 0) -> Organization:
    """Creates an organization with the given number of credits."""
    name = f"org-{uuid4()}"
    created = client.organizations.CreateOrganization(CreateOrganizationRequest(name=name, slug=name)).organization
    if credits:
        client.credits.GrantCredits(GrantCreditsRequest(organization_id=created.id, amount=credits))
    return created


def credit_event(client: Client, cost: int = 1, category: str = "compute") -> CreditEvent:
    """Creates a credit event."""
    return client.catalog.CreateCreditEvent(
        CreateCreditEventRequest(name=f"event-{uuid4()}", credit_cost=cost, category=category)
    ).credit_event


def subscription_plan(client: Client, **fields: Any) -> SubscriptionPlan:
    """Creates a plan at 1000 a month, unless the fields give other values."""
    given = {"name": f"plan-{uuid4()}", "price_amount": 1000, "interval": BILLING_INTERVAL_MONTHLY, **fields}
    return client.catalog.CreateSubscriptionPlan(CreateSubscriptionPlanRequest(**given)).subscription_plan


def credit_product(client: Client, **fields: Any) -> CreditProduct:
    """Creates a pack of 100 credits at 500, unless the fields give other values."""
    given = {"name": f"pack-{uuid4()}", "credit_amount": 100, "price_amount": 500, **fields}
    return client.catalog.CreateCreditProduct(CreateCreditProductRequest(**given)).credit_product


def billing_record(client: Client, organization_id: str, **fields: Any) -> BillingRecord:
    """Creates a bill of 1000, unless the fields give other values."""
    given = {"organization_id": organization_id, "amount": 1000, **fields}
    return client.billing.CreateBillingRecord(CreateBillingRecordRequest(**given)).billing_record
