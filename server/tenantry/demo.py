"""`tenantry demo`: a client creates an organization, grants it credits and spends them."""

import asyncio
import secrets
import tempfile
import uuid
from pathlib import Path
from typing import cast

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from tenantry import migrate
from tenantry.app import Server
from tenantry.auth import mint
from tenantry.config import Config
from tenantry.embedded import EmbeddedPostgres
from tenantry.v1 import (
    catalog_pb2,
    catalog_pb2_grpc,
    credits_pb2,
    credits_pb2_grpc,
    organizations_pb2,
    organizations_pb2_grpc,
)

Step = tuple[str, str]
"""A call and its outcome."""


def run() -> int:
    """Starts a server on a temporary database, makes the calls and prints their outcomes. Returns the exit code 0."""
    with tempfile.TemporaryDirectory(prefix="tenantry-demo-") as folder, EmbeddedPostgres(Path(folder)) as postgres:
        migrate.up(postgres.conninfo())
        config = Config(postgres.conninfo("tenantry_server"), secrets.token_urlsafe(48), listen="127.0.0.1:0")
        show(asyncio.run(_walk(config)))
    return 0


def show(steps: list[Step]) -> None:
    """Prints the steps as a table."""
    width = max(len(call) for call, _ in steps)
    for call, outcome in [("call", "outcome"), ("-" * width, "-" * 48), *steps]:
        print(f"{call:{width}}  {outcome}")


async def _walk(config: Config) -> list[Step]:
    server = Server(config)
    address = await server.start()
    credentials = (("authorization", f"Bearer {mint(config.jwt_secret, 'service_role')}"),)
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            return await _main_job(channel, credentials)
    finally:
        await server.stop()


async def _main_job(channel: grpc.aio.Channel, credentials: tuple[tuple[str, str], ...]) -> list[Step]:
    organizations = organizations_pb2_grpc.OrganizationServiceStub(channel)
    catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
    ledger = credits_pb2_grpc.CreditServiceStub(channel)
    steps: list[Step] = []

    created = await organizations.CreateOrganization(
        organizations_pb2.CreateOrganizationRequest(name="Acme", slug="acme"), metadata=credentials
    )
    acme = created.organization.id
    steps.append(("CreateOrganization Acme", f"organization {acme}"))

    event = await catalog.CreateCreditEvent(
        catalog_pb2.CreateCreditEventRequest(name="image", credit_cost=5, category="compute"), metadata=credentials
    )
    steps.append(("CreateCreditEvent image", f"costs {event.credit_event.credit_cost} credits"))

    granted = await ledger.GrantCredits(
        credits_pb2.GrantCreditsRequest(organization_id=acme, amount=100, request_id=str(uuid.uuid4())),
        metadata=credentials,
    )
    steps.append(("GrantCredits 100", _entry(granted.transaction)))

    request = credits_pb2.ConsumeCreditsRequest(
        organization_id=acme, credit_event="image", quantity=3, request_id=str(uuid.uuid4())
    )
    for call in ("ConsumeCredits 3 images", "ConsumeCredits, sent again"):
        consumed = await ledger.ConsumeCredits(request, metadata=credentials)
        steps.append((call, _entry(consumed.transaction)))

    try:
        await ledger.ConsumeCredits(
            credits_pb2.ConsumeCreditsRequest(organization_id=acme, amount=1000), metadata=credentials
        )
    except grpc.aio.AioRpcError as error:
        steps.append(("ConsumeCredits 1000", f"{error.code().name} {_reason(error)}: {error.details()}"))

    balance = await ledger.GetCreditBalance(
        credits_pb2.GetCreditBalanceRequest(organization_id=acme), metadata=credentials
    )
    steps.append(("GetCreditBalance", f"{balance.available} credits available"))
    return steps


def _entry(transaction: credits_pb2.CreditTransaction) -> str:
    return f"entry {transaction.entry_number}: {transaction.amount:+}, balance {transaction.balance_after}"


def _reason(error: grpc.aio.AioRpcError) -> str:
    info = ErrorInfo()
    rpc_status.from_call(cast(grpc.Call, error)).details[0].Unpack(info)
    return str(info.reason)
