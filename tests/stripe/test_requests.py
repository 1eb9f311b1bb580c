"""Requests to Stripe: their parameters, sent once, in order, through all failures on the way."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tenantry_demo.fake_stripe import HEAD_START, Failure
from tests.conftest import Connect
from tests.support.fake_stripe import PAGES, Shop
from tests.support.ledger import START, Row, call, consume, freeze, move_clock, organization, refused
from tests.support.subscriptions import current
from tests.support.users import Team


def test_a_customer_is_made_once_and_then_brought_up_to_date(shop: Shop) -> None:
    acme = organization(shop.service, name="Acme")
    made = shop.ask("ensure_customer", organization_id=acme, email="a@acme.example")
    assert (made["state"], made["operation"], made["attempts"]) == ("succeeded", "ensure_customer", 1)
    shop.admin.execute("update public.organizations set name = 'Acme Inc' where id = %s", [acme])
    again = shop.ask("ensure_customer", organization_id=acme)
    assert again["stripe_id"] == made["stripe_id"]
    (customer,) = shop.fake.of("customer")
    assert (customer["name"], customer["email"]) == ("Acme Inc", "a@acme.example")
    assert customer["metadata"] == {"tenantry_organization_id": str(acme)}
    linked = shop.admin.execute("select * from tenantry.stripe_customers").fetchall()
    assert [(row["stripe_customer_id"], row["organization_id"]) for row in linked] == [(customer["id"], acme)]


def test_the_same_request_while_one_is_pending_is_that_one(shop: Shop) -> None:
    acme = organization(shop.service)
    first = call(shop.service, "ensure_customer", organization_id=acme)
    assert call(shop.service, "ensure_customer", organization_id=acme) == first
    other = call(shop.service, "ensure_customer", organization_id=acme, email="x@acme.example")
    assert other["id"] != first["id"]
    assert shop.answered(first)["state"] == "succeeded"
    assert call(shop.service, "ensure_customer", organization_id=acme)["id"] != first["id"]


def test_nobody_fills_the_queue_of_all(shop: Shop) -> None:
    acme, other = organization(shop.service), organization(shop.service)
    shop.ask("ensure_customer", organization_id=acme)
    for number in range(20):
        call(shop.service, "create_portal_session", organization_id=acme, return_url=f"https://acme.example/{number}")
    said = refused(
        shop.service, "TN047", "create_portal_session", organization_id=acme, return_url="https://acme.example/more"
    )
    assert said["pending"] == 20
    call(shop.service, "ensure_customer", organization_id=other)
    shop.send()
    call(shop.service, "create_portal_session", organization_id=acme, return_url="https://acme.example/more")


def test_a_checkout_makes_the_customer_first_and_says_whose_it_is(shop: Shop) -> None:
    plan, acme = shop.plan(), organization(shop.service)
    session = shop.ask(
        "create_checkout_session", organization_id=acme, subscription_plan="Pro", email="a@acme.example", **PAGES
    )
    assert session["state"] == "succeeded"
    assert session["url"].startswith(shop.fake.url)
    (customer,) = shop.fake.of("customer")
    (posted,) = shop.posts("/v1/checkout/sessions")
    whose = {"tenantry_organization_id": str(acme)}
    assert posted.params == {
        "mode": "subscription",
        "customer": customer["id"],
        "client_reference_id": str(acme),
        "line_items": [{"price": plan["stripe_price_id"], "quantity": 1}],
        "metadata": whose,
        "subscription_data": {"metadata": whose},
        **PAGES,
    }
    assert posted.idempotency_key == f"tenantry-{session['id']}"


def test_a_purchase_says_on_every_object_what_was_bought(shop: Shop) -> None:
    product, acme = shop.product(), organization(shop.service)
    shop.buy(acme, product, quantity=3, save_payment_method=True)
    (posted,) = shop.posts("/v1/checkout/sessions")
    metadata = dict(posted.params["metadata"])
    assert metadata.pop("tenantry_purchase_id")
    assert metadata == {
        "tenantry_organization_id": str(acme),
        "tenantry_credit_product_id": str(product["id"]),
        "tenantry_quantity": "3",
        "tenantry_billing_reason": "credit_purchase",
    }
    everywhere = [
        shop.fake.of("payment_intent")[0]["metadata"],
        shop.fake.of("invoice")[0]["metadata"],
        shop.fake.of("checkout.session")[0]["metadata"],
    ]
    assert everywhere == [everywhere[0]] * 3
    assert posted.params["payment_intent_data"]["setup_future_usage"] == "off_session"
    assert shop.credits(acme) == 1500


def test_a_trial_is_offered_to_who_has_not_had_a_subscription(shop: Shop) -> None:
    plan = shop.plan(trial_period_days=14)
    fresh, returning = organization(shop.service), organization(shop.service)
    call(shop.service, "create_subscription", organization_id=returning, subscription_plan="Pro")
    call(
        shop.service,
        "cancel_subscription",
        subscription_id=current(shop.service, returning)["id"],
        immediately=True,
    )
    for acme in (fresh, returning):
        shop.ask("create_checkout_session", organization_id=acme, subscription_plan=plan["name"], **PAGES)
    trials = [c.params["subscription_data"].get("trial_period_days") for c in shop.posts("/v1/checkout/sessions")]
    assert trials == [14, None]


def test_what_cannot_be_sold_is_refused(shop: Shop) -> None:
    plan, product, acme = shop.plan(max_users=1), shop.product(), organization(shop.service)
    call(shop.service, "create_subscription_plan", name="Local", price_amount=1, interval="monthly")

    def sell(code: str, **arguments: Any) -> Row:
        return refused(shop.service, code, "create_checkout_session", **{"organization_id": acme} | PAGES | arguments)

    assert sell("TN001", subscription_plan="Pro", credit_product="Pack")["field"] == "credit_product"
    assert sell("TN001")["field"] == "subscription_plan"
    assert sell("TN001", credit_product="Pack", quantity=0)["field"] == "quantity"
    assert sell("TN001", credit_product="Pack", quantity=1001)["field"] == "quantity"
    assert sell("TN001", subscription_plan="Pro", quantity=0)["field"] == "quantity"
    assert sell("TN001", subscription_plan="Pro", quantity=1001)["field"] == "quantity"
    assert sell("TN001", subscription_plan="Pro", success_url="javascript:alert(1)")["field"] == "success_url"
    assert sell("TN001", subscription_plan="Pro", cancel_url=None)["field"] == "cancel_url"
    assert sell("TN001", subscription_plan="Pro", email="nobody")["field"] == "email"
    assert sell("TN001", organization_id=None, subscription_plan="Pro")["field"] == "organization_id"
    sell("TN002", subscription_plan="None such")
    sell("TN002", organization_id=uuid4(), subscription_plan="Pro")
    assert sell("TN045", subscription_plan="Local")["name"] == "Local"
    call(shop.service, "archive_credit_product", credit_product=str(product["id"]))
    assert sell("TN046", credit_product="Pack")["credit_product_id"] == str(product["id"])
    shop.admin.execute("update public.subscription_plans set is_active = false where id = %s", [plan["id"]])
    sell("TN027", subscription_plan="Pro")
    assert shop.requests("create_checkout_session") == []


def subscribed(shop: Shop) -> tuple[UUID, Row]:
    """An organization with a live subscription at Stripe."""
    shop.plan()
    acme = organization(shop.service)
    request = shop.ask("create_checkout_session", organization_id=acme, subscription_plan="Pro", **PAGES)
    shop.fake.complete(request["stripe_id"])
    shop.hear()
    subscription = current(shop.service, acme)
    assert (subscription["status"], shop.credits(acme)) == ("active", 100)
    return acme, subscription


def test_whoever_is_subscribed_at_stripe_does_not_subscribe_again(shop: Shop) -> None:
    acme, subscription = subscribed(shop)
    detail = refused(
        shop.service, "TN026", "create_checkout_session", organization_id=acme, subscription_plan="Pro", **PAGES
    )
    assert detail["subscription_id"] == str(subscription["id"])


def test_cancel_resume_and_change_of_plan_are_done_at_stripe_and_followed_from_its_answer(shop: Shop) -> None:
    acme, subscription = subscribed(shop)
    larger = shop.plan(name="Team", price_amount=5000, included_credits=300)
    heard = len(shop.fake.events)
    one = {"subscription_id": subscription["id"]}

    call(shop.service, "cancel_subscription", **one)
    assert not current(shop.service, acme)["cancel_at_period_end"], "nothing changes until Stripe says so"
    shop.send()
    assert current(shop.service, acme)["cancel_at_period_end"]
    call(shop.service, "resume_subscription", **one)
    shop.send()
    assert not current(shop.service, acme)["cancel_at_period_end"]
    call(shop.service, "change_plan", subscription_plan="Team", **one)
    shop.send()
    assert current(shop.service, acme)["subscription_plan_id"] == larger["id"]
    call(shop.service, "cancel_subscription", immediately=True, **one)
    shop.send()
    assert current(shop.service, acme)["status"] == "cancelled"
    assert [r["state"] for r in shop.requests() if r["subject_id"] == subscription["id"]] == ["succeeded"] * 4

    # The events repeat only known facts afterwards.
    before = state(shop, acme)
    assert len(shop.fake.events) > heard
    shop.hear()
    assert state(shop, acme)["subscription"] == before["subscription"]


@pytest.mark.parametrize("is_followed", [True, False])
def test_a_plan_that_is_to_come_at_renewal_is_not_had_now_without_a_payment(shop: Shop, is_followed: bool) -> None:
    """At Stripe the change has come already, at no charge: a further change from there costs nothing, or even earns a
    credit."""
    acme, subscription = subscribed(shop)
    for name in ("Team", "Business"):
        shop.plan(name=name, price_amount=500000, included_credits=30000)
    one: dict[str, Any] = {"subscription_id": subscription["id"]}
    call(shop.service, "change_plan", subscription_plan="Team", at_renewal=True, **one)
    if is_followed:
        shop.send()
        assert current(shop.service, acme)["pending_plan_id"]
    for plan in ("Pro", "Team", "Business"):
        assert refused(shop.service, "TN001", "change_plan", subscription_plan=plan, **one)["field"] == "at_renewal"
    shop.send()
    shop.hear()
    assert shop.credits(acme) == 100
    # Once it is taken back, no change is pending.
    call(shop.service, "change_plan", subscription_plan="Pro", at_renewal=True, **one)
    shop.send()
    assert current(shop.service, acme)["pending_plan_id"] is None
    assert [i["total"] for i in shop.fake.of("invoice")] == [2000]
    call(shop.service, "change_plan", subscription_plan="Team", **one)
    shop.send()
    shop.hear()
    assert shop.fake.of("invoice")[-1]["total"] > 400000
    assert shop.credits(acme) == 30000


def test_a_dearer_plan_is_had_when_it_has_been_paid_for(shop: Shop) -> None:
    acme, subscription = subscribed(shop)
    shop.plan(name="Team", price_amount=500000, included_credits=30000)
    shop.fake.decline(subscription["stripe_customer_id"])
    call(shop.service, "change_plan", subscription_id=subscription["id"], subscription_plan="Team")
    shop.send()
    shop.hear()
    (request,) = shop.requests("change_plan")
    assert (request["state"], request["error_type"]) == ("succeeded", "payment_incomplete")
    assert request["url"] == shop.fake.of("invoice")[-1]["hosted_invoice_url"]
    found = current(shop.service, acme)
    assert (found["status"], found["subscription_plan_id"]) == ("active", subscription["subscription_plan_id"])
    assert shop.credits(acme) == 100


@pytest.mark.parametrize(("interval", "behavior"), [("monthly", "always_invoice"), ("annual", "none")])
def test_credits_that_stay_are_not_paid_back(shop: Shop, interval: str, behavior: str) -> None:
    """The credits of the old period stay when another billing period starts. If they were refunded, a change back and
    forth would bring them again and again."""
    _, subscription = subscribed(shop)
    shop.plan(name="Team", price_amount=5000, included_credits=300, interval=interval)
    call(shop.service, "change_plan", subscription_id=subscription["id"], subscription_plan="Team")
    (asked,) = shop.requests("change_plan")
    assert asked["params"]["proration_behavior"] == behavior
    assert asked["params"]["payment_behavior"] == "pending_if_incomplete"
    assert asked["params"].get("billing_cycle_anchor") == ({"type": "now"} if interval == "annual" else None)


def test_the_credits_of_a_trial_come_once_however_many_pages_offered_it(shop: Shop) -> None:
    shop.plan(name="Trial", trial_period_days=14)
    acme = organization(shop.service)
    pages = [
        shop.ask(
            "create_checkout_session",
            organization_id=acme,
            subscription_plan="Trial",
            **PAGES | {"success_url": f"https://shop.example/{number}"},
        )
        for number in range(3)
    ]
    for page in pages:
        shop.fake.complete(page["stripe_id"])
        shop.hear()
        assert current(shop.service, acme)["status"] == "trial"
        assert shop.credits(acme) == (100 if page is pages[0] else 0)
        if page is pages[0]:
            consume(shop.service, acme, 100)
        shop.fake.advance(60)


def test_no_more_is_sold_at_once_than_a_bill_can_say(shop: Shop) -> None:
    """The result of the payment could not be stored, and the credits would never come."""
    pack, acme = shop.product(price_amount=20_000_000), organization(shop.service)
    sale = {"organization_id": acme, "credit_product": pack["name"], **PAGES}
    assert refused(shop.service, "TN001", "create_checkout_session", quantity=108, **sale)["field"] == "quantity"
    call(shop.service, "create_checkout_session", quantity=107, **sale)


def test_a_trial_is_not_moved_to_a_plan_that_has_none(shop: Shop) -> None:
    """The change is free during a trial, and its credits would come at once."""
    shop.plan(name="Trial", trial_period_days=14)
    shop.plan(name="Team", price_amount=5000, included_credits=300)
    shop.plan(name="Other", trial_period_days=7, included_credits=200)
    acme = organization(shop.service)
    request = shop.ask("create_checkout_session", organization_id=acme, subscription_plan="Trial", **PAGES)
    shop.fake.complete(request["stripe_id"])
    shop.hear()
    one: dict[str, Any] = {"subscription_id": current(shop.service, acme)["id"]}
    detail = refused(shop.service, "TN028", "change_plan", subscription_plan="Team", **one)
    assert detail["cause"] == "PLAN_HAS_NO_TRIAL"
    call(shop.service, "change_plan", subscription_plan="Other", **one)
    shop.send()
    call(shop.service, "change_plan", subscription_plan="Team", at_renewal=True, **one)
    shop.send()
    assert shop.credits(acme) == 200


def state(shop: Shop, organization_id: UUID) -> Row:
    subscription = current(shop.service, organization_id)
    subscription.pop("updated_at")
    return {"subscription": subscription, "credits": shop.credits(organization_id)}


def test_a_resumption_does_not_overtake_the_cancellation_before_it(shop: Shop) -> None:
    acme, subscription = subscribed(shop)
    one = {"subscription_id": subscription["id"]}
    call(shop.service, "cancel_subscription", **one)
    shop.fake.fail(Failure(status=503))
    shop.send()
    shop.fake.heal()
    # The second request comes while the first waits for its next attempt.
    shop.admin.execute(
        "update public.organization_subscriptions set cancel_at_period_end = true where id = %s", [subscription["id"]]
    )
    call(shop.service, "resume_subscription", **one)
    shop.send()
    assert [r["state"] for r in shop.requests()[-2:]] == ["pending", "pending"]
    shop.due_now()
    shop.send()
    assert [r["state"] for r in shop.requests()[-2:]] == ["succeeded", "succeeded"]
    assert not shop.fake.of("subscription")[0]["cancel_at_period_end"]
    assert not current(shop.service, acme)["cancel_at_period_end"]


def test_a_page_is_for_who_may_pay_not_for_who_may_look_on(shop: Shop, connect: Connect) -> None:
    """Every holder of the page's address can change how the organization pays."""
    team = Team(shop.admin, connect)
    asked = call(team.as_("billing"), "create_portal_session", organization_id=team.id, return_url=PAGES["success_url"])
    shop.send()
    for role, sees in (("billing", True), ("admin", False)):
        who = team.as_(role)
        one = call(who, "get_stripe_request", organization_id=team.id, stripe_request_id=asked["id"])
        listed = call(who, "list_stripe_requests", organization_id=team.id, operation="create_portal_session")
        (other,) = listed["stripe_requests"]
        assert [one["state"], other["state"]] == ["succeeded"] * 2
        assert [bool(one["url"]), bool(other["url"])] == [sees] * 2
    assert shop.answered(asked)["url"]


