"""A smoke test of the requests to Stripe against localstripe, an independent imitation, as far as it supports them:
customers, products, subscriptions in the shape of an older API. It is a separate program in its own environment."""

import asyncio
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenantry.stripe.answer import Answer
from tenantry.stripe.client import Stripe
from tests.support import venv
from tests.support.fake_stripe import Shop, tenantry
from tests.support.ledger import call, organization
from tests.support.postgres import in_one_version
from tests.support.subscriptions import current

pytestmark = in_one_version

KEY = "sk_test_12345"

# It keeps its state in one file of the machine for all users; the tests do not need it.
PROGRAM = """
from localstripe import resources, server
resources.Store.dump_to_disk = lambda store: None
server.start()
"""


@pytest.fixture(scope="module")
def localstripe(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running localstripe."""
    environment = venv.install("localstripe", pytestconfig)
    folder = tmp_path_factory.mktemp("localstripe")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running(environment, folder, port) as popen:
        until = time.monotonic() + 30
        while not answers(f"http://127.0.0.1:{port}/"):
            assert popen.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, "localstripe does not listen"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        popen.terminate()


def running(environment: Path, folder: Path, port: int) -> "subprocess.Popen[bytes]":
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [environment / "bin/python", "-c", PROGRAM, "--port", str(port), "--from-scratch"],
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def ask(address: str, path: str, **params: Any) -> Any:
    """Does an action at Stripe that another system would do."""

    async def run() -> Answer:
        stripe = Stripe(KEY, address)
        try:
            return await stripe.send("post", path, params, None)
        finally:
            await stripe.close()

    answer = asyncio.run(run())
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def test_customers_and_products_come_there(shop: Shop, localstripe: str) -> None:
    shop.fake.url, shop.fake.api_key = localstripe, KEY
    acme = organization(shop.service, name="Acme")
    customer = shop.ask("ensure_customer", organization_id=acme, email="a@acme.example")
    assert (customer["state"], customer["error_message"]) == ("succeeded", None)
    assert customer["stripe_id"].startswith("cus_")
    assert shop.ask("ensure_customer", organization_id=acme)["stripe_id"] == customer["stripe_id"]
    plan = shop.plan()
    assert plan["stripe_product_id"].startswith("prod_")
    mirrored = shop.admin.execute(
        "select data ->> 'name' as name from tenantry.stripe_objects where id = %s", [plan["stripe_product_id"]]
    ).fetchall()
    assert mirrored == [{"name": "Pro"}]
    # It knows no prices, only the older plans.
    assert [r["error_type"] for r in shop.requests("sync_price")] == ["unavailable"]


def test_a_subscription_is_cancelled_and_resumed_there(shop: Shop, localstripe: str) -> None:
    shop.fake.url, shop.fake.api_key = localstripe, KEY
    acme = organization(shop.service)
    customer = shop.ask("ensure_customer", organization_id=acme)["stripe_id"]
    monthly = ask(
        localstripe,
        "/v1/plans",
        amount=2000,
        currency="usd",
        interval="month",
        product={"name": "Pro"},
        id=f"plan-{acme}",
    )
    call(
        shop.service,
        "create_subscription_plan",
        name="Pro",
        price_amount=2000,
        interval="monthly",
        included_credits=100,
        stripe_price_id=monthly["id"],
        stripe_product_id=monthly["product"],
    )
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    method = ask(localstripe, "/v1/payment_methods", type="card", card=card)["id"]
    ask(localstripe, f"/v1/payment_methods/{method}/attach", customer=customer)
    ask(localstripe, f"/v1/customers/{customer}", invoice_settings={"default_payment_method": method})
    ask(localstripe, "/v1/subscriptions", customer=customer, items=[{"plan": monthly["id"]}])

    assert tenantry(shop, "reconcile", "--since", "1d", key=KEY).returncode == 1
    live = current(shop.service, acme)
    assert (live["status"], shop.credits(acme)) == ("active", 100)
    call(shop.service, "cancel_subscription", subscription_id=live["id"])
    shop.send()
    assert current(shop.service, acme)["cancel_at_period_end"]
    call(shop.service, "resume_subscription", subscription_id=live["id"])
    shop.send()
    assert not current(shop.service, acme)["cancel_at_period_end"]
    call(shop.service, "cancel_subscription", subscription_id=live["id"], immediately=True)
    shop.send()
    assert current(shop.service, acme)["status"] == "cancelled"


def test_what_is_no_answer_of_stripes_is_none(shop: Shop, localstripe: str) -> None:
    shop.fake.url, shop.fake.api_key = localstripe, KEY
    acme = organization(shop.service)
    request = call(shop.service, "create_portal_session", organization_id=acme, return_url="https://shop.example/")
    answered = shop.answered(request)
    # It has no portal, and answers in plain text, as a proxy on the way might.
    assert (answered["state"], answered["error_type"]) == ("pending", "unavailable")


def test_a_wrong_key_is_as_good_as_none(shop: Shop, localstripe: str) -> None:
    shop.fake.url, shop.fake.api_key = localstripe, "nothing like a key"
    request = shop.ask("ensure_customer", organization_id=organization(shop.service))
    assert (request["state"], request["error_type"]) == ("failed", "authentication_error")
