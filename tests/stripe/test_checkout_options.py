"""The options of a page at Stripe, each with the parameters that Stripe needs for it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.fake_stripe import PAGES, Shop
from tests.support.ledger import move_clock, organization, refused
from tests.support.subscriptions import current

ADDRESS, NAME = {"address": "auto"}, {"name": "auto"}
SALES = [{"subscription_plan": "Pro"}, {"credit_product": "Pack"}]


@pytest.mark.parametrize("sale", SALES, ids=["plan", "pack"])
def test_each_option_reaches_the_page(shop: Shop, sale: dict[str, str]) -> None:
    shop.plan()
    shop.product()
    acme = organization(shop.service)
    options: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {}),
        ({"allow_promotion_codes": True}, {"allow_promotion_codes": True}),
        ({"automatic_tax": True}, {"automatic_tax": {"enabled": True}, "customer_update": ADDRESS}),
        ({"tax_id_collection": True}, {"tax_id_collection": {"enabled": True}, "customer_update": NAME}),
        (
            {"automatic_tax": True, "tax_id_collection": True},
            {
                "automatic_tax": {"enabled": True},
                "tax_id_collection": {"enabled": True},
                "customer_update": ADDRESS | NAME,
            },
        ),
        (
            {"billing_address_collection": True},
            {"billing_address_collection": "required", "customer_update": ADDRESS},
        ),
        ({"locale": "pt-BR"}, {"locale": "pt-BR"}),
        ({"locale": "auto"}, {"locale": "auto"}),
        ({"currency": "EUR"}, {"currency": "eur"}),
        ({"quantity": 7}, {}),
        (dict.fromkeys(["allow_promotion_codes", "automatic_tax", "tax_id_collection"], False), {}),
    ]
    names = {
        "allow_promotion_codes",
        "automatic_tax",
        "tax_id_collection",
        "billing_address_collection",
        "customer_update",
        "locale",
        "currency",
        "payment_method_collection",
    }
    for given, expected in options:
        request = shop.ask("create_checkout_session", organization_id=acme, **sale, **given, **PAGES)
        assert (request["state"], request["error_message"]) == ("succeeded", None), given
        sent = shop.posts("/v1/checkout/sessions")[-1].params
        assert {name: value for name, value in sent.items() if name in names} == expected
        assert sent["line_items"][0]["quantity"] == given.get("quantity", 1)


@pytest.mark.parametrize("adds_card", [False, True])
def test_a_trial_can_begin_without_a_card_and_ends_without_one(shop: Shop, adds_card: bool) -> None:
    shop.plan(trial_period_days=14)
    acme = organization(shop.service)
    request = shop.ask(
        "create_checkout_session",
        organization_id=acme,
        subscription_plan="Pro",
        trial_without_payment_method=True,
        **PAGES,
    )
    (posted,) = shop.posts("/v1/checkout/sessions")
    assert posted.params["payment_method_collection"] == "if_required"
    assert posted.params["subscription_data"]["trial_settings"] == {
        "end_behavior": {"missing_payment_method": "cancel"}
    }
    shop.fake.complete(request["stripe_id"])
    shop.hear()
    assert shop.fake.of("payment_method") == []
    assert current(shop.service, acme)["status"] == "trial"
    if adds_card:
        shop.fake.portal_payment_method(shop.fake.of("customer")[0]["id"])
    shop.fake.advance(15 * 86400)
    move_clock(shop.admin, datetime.fromtimestamp(shop.fake.now, UTC))
    shop.hear()
    assert current(shop.service, acme)["status"] == ("active" if adds_card else "cancelled")


def test_a_trial_that_is_one_for_each_card_needs_a_card(shop: Shop) -> None:
    shop.plan(trial_period_days=14, features={"trial_limit": "payment_method"})
    shop.product()
    one = {"organization_id": organization(shop.service), "trial_without_payment_method": True, **PAGES}
    for sale in SALES:
        refusal = refused(shop.service, "TN001", "create_checkout_session", **one, **sale)
        assert refusal["field"] == "trial_without_payment_method"


@pytest.mark.parametrize(
    ("field", "value"),
    [("locale", "english"), ("locale", "EN"), ("locale", "de_DE"), ("currency", "euro"), ("currency", "€")],
)
def test_an_option_that_is_none_is_refused(shop: Shop, field: str, value: str) -> None:
    shop.plan()
    one = {"organization_id": organization(shop.service), "subscription_plan": "Pro", **PAGES}
    assert refused(shop.service, "TN001", "create_checkout_session", **one | {field: value})["field"] == field
    assert shop.requests("create_checkout_session") == []


def test_a_request_that_stripe_does_not_know_is_refused_by_its_own_types(shop: Shop) -> None:
    shop.plan()
    acme = organization(shop.service)
    one = {"organization_id": acme, "subscription_plan": "Pro", **PAGES}
    failed = shop.ask("create_checkout_session", locale="xx", **one)
    assert (failed["state"], failed["error_type"]) == ("failed", "invalid_request_error")
    assert "locale is 'xx'" in failed["error_message"]