def test_a_portal_session_is_a_page_for_the_customer(shop: Shop) -> None:
    acme = shop.customer()
    session = shop.ask("create_portal_session", organization_id=acme, return_url="https://shop.example/")
    assert session["url"].startswith(f"{shop.fake.url}/portal/")
    assert refused(shop.service, "TN001", "create_portal_session", organization_id=acme)["field"] == "return_url"


@pytest.mark.parametrize("failure", [Failure(status=500), Failure(status=429), Failure(status=0), Failure(status=409)])
def test_what_stripe_did_not_answer_is_sent_again_later_under_the_same_key(shop: Shop, failure: Failure) -> None:
    acme, now = organization(shop.service), freeze(shop.admin)
    shop.fake.fail(failure)
    request = shop.ask("ensure_customer", organization_id=acme)
    assert (request["state"], request["error_type"], request["attempts"]) == ("pending", "unavailable", 1)
    assert shop.requests()[0]["next_attempt_at"] == now + timedelta(seconds=5)
    shop.fake.heal()
    assert shop.answered(request)["state"] == "pending", "its time has not come"
    move_clock(shop.admin, "+5 seconds")
    request = shop.answered(request)
    assert (request["state"], request["error_type"], request["attempts"]) == ("succeeded", None, 2)
    assert len({c.idempotency_key for c in shop.fake.calls}) == 1
    assert len(shop.fake.of("customer")) == 1


