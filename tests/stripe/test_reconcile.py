"""Reconciliation finds, repairs and reports the events that never arrived; it does nothing twice."""

from uuid import UUID

from psycopg.types.json import Jsonb

from tests.support.fake_stripe import PAGES, Shop, tenantry
from tests.support.ledger import call, findings, organization
from tests.support.subscriptions import current


def life(shop: Shop) -> UUID:
    """A subscription, a purchase and a refund, without their events."""
    shop.plan()
    shop.product()
    acme = organization(shop.service)
    for what in ({"subscription_plan": "Pro"}, {"credit_product": "Pack"}):
        request = shop.ask("create_checkout_session", organization_id=acme, **what, **PAGES)
        shop.fake.complete(request["stripe_id"])
    shop.fake.refund(shop.fake.of("payment_intent")[-1]["id"], 450)
    return acme


def test_what_was_missed_is_made_good_and_reported_once(shop: Shop) -> None:
    acme = life(shop)
    assert shop.credits(acme) == 0
    done = tenantry(shop, "reconcile", "--since", "1d")
    assert done.returncode == 1, done.stderr
    assert (current(shop.service, acme)["status"], shop.credits(acme)) == ("active", 100 + 250)
    assert findings(shop.service, acme) == []
    lines = done.stdout.splitlines()
    subscription, invoice = shop.fake.of("subscription")[0], shop.fake.of("invoice")[0]
    assert any(
        line.startswith(f"{acme} subscription {subscription['id']}: nothing -> Pro active until") for line in lines
    )
    assert f"{acme} bill {invoice['id']}: nothing -> paid 2000 USD, 0 given back" in done.stdout
    assert "event invoice.paid evt_" in done.stdout
    assert "missed -> processed" in done.stdout

    again = tenantry(shop, "reconcile", "--since", "1d")
    assert (again.returncode, again.stdout.splitlines()[-1].split(", ")[1]) == (0, "0 differences"), again.stdout
    shop.hear()
    assert shop.credits(acme) == 350


def test_objects_alone_make_good_what_events_too_old_to_list_told(shop: Shop) -> None:
    acme = life(shop)
    shop.fake.events.clear()
    done = tenantry(shop, "reconcile", "--since", "2020-01-01")
    assert done.returncode == 1, done.stderr
    assert "event" not in done.stdout
    assert current(shop.service, acme)["status"] == "active"
    assert shop.credits(acme) == 100 + 500, "a refund is not on the invoice"


def test_what_was_heard_of_is_not_different(shop: Shop) -> None:
    acme = life(shop)
    shop.hear()
    credits = shop.credits(acme)
    done = tenantry(shop, "reconcile")
    assert (done.returncode, done.stderr) == (0, "")
    assert shop.credits(acme) == credits


def test_a_drifted_subscription_is_brought_back(shop: Shop) -> None:
    acme = life(shop)
    shop.hear()
    shop.fake.advance(600)
    with shop.fake._change():
        gone = shop.fake.objects[shop.fake.of("subscription")[0]["id"]]
        shop.fake._end(gone)
    shop.fake.events.clear()
    done = tenantry(shop, "reconcile")
    assert done.returncode == 1
    assert "Pro cancelled" in done.stdout
    assert current(shop.service, acme)["status"] == "cancelled"


def test_an_event_that_is_stuck_is_taken_up_again(shop: Shop) -> None:
    acme = life(shop)
    shop.admin.execute(
        "create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$;"
        "create trigger refuse before insert on public.billing_history for each row execute function refuse();"
    )
    shop.hear()
    stuck = tenantry(shop, "reconcile")
    assert stuck.returncode == 1
    shop.admin.execute("drop trigger refuse on public.billing_history")
    done = tenantry(shop, "reconcile")
    assert done.returncode == 1
    assert "failed -> processed" in done.stdout
    assert current(shop.service, acme)["status"] == "active"


def test_sync_brings_the_catalog_to_stripe(shop: Shop) -> None:
    call(shop.service, "create_subscription_plan", name="Pro", price_amount=2000, interval="monthly")
    done = tenantry(shop, "sync", "push")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0::2] for line in done.stdout.splitlines()] == [
        ["sync_product", "succeeded"],
        ["sync_price", "succeeded"],
    ]
    again = tenantry(shop, "sync", "push")
    assert (again.returncode, again.stdout) == (0, "nothing to do\n")
    assert tenantry(shop, "sync", "pull").returncode == 0


def test_without_stripe_it_says_why(shop: Shop) -> None:
    for arguments in (["reconcile"], ["sync", "push"]):
        without = tenantry(shop, *arguments, key="")
        assert (without.returncode, without.stderr) == (1, "tenantry: TENANTRY_STRIPE_API_KEY is not set\n")
    wrong = tenantry(shop, "reconcile", key="sk_test_other")
    assert (wrong.returncode, wrong.stderr) == (1, "tenantry: Stripe: Invalid API Key provided\n")
    malformed = tenantry(shop, "reconcile", "--since", "yesterday")
    assert malformed.returncode == 2
    assert "--since" in malformed.stderr


def test_an_event_that_is_none_is_refused(shop: Shop) -> None:
    found = shop.service.execute(
        "select * from tenantry.reconcile_stripe(%s, now())", [Jsonb({"object": "price", "id": "price_unknown"})]
    ).fetchall()
    assert found == []


def test_objects_with_characters_that_postgresql_cannot_store_are_read(shop: Shop) -> None:
    shop.plan()
    acme = organization(shop.service)
    page = shop.ask("create_checkout_session", organization_id=acme, subscription_plan="Pro", **PAGES)
    shop.fake.complete(page["stripe_id"])
    shop.fake.annotate("subscription", note="\0\ud800")
    done = tenantry(shop, "reconcile", "--since", "3d")
    assert (done.returncode, done.stderr) == (1, ""), "a new subscription is a difference"
    assert current(shop.service, acme)["status"] == "active"
