"""The payloads of the tests have the same fields as Stripe's, according to Stripe's own library."""

from typing import Any, get_args

import pytest
import stripe
from stripe.checkout import Session

from tests.support import stripe_payloads as payloads
from tests.support.stripe_payloads import CURRENT, Object

PERIOD = (0, 1)
SUBSCRIPTION = payloads.subscription(
    CURRENT, "sub_1", customer="cus_1", price_id="price_1", amount=1, status="active", created=0, period=PERIOD
)
LINE = payloads.line(CURRENT, "1", price_id="price_1", amount=1, period=PERIOD, subscription="sub_1")
OF_PAYMENT: dict[str, Any] = {"amount": 1, "created": 0}

MADE: dict[type, Object] = {
    stripe.Event: payloads.event(CURRENT, "invoice.paid", {}, 0, 1),
    stripe.Customer: payloads.customer(CURRENT, "cus_1", 0),
    stripe.Product: payloads.product("prod_1", 0),
    stripe.Price: payloads.price("price_1", 1, 0, product="prod_1"),
    stripe.Subscription: SUBSCRIPTION,
    stripe.SubscriptionItem: SUBSCRIPTION["items"]["data"][0],
    stripe.Invoice: payloads.invoice(CURRENT, "in_1", customer="cus_1", lines=[LINE], status="open", created=0),
    stripe.InvoiceLineItem: LINE,
    stripe.InvoicePayment: payloads.invoice_payment("inpay_1", invoice="in_1", payment_intent="pi_1", **OF_PAYMENT),
    stripe.PaymentIntent: payloads.payment_intent(CURRENT, "pi_1", customer="cus_1", status="succeeded", **OF_PAYMENT),
    stripe.Charge: payloads.charge(CURRENT, "ch_1", customer="cus_1", payment_intent="pi_1", **OF_PAYMENT),
    stripe.Refund: payloads.refund(CURRENT, "re_1", charge="ch_1", payment_intent="pi_1", **OF_PAYMENT),
    stripe.Dispute: payloads.dispute(
        CURRENT, "dp_1", charge="ch_1", payment_intent="pi_1", status="lost", **OF_PAYMENT
    ),
    Session: payloads.checkout_session(CURRENT, "cs_1", customer="cus_1", mode="payment", **OF_PAYMENT),
}


@pytest.mark.parametrize("kind", MADE, ids=lambda kind: kind.__name__)
def test_payloads_have_the_fields_of_stripes_objects(kind: type) -> None:
    known = {name: annotation for name, annotation in kind.__annotations__.items() if name.islower()}
    always = {name for name, annotation in known.items() if type(None) not in get_args(annotation)}
    fields = set(MADE[kind])
    assert {"missing": always - fields, "unknown": fields - set(known)} == {"missing": set(), "unknown": set()}
