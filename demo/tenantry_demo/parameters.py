"""Checks requests against the types of parameters in the installed library of Stripe, which come from Stripe's own
description of its API."""

import importlib
import types
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import stripe
import typing_extensions

_TYPES = {
    "POST /v1/customers": "_customer_create_params.CustomerCreateParams",
    "POST /v1/customers/:id": "_customer_update_params.CustomerUpdateParams",
    "GET /v1/customers/:id": "_customer_retrieve_params.CustomerRetrieveParams",
    "POST /v1/products": "_product_create_params.ProductCreateParams",
    "POST /v1/products/:id": "_product_update_params.ProductUpdateParams",
    "GET /v1/products/:id": "_product_retrieve_params.ProductRetrieveParams",
    "POST /v1/prices": "_price_create_params.PriceCreateParams",
    "POST /v1/prices/:id": "_price_update_params.PriceUpdateParams",
    "GET /v1/prices/:id": "_price_retrieve_params.PriceRetrieveParams",
    "GET /v1/prices": "_price_list_params.PriceListParams",
    "POST /v1/checkout/sessions": "checkout._session_create_params.SessionCreateParams",
    "GET /v1/checkout/sessions/:id": "checkout._session_retrieve_params.SessionRetrieveParams",
    "POST /v1/billing_portal/sessions": "billing_portal._session_create_params.SessionCreateParams",
    "GET /v1/subscriptions": "_subscription_list_params.SubscriptionListParams",
    "GET /v1/subscriptions/:id": "_subscription_retrieve_params.SubscriptionRetrieveParams",
    "POST /v1/subscriptions/:id": "_subscription_update_params.SubscriptionUpdateParams",
    "DELETE /v1/subscriptions/:id": "_subscription_cancel_params.SubscriptionCancelParams",
    "GET /v1/invoices": "_invoice_list_params.InvoiceListParams",
    "GET /v1/invoices/:id": "_invoice_retrieve_params.InvoiceRetrieveParams",
    "GET /v1/invoices/:id/lines": "_invoice_line_item_list_params.InvoiceLineItemListParams",
    "POST /v1/payment_intents": "_payment_intent_create_params.PaymentIntentCreateParams",
    "GET /v1/payment_intents/:id": "_payment_intent_retrieve_params.PaymentIntentRetrieveParams",
    "POST /v1/refunds": "_refund_create_params.RefundCreateParams",
    "GET /v1/events": "_event_list_params.EventListParams",
}
"""The type of the parameters of each endpoint, in stripe.params."""


def problems(endpoint: str, params: Mapping[str, Any]) -> list[str]:
    """The differences between parameters and the type of the endpoint's parameters, such as `items[0][prize]`.

    endpoint: such as POST /v1/customers/:id. params: numbers and truth values as such, not as text.
    """
    module, _, name = _TYPES[endpoint].rpartition(".")
    return list(_wrong(params, getattr(importlib.import_module(f"stripe.params.{module}"), name), ""))


@cache
def _hints(wanted: type) -> Mapping[str, Any]:
    # The library imports these names for type checkers alone. They are in the options of a request, such as its key.
    names = {"StripeContext": object, "Mapping": Mapping}
    hints = typing_extensions.get_type_hints(wanted, None, names, include_extras=True)
    return {name: hint for name, hint in hints.items() if name not in stripe.RequestOptions.__annotations__}


def _wrong(given: Any, wanted: Any, path: str) -> Iterator[str]:
    origin, inner = typing_extensions.get_origin(wanted), typing_extensions.get_args(wanted)
    if typing_extensions.is_typeddict(wanted):
        yield from _wrong_object(given, wanted, path)
    elif origin in (typing_extensions.NotRequired, typing_extensions.Required):
        yield from _wrong(given, inner[0], path)
    elif origin in (typing.Union, types.UnionType):
        yield from _wrong_union(given, inner, path)
    elif origin is typing.Literal:
        if given not in inner:
            yield f"{path} is {given!r}, none of {inner}"
    elif origin is list:
        if not isinstance(given, list):
            yield f"{path} is no list"
            return
        for number, each in enumerate(given):
            yield from _wrong(each, inner[0], f"{path}[{number}]")
    elif origin is dict:
        if not (isinstance(given, dict) and all(isinstance(each, inner[1]) for each in given.values())):
            yield f"{path} is no object of {inner[1].__name__}"
    elif origin is not None or not isinstance(wanted, type) or not _is(given, wanted):
        yield f"{path} is {given!r}, not {wanted}"


def _is(given: Any, wanted: type) -> bool:
    return isinstance(given, wanted) and not (isinstance(given, bool) and wanted is not bool)


def _wrong_union(given: Any, options: tuple[Any, ...], path: str) -> Iterator[str]:
    named = [value for option in options for value in typing_extensions.get_args(option) if isinstance(value, str)]
    # The library allows any text beside the values that it knows. Stripe does not.
    wanted = [option for option in options if not (option is str and any(named))]
    found = [list(_wrong(given, option, path)) for option in wanted]
    if all(found):
        yield from max(found, key=lambda each: max(map(len, each)))


def _wrong_object(given: Any, wanted: type, path: str) -> Iterator[str]:
    if not isinstance(given, dict):
        yield f"{path} is no object"
        return
    hints = _hints(wanted)
    for name, value in given.items():
        where = f"{path}[{name}]" if path else name
        if name in hints:
            yield from _wrong(value, hints[name], where)
        else:
            yield f"{where} is unknown"
    for name, hint in hints.items():
        if name not in given and typing_extensions.get_origin(hint) is not typing_extensions.NotRequired:
            yield f"{path}[{name}] is missing" if path else f"{name} is missing"
