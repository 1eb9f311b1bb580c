"""`tenantry demo --billing`: the life of a subscription on a fake Stripe, from the catalog to the last bill."""

import asyncio
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import grpc
import psycopg
from psycopg import sql

from tenantry import migrate
from tenantry.app import Server
from tenantry.auth import mint
from tenantry.config import Config
from tenantry.embedded import EmbeddedPostgres
from tenantry.v1 import (
    billing_pb2,
    billing_pb2_grpc,
    catalog_pb2,
    catalog_pb2_grpc,
    credits_pb2,
    credits_pb2_grpc,
    organizations_pb2,
    organizations_pb2_grpc,
    stripe_pb2,
    stripe_pb2_grpc,
    subscriptions_pb2,
    subscriptions_pb2_grpc,
)
from tenantry_demo.fake_stripe import DAY, FakeStripe

SUCCESS_URL = "https://shop.example/thanks"
PACK_CREDITS = 500
HOUR = 3600
WIDTH = 32
CANCEL_URL = "https://shop.example/pricing"


def run() -> int:
    """Starts a server on a temporary database, with a fake Stripe, makes the calls and prints them. Returns 0."""
    with (
        tempfile.TemporaryDirectory(prefix="tenantry-demo-") as folder,
        EmbeddedPostgres(Path(folder)) as postgres,
        FakeStripe() as fake,
    ):
        migrate.up(postgres.conninfo())
        config = Config(
            postgres.conninfo("tenantry_server"),
            secrets.token_urlsafe(48),
            listen="127.0.0.1:0",
            http_listen="127.0.0.1:0",
            stripe_api_key=fake.api_key,
            stripe_api_base=fake.url,
            stripe_webhook_secrets=(fake.webhook_secret,),
        )
        asyncio.run(_serve(config, fake, postgres.conninfo()))
    return 0


async def _serve(config: Config, fake: FakeStripe, conninfo: str) -> None:
    server = Server(config)
    address = await server.start()
    fake.webhook_url = f"http://{server.http_address}/stripe/webhook"
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            walk = _Walk(channel, mint(config.jwt_secret, "service_role"), fake, conninfo)
            await walk.through()
    finally:
        await server.stop()