def test_an_answer_that_was_lost_is_had_from_the_replay(shop: Shop) -> None:
    acme = organization(shop.service)
    shop.fake.fail(Failure(after=True))
    request = shop.ask("ensure_customer", organization_id=acme)
    assert request["state"] == "pending"
    shop.fake.heal()
    shop.due_now()
    assert shop.answered(request)["state"] == "succeeded"
    assert shop.fake.calls[-1].is_replay
    assert len(shop.fake.of("customer")) == 1


def test_a_sender_that_dies_leaves_a_claim_that_runs_out(shop: Shop) -> None:
    acme = organization(shop.service)
    freeze(shop.admin)
    request = call(shop.service, "ensure_customer", organization_id=acme)
    taken = shop.service.execute("select * from tenantry.claim_stripe_requests()").fetchall()
    assert [row["id"] for row in taken] == [request["id"]]
    assert shop.answered(request)["attempts"] == 1, "in the other's hands"
    move_clock(shop.admin, "+2 minutes")
    assert shop.answered(request)["state"] == "succeeded"


def test_two_senders_at_once_do_not_send_the_same(shop: Shop, connect: Connect) -> None:
    for _ in range(6):
        call(shop.service, "ensure_customer", organization_id=organization(shop.service))
    other = connect("service_role")
    with shop.service.transaction():
        mine = shop.service.execute("select id from tenantry.claim_stripe_requests(4)").fetchall()
        theirs = other.execute("select id from tenantry.claim_stripe_requests(4)").fetchall()
    assert len({row["id"] for row in [*mine, *theirs]}) == len([*mine, *theirs]) == 6


