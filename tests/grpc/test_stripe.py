"""Calls that ask Stripe for something, over a real channel, with a server that calls a fake Stripe through the real
library."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from grpc_status import rpc_status

from tenantry_demo.fake_stripe import Failure
from tests.conftest import Connect, Connection
from tests.support import server
from tests.support.calls import invoke, refused, request
from tests.support.fake_stripe import PAGES, Sending, Shop, open_shop
from tests.support.ledger import call, consume, grant, organization
from tests.support.postgres import Cluster
from tests.support.users import Team


@dataclass
class Site:
    """A shop behind a server, which sends the requests by itself."""

    shop: Shop
    process: server.Process
    client: server.Client

    def __call__(self, method: str, **fields: Any) -> Any:
        return invoke(self.client.channel, method, request(method, **fields), timeout=30)

    def buy(self, organization_id: UUID) -> None:
        """Buys the credit product on a checkout page, which keeps the payment method, and processes the events."""
        session = self(
            "CreateCheckoutSession",
            organization_id=str(organization_id),
            credit_product="Pack",
            save_payment_method=True,
            **PAGES,
        ).stripe_request
        self.shop.fake.complete(session.stripe_id)
        self.shop.hear()

    def refused(self, method: str, **fields: Any) -> server.Failure:
        return refused(invoke, self.client.channel, method, request(method, **fields), timeout=30)


def settings(shop: Shop, database_url: str, **environment: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "TENANTRY_JWT_SECRET": server.SECRET,
        "TENANTRY_STRIPE_API_KEY": shop.fake.api_key,
        "TENANTRY_STRIPE_API_BASE": shop.fake.url,
        **environment,
    }


Open = Callable[..., Any]
IMPATIENT = {"tenantry.stripe.sender.POLL_INTERVAL": 0.2, "stripe.HTTPClient.INITIAL_DELAY": 0.01}
"""Makes a server that looks for due requests often, and repeats a call without an answer at once."""
MONTHLY = "BILLING_INTERVAL_MONTHLY"


@pytest.fixture
def open_site(cluster: Cluster, admin: Connection, service: Connection) -> Open:
    @contextmanager
    def opened(constants: Mapping[str, float] | None = None, **environment: str) -> Iterator[Site]:
        url = cluster.conninfo(admin.info.dbname, "tenantry_server")
        with (
            closing(Sending()) as sending,
            open_shop(admin, service, url, sending) as shop,
            server.fork(constants, **settings(shop, url, **environment)) as process,
            server.client(process.address, server.service_token()) as client,
        ):
            yield Site(shop, process, client)

    return opened


@pytest.fixture
def site(open_site: Open) -> Iterator[Site]:
    with open_site() as site:
        yield site


def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.05)


def sell(site: Site) -> Any:
    """Creates a plan and a credit product at Stripe. Returns the plan."""
    plan = site("CreateSubscriptionPlan", name="Pro", price_amount=2000, interval=MONTHLY, included_credits=100)
    site("CreateCreditProduct", name="Pack", price_amount=900, credit_amount=500)
    site("SyncCatalog", direction="SYNC_DIRECTION_PUSH")
    return plan.subscription_plan


def test_from_the_catalog_to_a_cancelled_subscription(site: Site) -> None:
    plan = site("CreateSubscriptionPlan", name="Pro", price_amount=2000, interval=MONTHLY, included_credits=100)
    synced = site("SyncCatalog", direction="SYNC_DIRECTION_PUSH").stripe_requests
    assert [(r.operation, r.state, r.subject_id) for r in synced] == [("sync_product", 2, plan.subscription_plan.id)]
    assert len(site.shop.fake.of("price")) == 1, "what follows from the first request is done, too"

    acme = str(organization(site.shop.service))
    customer = site("EnsureCustomer", organization_id=acme, email="a@acme.example").stripe_request
    assert customer.stripe_id == site.shop.fake.of("customer")[0]["id"]
    session = site("CreateCheckoutSession", organization_id=acme, subscription_plan="Pro", **PAGES).stripe_request
    assert (session.state, session.url[:4], session.operation) == (2, "http", "create_checkout_session")
    assert site("GetStripeRequest", organization_id=acme, stripe_request_id=session.id).stripe_request == session
    site.shop.fake.complete(session.stripe_id)
    site.shop.hear()

    live = site("GetSubscription", organization_id=acme).subscription
    cancelling = site("CancelSubscription", subscription_id=live.id).subscription
    assert (live.cancel_at_period_end, cancelling.cancel_at_period_end) == (False, True)
    assert not site("ResumeSubscription", subscription_id=live.id).subscription.cancel_at_period_end
    ended = site("CancelSubscription", subscription_id=live.id, immediately=True).subscription
    assert ended.status == 4
    portal = site("CreatePortalSession", organization_id=acme, return_url="https://shop.example/").stripe_request
    assert portal.url.startswith(site.shop.fake.url)
    listed = site("ListStripeRequests", organization_id=acme, page_size=2)
    assert [r.operation for r in listed.stripe_requests] == ["create_portal_session", "cancel_subscription"]
    more = site("ListStripeRequests", organization_id=acme, page_size=2, page_token=listed.next_page_token)
    assert [r.operation for r in more.stripe_requests] == ["resume_subscription", "cancel_subscription"]


def test_a_change_of_plan_is_answered_with_the_plan_that_is_then(site: Site) -> None:
    sell(site)
    larger = site("CreateSubscriptionPlan", name="Team", price_amount=5000, interval=MONTHLY, included_credits=300)
    site("SyncCatalog", direction="SYNC_DIRECTION_PUSH")
    acme = str(organization(site.shop.service))
    session = site("CreateCheckoutSession", organization_id=acme, subscription_plan="Pro", **PAGES).stripe_request
    site.shop.fake.complete(session.stripe_id)
    site.shop.hear()
    live = site("GetSubscription", organization_id=acme).subscription
    changed = site("ChangePlan", subscription_id=live.id, subscription_plan="Team").subscription
    assert changed.subscription_plan_id == larger.subscription_plan.id
    site.shop.hear()
    assert site.shop.credits(UUID(acme)) == 300


def test_a_change_that_waits_for_its_payment_names_the_page_of_the_invoice(site: Site) -> None:
    sell(site)
    site("CreateSubscriptionPlan", name="Team", price_amount=5000, interval=MONTHLY, included_credits=300)
    site("SyncCatalog", direction="SYNC_DIRECTION_PUSH")
    acme, fake = str(organization(site.shop.service)), site.shop.fake
    session = site(
        "CreateCheckoutSession",
        organization_id=acme,
        subscription_plan="Pro",
        quantity=3,
        allow_promotion_codes=True,
        automatic_tax=True,
        tax_id_collection=True,
        locale="de",
        **PAGES,
    ).stripe_request
    fake.complete(session.stripe_id)
    site.shop.hear()
    live = site("GetSubscription", organization_id=acme).subscription
    fake.authenticate(live.stripe_customer_id)
    failure = site.refused("ChangePlan", subscription_id=live.id, subscription_plan="Team", quantity=4)
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PAYMENT_INCOMPLETE")
    invoice = fake.of("invoice")[-1]
    assert failure.metadata["url"] == invoice["hosted_invoice_url"]
    assert invoice["total"] == 4 * 5000 - 3 * 2000
    shown = site(
        "GetStripeRequest", organization_id=acme, stripe_request_id=failure.metadata["stripe_request_id"]
    ).stripe_request
    assert (shown.state, shown.error_type, shown.url) == (2, "payment_incomplete", invoice["hosted_invoice_url"])
    fake.pay_open_invoices(live.stripe_customer_id)
    site.shop.hear()
    changed = site("GetSubscription", organization_id=acme).subscription
    assert changed.subscription_plan_id != live.subscription_plan_id


def test_a_subscription_that_stripe_does_not_know_of_needs_no_stripe(open_site: Open) -> None:
    with open_site(TENANTRY_STRIPE_API_KEY="") as site:
        site("CreateSubscriptionPlan", name="Pro", price_amount=2000, interval=MONTHLY)
        acme = str(organization(site.shop.service))
        live = site("CreateSubscription", organization_id=acme, subscription_plan="Pro").subscription
        assert site("CancelSubscription", subscription_id=live.id, immediately=True).subscription.status == 4
        assert site.shop.fake.calls == []


def test_a_server_without_a_key_says_so_and_does_everything_else(open_site: Open) -> None:
    with open_site(TENANTRY_STRIPE_API_KEY="") as site:
        acme = organization(site.shop.service)
        failure = site.refused("EnsureCustomer", organization_id=str(acme))
        assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "STRIPE_NOT_CONFIGURED")
        assert "TENANTRY_STRIPE_API_KEY" in failure.message
        site("GrantCredits", organization_id=str(acme), amount=10)
        assert site("ConsumeCredits", organization_id=str(acme), amount=3).transaction.balance_after == 7


def test_a_key_that_stripe_does_not_take_is_as_good_as_none(open_site: Open) -> None:
    with open_site(TENANTRY_STRIPE_API_KEY="sk_test_other") as site:
        failure = site.refused("EnsureCustomer", organization_id=str(organization(site.shop.service)))
        assert (failure.reason, failure.message) == ("STRIPE_NOT_CONFIGURED", "Invalid API Key provided")


@pytest.mark.parametrize("failure", [Failure(status=503), Failure(status=0)])
def test_stripe_down_is_unavailable_and_done_when_it_is_back(open_site: Open, failure: Failure) -> None:
    with open_site(IMPATIENT) as site:
        acme = organization(site.shop.service)
        site.shop.fake.fail(failure)
        with pytest.raises(grpc.RpcError) as raised:
            site("EnsureCustomer", organization_id=str(acme))
        told = server.failure(raised.value)
        assert (told.code, told.reason) == (grpc.StatusCode.UNAVAILABLE, "STRIPE_UNAVAILABLE")
        retry, answer = RetryInfo(), rpc_status.from_call(cast(grpc.Call, raised.value))
        assert answer
        assert any(detail.Unpack(retry) for detail in answer.details)
        assert retry.retry_delay.seconds > 0
        site.shop.fake.heal()
        site.shop.due_now()
        eventually(lambda: site.shop.requests()[0]["state"] == "succeeded")
        assert len(site.shop.fake.of("customer")) == 1


def test_a_slow_stripe_does_not_hold_a_caller_beyond_its_deadline(site: Site) -> None:
    acme = organization(site.shop.service)
    site.shop.fake.fail(Failure(seconds=1.5))
    began = time.monotonic()
    message = request("EnsureCustomer", organization_id=str(acme))
    with pytest.raises(grpc.RpcError) as raised:
        invoke(site.client.channel, "EnsureCustomer", message, timeout=0.5)
    assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < 1.4
    site.shop.fake.heal()
    eventually(lambda: site.shop.requests()[0]["state"] == "succeeded")
    assert len(site.shop.fake.of("customer")) == 1


def test_what_stripe_refuses_is_told_with_its_code(site: Site) -> None:
    plan = sell(site)
    acme = str(organization(site.shop.service))
    stripe_price = site("GetSubscriptionPlan", subscription_plan="Pro").subscription_plan.stripe_price_id
    site.shop.fake.objects[stripe_price]["active"] = False
    failure = site.refused("CreateCheckoutSession", organization_id=acme, subscription_plan=plan.id, **PAGES)
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "STRIPE_REFUSED")
    assert failure.message == f"The price specified is inactive: {stripe_price}"
    assert (failure.metadata["type"], failure.metadata["operation"]) == (
        "invalid_request_error",
        "create_checkout_session",
    )


def test_what_a_supabase_client_asked_for_is_sent_by_the_server(site: Site, connect: Connect) -> None:
    sell(site)
    team = Team(site.shop.admin, connect)
    owner = team.as_("owner")
    asked = call(owner, "create_checkout_session", organization_id=team.id, credit_product="Pack", **PAGES)

    def answered() -> bool:
        seen = call(owner, "get_stripe_request", organization_id=team.id, stripe_request_id=asked["id"])
        return bool(seen["url"])

    began = time.monotonic()
    eventually(answered)
    assert time.monotonic() - began < 4, "it is announced, and does not wait for the next look"


def test_an_automatic_top_up_is_set_and_pays_by_itself(site: Site) -> None:
    sell(site)
    shop, acme = site.shop, organization(site.shop.service)
    site.buy(acme)
    setting = site(
        "SetAutoTopUp", organization_id=str(acme), credit_product="Pack", threshold=100, monthly_cap=2
    ).auto_top_up
    assert site("GetAutoTopUp", organization_id=str(acme)).auto_top_up == setting
    site("ConsumeCredits", organization_id=str(acme), amount=450)
    eventually(lambda: shop.credits(acme) == 550)
    site("DisableAutoTopUp", organization_id=str(acme))
    site("ConsumeCredits", organization_id=str(acme), amount=500)
    assert site.refused("GetAutoTopUp", organization_id=str(acme)).reason == "NOT_FOUND"
    assert len(shop.requests("auto_top_up")) == 1


def test_a_declined_payment_has_its_reason(site: Site) -> None:
    """No call waits for an automatic top-up; a client that waits for a declined request is told so."""
    sell(site)
    shop, acme = site.shop, organization(site.shop.service)
    site.buy(acme)
    site("SetAutoTopUp", organization_id=str(acme), credit_product="Pack", threshold=100, monthly_cap=2)
    shop.fake.decline(shop.fake.of("customer")[0]["id"])
    consume(shop.service, acme, 450)
    eventually(lambda: shop.requests("auto_top_up")[0]["state"] == "failed")
    (failed,) = shop.requests("auto_top_up")
    with pytest.raises(Exception, match="Your card was declined") as raised:
        shop.service.execute(
            "select tenantry.poll_stripe_requests(%s, %s, %s)", [acme, failed["id"], datetime(2020, 1, 1, tzinfo=UTC)]
        )
    assert getattr(raised.value, "sqlstate", None) == "TN043"


def test_a_server_that_is_killed_between_sending_and_the_answer_leaves_one_payment(
    open_site: Open, cluster: Cluster, database: str
) -> None:
    with open_site() as site:
        sell(site)
        shop, acme = site.shop, organization(site.shop.service)
        site.buy(acme)
        site("SetAutoTopUp", organization_id=str(acme), credit_product="Pack", threshold=100, monthly_cap=5)
        before = len(shop.fake.calls)
        shop.fake.fail(Failure(seconds=1.5, times=1))
        consume(shop.service, acme, 450)
        eventually(lambda: len(shop.fake.calls) > before)
        os.kill(site.process.popen.pid, signal.SIGKILL)
        site.process.popen.wait()
        # Stripe carries out the request all the same.
        eventually(lambda: len(shop.fake.of("payment_intent")) == 2)
        assert [r["state"] for r in shop.requests("auto_top_up")] == ["pending"]
        grant(shop.service, acme, 100)
        consume(shop.service, acme, 100)
        shop.due_now()
        with server.fork(**settings(shop, cluster.conninfo(database, "tenantry_server"))):
            eventually(lambda: shop.requests("auto_top_up")[0]["state"] == "succeeded")
        assert shop.fake.calls[-1].is_replay
        assert len(shop.fake.of("payment_intent")) == 2
        assert shop.credits(acme) == 550


def test_two_servers_send_each_request_once(open_site: Open, cluster: Cluster, database: str) -> None:
    with (
        open_site() as site,
        server.fork(**settings(site.shop, cluster.conninfo(database, "tenantry_server"))),
    ):
        for _ in range(30):
            call(site.shop.service, "ensure_customer", organization_id=organization(site.shop.service))
        eventually(lambda: all(r["state"] == "succeeded" for r in site.shop.requests()))
        assert len(site.shop.fake.of("customer")) == len(site.shop.posts("/v1/customers")) == 30