class _Walk:
    def __init__(self, channel: grpc.aio.Channel, token: str, fake: FakeStripe, conninfo: str) -> None:
        self._credentials = (("authorization", f"Bearer {token}"),)
        self._fake = fake
        self._conninfo = conninfo
        self._seconds = 0
        self._organizations = organizations_pb2_grpc.OrganizationServiceStub(channel)
        self._catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
        self._credits = credits_pb2_grpc.CreditServiceStub(channel)
        self._subscriptions = subscriptions_pb2_grpc.SubscriptionServiceStub(channel)
        self._billing = billing_pb2_grpc.BillingServiceStub(channel)
        self._stripe = stripe_pb2_grpc.StripeServiceStub(channel)

    async def through(self) -> None:
        self._note("call", "outcome")
        self._note("-" * WIDTH, "-" * 48)
        await self._set_up()
        await self._subscribe()
        await self._add_seats()
        await self._buy_and_use()
        await self._renew()
        await self._cancel()

    async def _set_up(self) -> None:
        plan = await self._call(
            self._catalog.CreateSubscriptionPlan,
            catalog_pb2.CreateSubscriptionPlanRequest(
                name="Pro",
                price_amount=2000,
                interval=catalog_pb2.BILLING_INTERVAL_MONTHLY,
                included_credits=100,
            ),
        )
        self._note(
            "CreateSubscriptionPlan Pro", f"20.00 USD a month, {plan.subscription_plan.included_credits} credits"
        )
        await self._call(
            self._catalog.CreateCreditProduct,
            catalog_pb2.CreateCreditProductRequest(name="Pack", price_amount=900, credit_amount=PACK_CREDITS),
        )
        self._note("CreateCreditProduct Pack", "9.00 USD, 500 credits")
        await self._call(
            self._stripe.SyncCatalog, stripe_pb2.SyncCatalogRequest(direction=stripe_pb2.SYNC_DIRECTION_PUSH)
        )
        prices = self._fake.of("price")
        self._note("SyncCatalog push", f"{len(prices)} prices at Stripe: {', '.join(p['id'] for p in prices)}")

    async def _subscribe(self) -> None:
        created = await self._call(
            self._organizations.CreateOrganization,
            organizations_pb2.CreateOrganizationRequest(name="Acme", slug="acme"),
        )
        self._acme = created.organization.id
        self._note("CreateOrganization Acme", f"organization {self._acme}")
        await self._pay(
            "Pro",
            stripe_pb2.CreateCheckoutSessionRequest(
                organization_id=self._acme,
                subscription_plan="Pro",
                quantity=2,
                success_url=SUCCESS_URL,
                cancel_url=CANCEL_URL,
            ),
        )
        await self._note_subscription("GetSubscription")
        await self._note_balance("2 seats with 100 each")

    async def _add_seats(self) -> None:
        live = await self._current()
        await self._pass(
            (live.current_period_end.seconds - live.current_period_start.seconds) // 2, "half a month later"
        )
        self._fake.portal_quantity(live.stripe_subscription_id, 3, at_once=True)
        self._note("(one more seat in the portal)", await self._deliver_events())
        await self._note_balance("the new seat has its share of 100")
        await self._call(
            self._subscriptions.ChangePlan,
            subscriptions_pb2.ChangePlanRequest(subscription_id=live.id, subscription_plan="Pro", quantity=4),
        )
        await self._deliver_events()
        await self._note_subscription("ChangePlan to 4 seats")
        await self._note_balance("it is paid for the whole period, and brings all 100")

    async def _buy_and_use(self) -> None:
        await self._use(60)
        await self._pay(
            "Pack",
            stripe_pb2.CreateCheckoutSessionRequest(
                organization_id=self._acme,
                credit_product="Pack",
                save_payment_method=True,
                success_url=SUCCESS_URL,
                cancel_url=CANCEL_URL,
            ),
        )
        await self._note_balance()
        await self._call(
            self._stripe.SetAutoTopUp,
            stripe_pb2.SetAutoTopUpRequest(
                organization_id=self._acme, credit_product="Pack", threshold=100, monthly_cap=3
            ),
        )
        self._note("SetAutoTopUp", "buys a Pack when fewer than 100 credits are left, at most 3 a month")
        await self._use(700)
        await self._note_top_up()

    async def _renew(self) -> None:
        live = await self._current()
        left = live.current_period_end.seconds - self._fake.now
        await self._pass(left + HOUR // 6, "10 minutes into the next period")
        await self._note_subscription("GetSubscription")
        await self._note_balance("those of the new period provisionally, and those that were bought")
        await self._pass(HOUR, "an hour later")
        await self._note_balance("now the renewal is paid")

    async def _cancel(self) -> None:
        live = await self._current()
        await self._call(
            self._subscriptions.CancelSubscription,
            subscriptions_pb2.CancelSubscriptionRequest(subscription_id=live.id),
        )
        await self._note_subscription("CancelSubscription")
        await self._pass(31 * DAY, "31 days later")
        await self._note_subscription("GetSubscription")
        await self._note_balance()
        summary = await self._call(
            self._billing.GetBillingSummary, billing_pb2.GetBillingSummaryRequest(organization_id=self._acme)
        )
        (total,) = summary.totals
        self._note("GetBillingSummary", f"{total.paid / 100:.2f} {total.currency} paid in {total.records} bills")
        verified = await self._call(
            self._credits.VerifyLedger, credits_pb2.VerifyLedgerRequest(organization_id=self._acme)
        )
        self._note("VerifyLedger", f"{len(verified.findings)} findings")

    async def _pay(self, name: str, request: stripe_pb2.CreateCheckoutSessionRequest) -> None:
        response = await self._call(self._stripe.CreateCheckoutSession, request)
        self._note(f"CreateCheckoutSession {name}", response.stripe_request.url)
        session = self._fake.complete(response.stripe_request.stripe_id)
        delivered = await self._deliver_events()
        self._note("(a person pays)", f"{session['amount_total'] / 100:.2f} {session['currency'].upper()}, {delivered}")

    async def _note_top_up(self) -> None:
        """Waits until the server has paid for a top-up in the background, which the balance shows."""
        for _ in range(200):
            if await self._balance() >= PACK_CREDITS:
                break
            await asyncio.sleep(0.05)
        await self._deliver_events()
        self._note("(the server tops up)", f"balance {await self._balance()}")

    async def _use(self, amount: int) -> None:
        response = await self._call(
            self._credits.ConsumeCredits,
            credits_pb2.ConsumeCreditsRequest(organization_id=self._acme, amount=amount),
        )
        self._note(f"ConsumeCredits {amount}", f"balance {response.transaction.balance_after}")

    async def _pass(self, seconds: int, name: str) -> None:
        """Moves the time at Stripe and in the database, whose clock is a function that its owner may replace."""
        self._seconds += seconds
        self._fake.advance(seconds)
        async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
            await connection.execute(
                sql.SQL(
                    "create or replace function tenantry.clock() returns timestamptz language sql volatile"
                    " return pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => {})"
                ).format(self._seconds)
            )
        self._note(f"({name})", await self._deliver_events())

    async def _deliver_events(self) -> str:
        """Lets Stripe post its new events. Returns a summary."""
        statuses = await asyncio.to_thread(self._fake.deliver)
        failed = [status for status in statuses if status != 200]
        return f"{len(statuses)} events from Stripe" + (f", {len(failed)} refused" if failed else "")

    async def _current(self) -> subscriptions_pb2.Subscription:
        request = subscriptions_pb2.GetSubscriptionRequest(organization_id=self._acme)
        response = await self._call(self._subscriptions.GetSubscription, request)
        return cast(subscriptions_pb2.Subscription, response.subscription)

    async def _note_subscription(self, call: str) -> None:
        found = await self._current()
        status = subscriptions_pb2.SubscriptionStatus.Name(found.status).removeprefix("SUBSCRIPTION_STATUS_").lower()
        until = datetime.fromtimestamp(found.current_period_end.seconds, UTC)
        then = ", then cancelled" if found.cancel_at_period_end and not found.HasField("ended_at") else ""
        seats = f", {found.quantity} seats" if found.quantity > 1 else ""
        self._note(call, f"{status}{seats}, period until {until:%Y-%m-%d}{then}")

    async def _balance(self) -> int:
        request = credits_pb2.GetCreditBalanceRequest(organization_id=self._acme)
        return int((await self._call(self._credits.GetCreditBalance, request)).available)

    async def _note_balance(self, why: str = "") -> None:
        self._note("GetCreditBalance", f"{await self._balance()} credits available" + (f": {why}" if why else ""))

    async def _call(self, method: Any, request: Any) -> Any:
        return await method(request, metadata=self._credentials)

    def _note(self, call: str, outcome: str) -> None:
        """Prints a step as soon as it is done."""
        print(f"{call:{WIDTH}}  {outcome}", flush=True)