def test_what_could_not_be_sent_for_23_hours_is_not_sent_any_more(shop: Shop) -> None:
    acme = organization(shop.service)
    freeze(shop.admin)
    request = call(shop.service, "create_portal_session", organization_id=acme, return_url="https://shop.example/")
    move_clock(shop.admin, START + timedelta(hours=23, seconds=1))
    assert [(r["state"], r["error_type"]) for r in (shop.answered(request), *shop.requests())] == [
        ("failed", "expired")
    ] * 3
    assert shop.fake.calls == []


def test_what_stripe_refuses_fails_with_its_words_and_takes_with_it_what_waited(shop: Shop) -> None:
    shop.plan()
    acme = organization(shop.service)
    request = call(shop.service, "create_checkout_session", organization_id=acme, subscription_plan="Pro", **PAGES)
    shop.admin.execute(
        "update tenantry.stripe_requests set params = params || '{\"nmae\": \"x\"}' where operation = 'ensure_customer'"
    )
    failed = shop.answered(request)
    assert (failed["state"], failed["error_type"], failed["error_code"], failed["error_message"]) == (
        "failed",
        "invalid_request_error",
        "parameter_unknown",
        "Received unknown parameter: nmae",
    )
    assert failed["attempts"] == 0


def test_without_a_key_or_with_a_wrong_one_it_fails_at_once(shop: Shop) -> None:
    acme = organization(shop.service)
    call(shop.service, "ensure_customer", organization_id=acme)
    shop.send(key=None)
    call(shop.service, "ensure_customer", organization_id=acme)
    shop.send(key="sk_test_other")
    assert [(r["state"], r["error_type"]) for r in shop.requests()] == [
        ("failed", "not_configured"),
        ("failed", "authentication_error"),
    ]


def test_an_outcome_is_brought_back_once(shop: Shop) -> None:
    acme = organization(shop.service)
    request = shop.ask("ensure_customer", organization_id=acme)
    again = shop.service.execute(
        "select (f).* from tenantry.finish_stripe_request(%s, 400, '{}', now(), false) as f", [request["id"]]
    ).fetchone()
    assert again == request


def test_a_replayed_answer_does_not_turn_back_what_was_heard_since(shop: Shop) -> None:
    acme, subscription = subscribed(shop)
    shop.fake.fail(Failure(after=True))
    call(shop.service, "cancel_subscription", subscription_id=subscription["id"])
    shop.send()
    shop.fake.heal()
    # Meanwhile another user resumes it at Stripe, and the event arrives.
    shop.fake.advance(HEAD_START)
    with shop.fake._change():
        resumed = shop.fake.objects[subscription["stripe_subscription_id"]]
        resumed |= {"cancel_at_period_end": False, "canceled_at": None, "cancel_at": None}
        shop.fake._emit("customer.subscription.updated", resumed)
    shop.hear()
    shop.due_now()
    shop.send()
    assert shop.fake.calls[-1].is_replay
    assert shop.requests("cancel_subscription")[0]["state"] == "succeeded"
    assert not current(shop.service, acme)["cancel_at_period_end"]


def test_a_signed_in_user_asks_and_sees_the_outcome(shop: Shop, connect: Connect) -> None:
    shop.plan()
    team = Team(shop.admin, connect)
    acme, user = team.id, team.as_("billing")
    request = call(user, "create_checkout_session", organization_id=acme, subscription_plan="Pro", **PAGES)
    assert request["state"] == "pending"
    shop.send()
    seen = call(user, "get_stripe_request", organization_id=acme, stripe_request_id=request["id"])
    assert seen["url"].startswith(shop.fake.url)
    listed = call(user, "list_stripe_requests", organization_id=acme, state="succeeded")["stripe_requests"]
    assert [row["operation"] for row in listed] == ["create_checkout_session", "ensure_customer"]
    refused(user, "42501", "list_stripe_requests")
    refused(user, "42501", "get_stripe_request", stripe_request_id=request["id"])
    refused(user, "42501", "create_checkout_session", organization_id=organization(shop.service), **PAGES)
