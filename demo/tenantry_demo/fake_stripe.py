"""A fake Stripe: the part of Stripe's HTTP API that Tenantry uses, over a state in memory.

Like Stripe, it refuses a wrong key, unknown or missing parameters, and an idempotency key with other parameters. It
replays the answer to an idempotency key. Its objects have the shapes of the pinned version of the API: an invoice shows
ten of its lines, and subscriptions are in flexible billing mode. An invoice of a renewal is finalized an hour after the
period begins. Its methods play the customer (`complete`, `expire`, and those beginning with `portal_`), the time
(`advance`), the account (`refund`, `credit`, `pause`) and errors (`decline`, `authenticate`, `delay`, `fail`). It keeps
and lists events; `deliver` posts them to a webhook, signed as Stripe signs them.
"""

import asyncio
import hashlib
import hmac
import itertools
import json
import threading
import time
import urllib.error
import urllib.request
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl

from aiohttp import web

from tenantry.stripe.client import API_VERSION
from tenantry_demo.parameters import problems

Object = dict[str, Any]

DAY = 86400

HEAD_START = 600
"""Seconds that a fake Stripe starts behind the real time. Its time runs faster, and must stay in the past."""

LINES = 10
"""The lines of an invoice that its events and answers show."""

PENDING_UPDATE = 23 * 3600
"""Seconds after which a change that was not paid is given up."""

_META = "metadata"
_ITEM = {"price!": str, "quantity": int}
_PAYMENT_DATA = {"metadata": _META, "setup_future_usage": str, "description": str}
_PRICE = {"active": bool, "metadata": _META, "nickname": str}
_PRODUCT = {"name": str, "description": str, "metadata": _META, "active": bool}
_CUSTOMER = {"name": str, "email": str, "description": str, "metadata": _META}
_LIST = {"limit": int, "starting_after": str, "created": {"gte": int, "lte": int}, "expand": [str]}

PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "POST /v1/customers": _CUSTOMER,
    "POST /v1/customers/:id": _CUSTOMER | {"invoice_settings": {"default_payment_method": str}},
    "GET /v1/customers/:id": {},
    "POST /v1/products": {**_PRODUCT, "name!": str},
    "POST /v1/products/:id": _PRODUCT,
    "GET /v1/products/:id": {},
    "POST /v1/prices": {
        **_PRICE,
        "currency!": str,
        "product!": str,
        "unit_amount!": int,
        "recurring": {"interval!": str, "interval_count": int},
    },
    "POST /v1/prices/:id": _PRICE,
    "GET /v1/prices/:id": {},
    "GET /v1/prices": _LIST | {"active": bool, "product": str},
    "POST /v1/checkout/sessions": {
        "mode!": str,
        "line_items!": [_ITEM],
        "success_url!": str,
        "cancel_url": str,
        "customer": str,
        "client_reference_id": str,
        "metadata": _META,
        "allow_promotion_codes": bool,
        "automatic_tax": {"enabled!": bool},
        "tax_id_collection": {"enabled!": bool},
        "customer_update": {"address": str, "name": str},
        "billing_address_collection": str,
        "payment_method_collection": str,
        "locale": str,
        "currency": str,
        "payment_intent_data": _PAYMENT_DATA,
        "subscription_data": {
            "metadata": _META,
            "trial_period_days": int,
            "trial_settings": {"end_behavior!": {"missing_payment_method!": str}},
        },
        "invoice_creation": {"enabled!": bool, "invoice_data": {"metadata": _META}},
    },
    "GET /v1/checkout/sessions/:id": {},
    "POST /v1/billing_portal/sessions": {"customer!": str, "return_url": str},
    "GET /v1/subscriptions": _LIST | {"status": str, "customer": str},
    "GET /v1/subscriptions/:id": {},
    "POST /v1/subscriptions/:id": {
        "items": [{"id": str, "price": str, "quantity": int}],
        "cancel_at_period_end": bool,
        "cancel_at": str,
        "billing_cycle_anchor": {"type!": str},
        "expand": [str],
        "proration_behavior": str,
        "proration_date": int,
        "payment_behavior": str,
        "metadata": _META,
    },
    "DELETE /v1/subscriptions/:id": {},
    "GET /v1/invoices": _LIST | {"status": str, "customer": str},
    "GET /v1/invoices/:id": {"expand": [str]},
    "GET /v1/invoices/:id/lines": {"limit": int, "starting_after": str},
    "POST /v1/payment_intents": {
        **_PAYMENT_DATA,
        "amount!": int,
        "currency!": str,
        "customer": str,
        "payment_method": str,
        "off_session": bool,
        "confirm": bool,
        "automatic_payment_methods": {"enabled!": bool, "allow_redirects": str},
    },
    "GET /v1/payment_intents/:id": {},
    "POST /v1/refunds": {"payment_intent!": str, "amount": int, "metadata": _META},
    "GET /v1/events": _LIST | {"type": str},
}
"""The parameters of each endpoint. A name with ! is required."""


class Refused(Exception):
    """An error in Stripe's format. status: HTTP status. type_: Stripe's type of error. more: further members."""

    def __init__(self, status: int, message: str, type_: str = "invalid_request_error", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": type_, "message": message, **more}}


@dataclass
class Call:
    """A request and its answer.

    status: HTTP status; 0 for a broken connection. is_replay: whether the answer to an idempotency key was repeated.
    """

    method: str
    path: str
    params: Object
    idempotency_key: str | None
    status: int = 0
    is_replay: bool = False


@dataclass
class Failure:
    """An error of the next requests.

    status: HTTP status of the answer; 0 breaks the connection. seconds: delay before the answer; with status 0, the
    request is then answered as usual. after: whether the request is executed before it fails. times: number of requests
    that fail; None for all, until `heal`.
    """

    status: int = 0
    seconds: float = 0.0
    after: bool = False
    times: int | None = None


@dataclass
class FakeStripe:
    """A fake Stripe on a port of its own, in a thread, from `start` to `stop` or the end of a `with`.

    api_key: the only key that it accepts. webhook_secret: signs events. webhook_url: receives the events of `deliver`.
    now: its time, in seconds since 1970; each change adds a second. url: its address, after `start`. finalizes_after:
    seconds from the start of a period to its invoice. calls: all requests. events: all events. objects: the current
    state of each object, by id.
    """

    api_key: str = "sk_test_fake"
    webhook_secret: str = "whsec_fake"  # noqa: S105 - no real secret
    webhook_url: str = ""
    now: int = field(default_factory=lambda: int(time.time()) - HEAD_START)
    url: str = ""
    finalizes_after: int = 3600
    calls: list[Call] = field(default_factory=list)
    events: list[Object] = field(default_factory=list)
    objects: dict[str, Object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._answers: dict[str, tuple[Any, int, Object]] = {}
        self._declining: set[str] = set()
        self._authenticating: set[str] = set()
        self._delaying: set[str] = set()
        self._failure: Failure | None = None
        self._delivered = 0
        self._lock = threading.RLock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._listening = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listens on a free port, and sets `url`."""
        self._thread.start()
        self._listening.wait()

    def stop(self) -> None:
        """Stops listening."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    # Events in the world of Stripe.

    def complete(self, session_id: str, card: str = "") -> Object:
        """Pays on a checkout page. card: the fingerprint of the card, a new one by default. Returns the session."""
        with self._change():
            session = self.objects[session_id]
            customer = self.objects[session["customer"]]
            data = session["_subscription_data"]
            if session["_payment_method_collection"] == "if_required" and "trial_period_days" in data:
                method = None
            else:
                method = self._attach(customer, card or f"card{next(self._numbers)}")
            lines = session["_line_items"]
            if session["mode"] == "subscription":
                subscription = self._subscribe(customer, lines, data, method)
                session |= {"subscription": subscription["id"], "invoice": subscription["latest_invoice"]}
                session["payment_status"] = "no_payment_required" if subscription["status"] == "trialing" else "paid"
            else:
                invoice_data = session["_invoice_creation"]
                invoice = None
                if invoice_data:
                    invoice = self._invoice(
                        customer, "manual", [self._line(price, count, self.now, self.now) for price, count in lines]
                    )
                    invoice["metadata"] = invoice_data.get("invoice_data", {}).get("metadata", {})
                intent = self._intent(
                    session["amount_total"],
                    session["currency"],
                    customer["id"],
                    method,
                    session["_payment_intent_data"],
                )
                self._succeed(intent)
                session["payment_intent"] = intent["id"]
                if invoice:
                    self._paid(invoice, intent)
                    session["invoice"] = invoice["id"]
                session["payment_status"] = "paid"
            session |= {"status": "complete", "url": None}
            self._emit("checkout.session.completed", session)
            return _public(session)

    def expire(self, session_id: str) -> None:
        """Lets a checkout page expire."""
        with self._change():
            session = self.objects[session_id]
            session |= {"status": "expired", "url": None}
            self._emit("checkout.session.expired", session)

    def portal_cancel(self, subscription_id: str) -> None:
        """Cancels a subscription at the end of its period, as the customer portal does: by a date in cancel_at."""
        with self._change():
            subscription = self.objects[subscription_id]
            end = subscription["items"]["data"][0]["current_period_end"]
            subscription |= {"cancel_at": end, "canceled_at": self.now}
            self._emit("customer.subscription.updated", subscription, cancel_at=None, canceled_at=None)

    def portal_resume(self, subscription_id: str) -> None:
        """Takes back a cancellation."""
        with self._change():
            subscription = self.objects[subscription_id]
            before = {name: subscription[name] for name in ("cancel_at", "canceled_at", "cancel_at_period_end")}
            subscription |= {"cancel_at": None, "canceled_at": None, "cancel_at_period_end": False}
            self._emit("customer.subscription.updated", subscription, **before)

    def portal_quantity(self, subscription_id: str, quantity: int, *, at_once: bool = False) -> None:
        """Changes the quantity of a subscription's first item. The next invoice has the difference, or one at once."""
        with self._change():
            subscription = self.objects[subscription_id]
            item = subscription["items"]["data"][0]
            start, end = item["current_period_start"], item["current_period_end"]
            for count, sign in ((item["quantity"], -1), (quantity, 1)):
                amount = round(item["price"]["unit_amount"] * count * (end - self.now) / (end - start))
                line = self._line(item["price"], count, self.now, end, subscription, sign * amount)
                subscription.setdefault("_pending_lines", []).append(line)
            item["quantity"] = quantity
            self._emit("customer.subscription.updated", subscription)
            if at_once:
                customer = self.objects[subscription["customer"]]
                lines = subscription.pop("_pending_lines")
                self._collect(self._invoice(customer, "subscription_update", lines, subscription))

    def portal_payment_method(self, customer_id: str) -> str:
        """Adds a card and makes it the customer's default. Returns the payment method."""
        with self._change():
            customer = self.objects[customer_id]
            before = dict(customer["invoice_settings"])
            method = self._attach(customer, f"card{next(self._numbers)}")
            customer["invoice_settings"] = {"default_payment_method": method}
            self._emit("customer.updated", customer, invoice_settings=before)
            return method

    def advance(self, seconds: int) -> None:
        """Moves the time. Trials end, and periods renew or end. The invoice of a renewal is charged an hour later."""
        with self._lock:
            until = self.now + seconds
            while due := self._next_due(until):
                self.now = max(self.now, due[0])
                with self._change():
                    due[1]()
            self.now = until

    def refund(self, payment_intent: str, amount: int | None = None) -> Object:
        """Refunds a payment, or an amount of it in the smallest unit of the currency. Returns the refund."""
        with self._change():
            return self._refund({"payment_intent": payment_intent, "amount": amount})

    def credit(self, invoice_id: str, amount: int) -> Object:
        """Credits an amount of a paid invoice to the balance of its customer. Returns the credit note."""
        with self._change():
            invoice = self.objects[invoice_id]
            customer = self.objects[invoice["customer"]]
            note = self._add(
                "credit_note",
                "cn",
                {
                    "amount": amount,
                    "total": amount,
                    "post_payment_amount": amount,
                    "pre_payment_amount": 0,
                    "currency": invoice["currency"],
                    "customer": customer["id"],
                    "invoice": invoice_id,
                    "refunds": [],
                    "status": "issued",
                    "type": "post_payment",
                },
            )
            self._emit("credit_note.created", note)
            before = customer["balance"]
            customer["balance"] = before - amount
            self._emit("customer.updated", customer, balance=before)
            invoice["post_payment_credit_notes_amount"] += amount
            self._emit("invoice.updated", invoice)
            return _public(note)

    def pause(self, subscription_id: str, behavior: str | None) -> None:
        """Pauses the collection of payments. behavior: void, keep_as_draft or mark_uncollectible; None resumes it."""
        with self._change():
            subscription = self.objects[subscription_id]
            before = subscription["pause_collection"]
            subscription["pause_collection"] = {"behavior": behavior, "resumes_at": None} if behavior else None
            self._emit("customer.subscription.updated", subscription, pause_collection=before)

    def annotate(self, kind: str, **metadata: str) -> None:
        """Adds metadata to all objects of a kind, without an event: a change in the dashboard that nobody heard of."""
        with self._lock:
            for found in self._of(kind):
                found["metadata"] |= metadata

    def authenticate(self, customer: str, asks: bool = True) -> None:
        """Asks the customer to confirm payments (3-D Secure) from now on, or does not ask any more."""
        (self._authenticating.add if asks else self._authenticating.discard)(customer)

    def delay(self, customer: str, delays: bool = True) -> None:
        """Takes payments without the customer by bank debit from now on, or by card again. `settle` ends them."""
        (self._delaying.add if delays else self._delaying.discard)(customer)

    def settle(self, payment_intent: str, succeeds: bool) -> None:
        """Ends a payment that is processing."""
        with self._change():
            (self._succeed if succeeds else self._refuse)(self.objects[payment_intent])

    def decline(self, customer: str, declines: bool = True) -> None:
        """Declines the customer's card from now on, or accepts it again."""
        (self._declining.add if declines else self._declining.discard)(customer)

    def pay_open_invoices(self, customer: str) -> None:
        """Charges the customer's open invoices again, as on their pages, where the customer confirms a payment."""
        with self._change():
            asked = customer in self._authenticating
            self._authenticating.discard(customer)
            for invoice in self._of("invoice", customer=customer, status="open"):
                self._collect(invoice)
            self.authenticate(customer, asked)

    def fail(self, failure: Failure) -> None:
        """Lets requests fail from now on."""
        self._failure = failure

    def heal(self) -> None:
        """Ends the failure of requests."""
        self._failure = None

    def deliver(self, url: str | None = None) -> list[int]:
        """Posts every event that was not posted yet to the webhook. Returns the HTTP status of each."""
        waiting = self.events[self._delivered :]
        self._delivered = len(self.events)
        return [self.post(event, url) for event in waiting]

    def post(self, event: Mapping[str, Any], url: str | None = None) -> int:
        """Posts an event, signed, to the webhook. Returns the HTTP status of the answer."""
        body = json.dumps(event, indent=2).encode()
        request = urllib.request.Request(  # noqa: S310 - our own URL
            url or self.webhook_url,
            body,
            {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": self.sign(body)},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - our own URL
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code

    def sign(self, body: bytes, at: float | None = None) -> str:
        """The Stripe-Signature header of a body. at: time of the signature, in seconds since 1970; now by default."""
        stamp = int(time.time() if at is None else at)
        signature = hmac.new(self.webhook_secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
        return f"t={stamp},v1={signature}"

    def of(self, kind: str, **where: Any) -> list[Object]:
        """Copies of the objects of a kind with these values, oldest first."""
        with self._lock:
            return [_public(found) for found in self._of(kind, **where)]

    # HTTP.

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(_application(self._serve), access_log=None)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._listening.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        text = request.query_string if request.method in ("GET", "DELETE") else await request.text()
        call = Call(request.method, request.path, {}, request.headers.get("Idempotency-Key"))
        self.calls.append(call)
        failure, self._failure = self._failure, _less(self._failure)
        if failure:
            await asyncio.sleep(failure.seconds)
        if failure and not failure.after and not (failure.seconds and not failure.status):
            return self._broken(request, call, failure)
        status, body = self._answer(request, call, text)
        if failure and failure.after:
            return self._broken(request, call, failure)
        call.status = status
        headers = {"Request-Id": f"req_{next(self._numbers)}", "Date": formatdate(self.now, usegmt=True)}
        if call.is_replay:
            headers["Idempotent-Replayed"] = "true"
        return web.json_response(body, status=status, headers=headers)

    def _broken(self, request: web.Request, call: Call, failure: Failure) -> web.StreamResponse:
        call.status = failure.status
        if failure.status:
            body = {"error": {"type": "api_error", "message": "An unknown error occurred"}}
            return web.json_response(body, status=failure.status)
        if request.transport:
            request.transport.close()
        return web.Response()

    def _answer(self, request: web.Request, call: Call, text: str) -> tuple[int, Object]:
        with self._lock:
            try:
                self._authenticate(request)
                rule, ids = _route(call.method, call.path)
                call.params = _checked(_parsed(text), PARAMETERS[rule], "")
                if wrong := problems(rule, call.params):
                    raise Refused(400, f"Invalid request: {'; '.join(wrong)}")
                key = call.idempotency_key if call.method == "POST" else None
                if key in self._answers:
                    made_with, status, body = self._answers[key]
                    if made_with != (call.method, call.path, call.params):
                        raise Refused(
                            400,
                            "Keys for idempotent requests can only be used with the same parameters they were first"
                            f" used with. Try using a key other than '{key}' if you meant a different request.",
                            "idempotency_error",
                        )
                    call.is_replay = True
                    return status, body
                try:
                    status, body = 200, self._execute(rule, ids, call.params)
                except Refused as refused:
                    status, body = refused.status, refused.body
                body = json.loads(json.dumps(body))
                if key:
                    self._answers[key] = ((call.method, call.path, call.params), status, body)
                return status, body
            except Refused as refused:
                return refused.status, refused.body

    def _authenticate(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            raise Refused(401, "Invalid API Key provided")
        if request.headers.get("Stripe-Version") != API_VERSION:
            raise Refused(400, f"Invalid Stripe API version: {request.headers.get('Stripe-Version')}")

    def _execute(self, rule: str, ids: list[str], params: Object) -> Object:
        method, _, path = rule.partition(" ")
        kind = path.split("/")[2]
        if method == "GET" and not ids:
            return self._list(path, _KINDS[kind], params)
        if ids:
            found = self.objects.get(ids[0])
            if found is None or found["object"] != _KINDS[kind]:
                name = _KINDS[kind].replace("_", " ")
                raise Refused(404, f"No such {name}: '{ids[0]}'", code="resource_missing", param="id")
            if method == "GET" and path.endswith("/lines"):
                return _page(path.replace(":id", ids[0]), found["lines"]["data"], params)
            if method == "GET":
                return self._expanded(found, params.get("expand", []), "")
        with self._change():
            answer = self._ENDPOINTS[rule](self, params, *[self.objects[i] for i in ids])
            return self._expanded(answer, params.get("expand", []), "")

    def _list(self, path: str, kind: str, params: Object) -> Object:
        created = params.get("created", {})
        found = [
            o
            for o in reversed(self._of(kind) if kind != "event" else self.events)
            if created.get("gte", 0) <= o["created"] <= created.get("lte", self.now + DAY)
            and ("active" not in params or o["active"] == params["active"])
            and all(o[name] == params[name] for name in ("customer", "product", "type") if name in params)
            and _has_status(o, params.get("status"))
        ]
        page = _page(path, found, params)
        page["data"] = [self._expanded(o, params.get("expand", []), "data.") for o in page["data"]]
        return page

    def _expanded(self, found: Object, expand: list[str], prefix: str) -> Object:
        shown = _public(found)
        for path in expand:
            name = path.removeprefix(prefix)
            if name == "payments" and shown["object"] == "invoice":
                payments = [_public(p) for p in self._of("invoice_payment", invoice=shown["id"])]
                shown["payments"] = {"object": "list", "has_more": False, "data": payments}
            elif name == "product" and shown["object"] == "price":
                shown["product"] = _public(self.objects[shown["product"]])
            elif name == "latest_invoice" and shown["object"] == "subscription":
                shown["latest_invoice"] = _public(self.objects[shown["latest_invoice"]])
            else:
                raise Refused(400, f"This property cannot be expanded ({path})", param="expand")
        return shown

    # State.

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Makes one change at a time, and moves the time by a second."""
        with self._lock:
            self.now += 1
            yield

    def _of(self, kind: str, **where: Any) -> list[Object]:
        return [
            o for o in self.objects.values() if o["object"] == kind and all(o.get(k) == v for k, v in where.items())
        ]

    def _add(self, kind: str, prefix: str, values: Object) -> Object:
        number = next(self._numbers)
        tail = hashlib.sha256(f"{id(self)} {number}".encode()).hexdigest()[:10]
        made = {"id": f"{prefix}_{number:06}{tail}", "object": kind, "created": self.now, "livemode": False, **values}
        self.objects[made["id"]] = made
        return made

    def _emit(self, type_: str, found: Object, **previous: Any) -> None:
        number = next(self._numbers)
        data: Object = {"object": _public(found)}
        if previous:
            data["previous_attributes"] = previous
        self.events.append(
            json.loads(
                json.dumps(
                    {
                        "id": f"evt_{number:06}{hashlib.sha256(f'{id(self)} {number}'.encode()).hexdigest()[:10]}",
                        "object": "event",
                        "api_version": API_VERSION,
                        "created": self.now,
                        "data": data,
                        "livemode": False,
                        "pending_webhooks": 1,
                        "request": {"id": None, "idempotency_key": None},
                        "type": type_,
                    }
                )
            )
        )

    # Endpoints.

    def _create_customer(self, params: Object) -> Object:
        made = self._add(
            "customer",
            "cus",
            {
                "name": None,
                "email": None,
                "description": None,
                "metadata": {},
                "balance": 0,
                "currency": None,
                "invoice_settings": {"default_payment_method": None},
                "delinquent": False,
                **params,
            },
        )
        self._emit("customer.created", made)
        return made

    def _update_customer(self, params: Object, customer: Object) -> Object:
        _merge(customer, params)
        self._emit("customer.updated", customer)
        return customer

    def _create_product(self, params: Object) -> Object:
        values = {"active": True, "description": None, "metadata": {}, "type": "service", **params}
        made = self._add("product", "prod", {"updated": self.now, **values})
        self._emit("product.created", made)
        return made

    def _update_product(self, params: Object, product: Object) -> Object:
        _merge(product, params)
        product["updated"] = self.now
        self._emit("product.updated", product)
        return product

    def _create_price(self, params: Object) -> Object:
        self._known("product", params["product"])
        recurring = params.get("recurring")
        made = self._add(
            "price",
            "price",
            {
                "active": True,
                "metadata": {},
                "nickname": None,
                "billing_scheme": "per_unit",
                "type": "recurring" if recurring else "one_time",
                **params,
                "unit_amount_decimal": str(params["unit_amount"]),
                "recurring": {"usage_type": "licensed", "interval_count": 1, **recurring} if recurring else None,
            },
        )
        self._emit("price.created", made)
        return made

    def _update_price(self, params: Object, price: Object) -> Object:
        _merge(price, params)
        self._emit("price.updated", price)
        return price

    def _create_session(self, params: Object) -> Object:
        self._known("customer", params.get("customer"))
        lines = [(self._known("price", item["price"]), item.get("quantity", 1)) for item in params["line_items"]]
        recurring = params["mode"] == "subscription"
        for price, _ in lines:
            if not price["active"]:
                raise Refused(400, f"The price specified is inactive: {price['id']}", param="line_items[0][price]")
            if bool(price["recurring"]) != recurring:
                raise Refused(400, f"You must provide a {'recurring' if recurring else 'one_time'} price in this mode")
        forbidden = ("payment_intent_data", "invoice_creation") if recurring else ("subscription_data",)
        for name in (*forbidden, *(() if recurring else ("payment_method_collection",))):
            if name in params:
                raise Refused(400, f"You can not pass `{name}` in `{params['mode']}` mode.", param=name)
        for option, part in (("automatic_tax", "address"), ("tax_id_collection", "name")):
            if option in params and params.get("customer_update", {}).get(part) != "auto":
                raise Refused(400, f"`{option}` needs `customer_update[{part}]` to be `auto`.", param=option)
        made = self._add(
            "checkout.session",
            "cs_test",
            {
                "mode": params["mode"],
                "customer": params.get("customer"),
                "client_reference_id": params.get("client_reference_id"),
                "metadata": params.get("metadata", {}),
                "amount_total": sum(price["unit_amount"] * count for price, count in lines),
                "currency": lines[0][0]["currency"],
                "status": "open",
                "payment_status": "unpaid",
                "payment_intent": None,
                "subscription": None,
                "invoice": None,
                "success_url": params["success_url"],
                "cancel_url": params.get("cancel_url"),
                "expires_at": self.now + DAY,
                "_line_items": lines,
                "_payment_intent_data": params.get("payment_intent_data", {}),
                "_subscription_data": params.get("subscription_data", {}),
                "_invoice_creation": params.get("invoice_creation"),
                "_payment_method_collection": params.get("payment_method_collection"),
            },
        )
        made["url"] = f"{self.url}/pay/{made['id']}"
        return made

    def _create_portal(self, params: Object) -> Object:
        self._known("customer", params["customer"])
        made = self._add("billing_portal.session", "bps", {**params, "configuration": "bpc_fake"})
        made["url"] = f"{self.url}/portal/{made['id']}"
        return made

    def _update_subscription(self, params: Object, subscription: Object) -> Object:
        if subscription["status"] == "canceled":
            raise Refused(404, f"No such subscription: '{subscription['id']}'", code="resource_missing", param="id")
        if "cancel_at_period_end" in params and "cancel_at" in params:
            raise Refused(400, "Received both cancel_at_period_end and cancel_at parameters. Please pass in only one.")
        if "cancel_at" in params:
            subscription |= {"cancel_at": None, "canceled_at": None, "cancel_at_period_end": False}
        elif params.get("cancel_at_period_end"):
            end = subscription["items"]["data"][0]["current_period_end"]
            subscription |= {"cancel_at_period_end": True, "canceled_at": self.now, "cancel_at": end}
        elif "cancel_at_period_end" in params and subscription["cancel_at_period_end"]:
            # A date that was set by itself stays.
            subscription |= {"cancel_at_period_end": False, "canceled_at": None, "cancel_at": None}
        if params.get("payment_behavior") == "pending_if_incomplete" and "metadata" in params:
            message = "When `payment_behavior` is set to `pending_if_incomplete` you can not pass `metadata`."
            raise Refused(400, message, param="metadata")
        _merge(subscription, {"metadata": params.get("metadata", {})})
        for change in params.get("items", []):
            item = next((i for i in subscription["items"]["data"] if i["id"] == change.get("id")), None)
            if item is None:
                raise Refused(400, f"No such subscription item: '{change.get('id')}'", param="items[0][id]")
            self._replace_price(subscription, item, change, params)
        self._emit("customer.subscription.updated", subscription)
        return subscription

    def _replace_price(self, subscription: Object, item: Object, change: Object, params: Object) -> None:
        price = self._known("price", change.get("price", item["price"]["id"]))
        quantity = change.get("quantity", 1)
        old, start, end = item["price"], item["current_period_start"], item["current_period_end"]
        at = params.get("proration_date", self.now)
        if not start <= at <= end:
            message = "Cannot specify proration date outside of current subscription period or current phase."
            raise Refused(400, message, param="proration_date")
        is_trial = subscription["status"] == "trialing"
        starts_anew = params.get("billing_cycle_anchor", {}).get("type") == "now"
        prorates = params.get("proration_behavior", "create_prorations") == "always_invoice"
        left = 0.0 if is_trial else (end - at) / (end - start)
        credit = round(old["unit_amount"] * item["quantity"] * left) if prorates else 0
        full = price["unit_amount"] * quantity
        debit = full if starts_anew else round(full * left) if prorates else 0
        customer = self.objects[subscription["customer"]]
        fails = customer["id"] in self._declining | self._authenticating
        behavior = params.get("payment_behavior")
        is_unpaid = fails and debit - credit + min(customer["balance"], 0) > 0
        if is_unpaid and behavior == "error_if_incomplete":
            raise Refused(402, "Your card was declined.", "card_error", code="card_declined")
        # The item after the change. Its lines are made before, because they name the time of the change.
        changed: Object = {"price": _public(price), "plan": {"id": price["id"], "object": "plan"}, "quantity": quantity}
        lines = [self._line(old, item["quantity"], at, end, subscription, -credit)] if prorates else []
        if starts_anew:
            changed["current_period_start"] = self.now
            changed["current_period_end"] = _after(self.now, self.now, price["recurring"])
            lines.append(self._line(price, quantity, self.now, changed["current_period_end"], subscription))
        elif prorates:
            lines.append(self._line(price, quantity, at, end, subscription, debit))
        if not is_unpaid:
            self._change_item(subscription, item, changed)
        if not lines:
            return
        invoice = self._invoice(customer, "subscription_update", lines, subscription)
        subscription["latest_invoice"] = invoice["id"]
        if is_unpaid:
            subscription["pending_update"] = {
                "expires_at": self.now + PENDING_UPDATE,
                "subscription_items": [item | changed],
                "billing_cycle_anchor": None,
                "trial_end": None,
                "trial_from_plan": None,
            }
            invoice["_pending_update"] = (subscription["id"], item["id"], changed)
        self._collect(invoice)

    def _change_item(self, subscription: Object, item: Object, changed: Object) -> None:
        item |= changed
        if "current_period_start" in changed:
            subscription["billing_cycle_anchor"] = changed["current_period_start"]

    def _cancel_subscription(self, _: Object, subscription: Object) -> Object:
        if subscription["status"] == "canceled":
            raise Refused(404, f"No such subscription: '{subscription['id']}'", code="resource_missing", param="id")
        self._end(subscription)
        return subscription

    def _create_intent(self, params: Object) -> Object:
        if params["amount"] < 50:
            raise Refused(400, "Amount must be at least $0.50 usd", code="amount_too_small", param="amount")
        customer = params.get("customer")
        self._known("customer", customer)
        if method := params.get("payment_method"):
            self._known("payment_method", method)
        intent = self._intent(params["amount"], params["currency"], customer, method, params)
        if params.get("confirm"):
            if customer in self._delaying:
                intent["status"] = "processing"
                self._emit("payment_intent.processing", intent)
                return intent
            if customer in self._declining:
                self._refuse(intent)
                error = intent["last_payment_error"] | {"payment_intent": _public(intent)}
                raise Refused(402, error["message"], "card_error", **{k: v for k, v in error.items() if k != "message"})
            self._succeed(intent)
        return intent

    def _refund(self, params: Object) -> Object:
        intent = self._known("payment_intent", params["payment_intent"])
        charge = self.objects[intent["latest_charge"]]
        left = charge["amount"] - charge["amount_refunded"]
        amount = left if params.get("amount") is None else params["amount"]
        if amount > left:
            raise Refused(400, f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        made = self._add(
            "refund",
            "re",
            {
                "amount": amount,
                "charge": charge["id"],
                "payment_intent": intent["id"],
                "status": "succeeded",
                "currency": charge["currency"],
                "metadata": params.get("metadata", {}),
                "reason": None,
            },
        )
        self._emit("refund.created", made)
        self._emit("charge.refunded", charge)
        return made

    _ENDPOINTS: ClassVar[Mapping[str, Callable[..., Object]]] = {
        "POST /v1/customers": _create_customer,
        "POST /v1/customers/:id": _update_customer,
        "POST /v1/products": _create_product,
        "POST /v1/products/:id": _update_product,
        "POST /v1/prices": _create_price,
        "POST /v1/prices/:id": _update_price,
        "POST /v1/checkout/sessions": _create_session,
        "POST /v1/billing_portal/sessions": _create_portal,
        "POST /v1/subscriptions/:id": _update_subscription,
        "DELETE /v1/subscriptions/:id": _cancel_subscription,
        "POST /v1/payment_intents": _create_intent,
        "POST /v1/refunds": _refund,
    }

    def _known(self, kind: str, name: str | None) -> Object:
        found = self.objects.get(name or "")
        if found is None or found["object"] != kind:
            raise Refused(400, f"No such {kind}: '{name}'", code="resource_missing", param=kind)
        return found

    # Payments.

    def _intent(self, amount: int, currency: str, customer: str | None, method: str | None, data: Object) -> Object:
        made = self._add(
            "payment_intent",
            "pi",
            {
                "amount": amount,
                "amount_received": 0,
                "currency": currency,
                "customer": customer,
                "payment_method": method,
                "status": "requires_payment_method",
                "last_payment_error": None,
                "latest_charge": None,
                "description": data.get("description"),
                "metadata": data.get("metadata", {}),
                "setup_future_usage": data.get("setup_future_usage"),
                "canceled_at": None,
            },
        )
        self._emit("payment_intent.created", made)
        return made

    def _succeed(self, intent: Object) -> None:
        charge = self._charge(intent, "succeeded")
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "last_payment_error": None}
        self._emit("charge.succeeded", charge)
        self._emit("payment_intent.succeeded", intent)

    def _refuse(self, intent: Object) -> None:
        charge = self._charge(intent, "failed")
        intent |= {
            "status": "requires_payment_method",
            "payment_method": None,
            "last_payment_error": {
                "code": "card_declined",
                "decline_code": "generic_decline",
                "message": "Your card was declined.",
                "type": "card_error",
            },
        }
        self._emit("charge.failed", charge)
        self._emit("payment_intent.payment_failed", intent)

    def _charge(self, intent: Object, status: str) -> Object:
        made = self._add(
            "charge",
            "ch",
            {
                "amount": intent["amount"],
                "amount_captured": intent["amount"],
                "amount_refunded": 0,
                "currency": intent["currency"],
                "customer": intent["customer"],
                "payment_intent": intent["id"],
                "status": status,
                "paid": status == "succeeded",
                "refunded": False,
                "disputed": False,
                "metadata": intent["metadata"],
                "description": intent["description"],
            },
        )
        made["receipt_url"] = f"{self.url}/receipts/{made['id']}"
        intent["latest_charge"] = made["id"]
        return made

    def _line(
        self,
        price: Object,
        quantity: int,
        start: int,
        end: int,
        subscription: Object | None = None,
        proration: int | None = None,
    ) -> Object:
        item = {
            "proration": proration is not None,
            "subscription": subscription["id"] if subscription else None,
            "subscription_item": subscription["items"]["data"][0]["id"] if subscription else None,
            "invoice_item": None,
        }
        parent = "subscription_item_details" if subscription else "invoice_item_details"
        return {
            "id": f"il_{next(self._numbers):06}",
            "object": "line_item",
            "amount": price["unit_amount"] * quantity if proration is None else proration,
            "currency": price["currency"],
            "description": f"{quantity} x {self.objects[price['product']]['name']}",
            "metadata": {},
            "parent": {"type": parent, parent: item},
            "period": {"start": start, "end": end},
            "pricing": {
                "type": "price_details",
                "price_details": {"price": price["id"], "product": price["product"]},
                "unit_amount_decimal": str(price["unit_amount"]),
            },
            "quantity": quantity,
        }

    def _invoice(
        self,
        customer: Object,
        reason: str,
        lines: list[Object],
        subscription: Object | None = None,
        is_draft: bool = False,
    ) -> Object:
        total = sum(line["amount"] for line in lines)
        made = self._add(
            "invoice",
            "in",
            {
                "amount_due": max(total, 0),
                "amount_paid": 0,
                "amount_remaining": max(total, 0),
                "total": total,
                "starting_balance": customer["balance"],
                "ending_balance": None,
                "post_payment_credit_notes_amount": 0,
                "attempt_count": 0,
                "attempted": False,
                # Stripe leaves it a draft while the collection of payments is paused in this way.
                "auto_advance": not subscription
                or (subscription["pause_collection"] or {}).get("behavior") != "keep_as_draft",
                "billing_reason": reason,
                "currency": lines[0]["currency"],
                "customer": customer["id"],
                "description": None,
                "metadata": {},
                "status": "draft",
                "collection_method": "charge_automatically",
                "lines": {"object": "list", "has_more": False, "data": lines},
                "period_start": lines[-1]["period"]["start"],
                "period_end": lines[-1]["period"]["end"],
                "parent": {
                    "type": "subscription_details",
                    "subscription_details": {
                        "subscription": subscription["id"],
                        "metadata": dict(subscription["metadata"]),
                    },
                }
                if subscription
                else None,
                "status_transitions": {"finalized_at": None, "paid_at": None, "voided_at": None},
            },
        )
        self._emit("invoice.created", made)
        if is_draft:
            made["_finalizes_at"] = self.now + self.finalizes_after
        else:
            self._finalize(made)
        return made

    def _finalize(self, invoice: Object) -> None:
        customer, total = self.objects[invoice["customer"]], invoice["total"]
        # A balance below 0 is the customer's credit. A negative invoice adds to it, and a positive one draws on it.
        before = customer["balance"]
        due = max(total + before, 0) if total > 0 else 0
        after = before + total - due
        invoice |= {
            "status": "open",
            "amount_due": due,
            "amount_remaining": due,
            "starting_balance": before,
            "ending_balance": after,
            "hosted_invoice_url": f"{self.url}/invoices/{invoice['id']}",
        }
        invoice.pop("_finalizes_at", None)
        invoice["status_transitions"]["finalized_at"] = self.now
        if after != before:
            customer["balance"] = after
            self._emit("customer.updated", customer, balance=before)
        self._emit("invoice.finalized", invoice)

    def _collect(self, invoice: Object) -> None:
        """Charges the customer's card for an invoice."""
        if invoice["amount_due"] == 0:
            self._paid(invoice, None)
            return
        method = self._payment_method(invoice["customer"])
        intent = self._intent(invoice["amount_due"], invoice["currency"], invoice["customer"], method, {})
        invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
        subscription = self._subscription_of(invoice)
        if invoice["customer"] in self._declining | self._authenticating:
            if invoice["customer"] in self._declining:
                self._refuse(intent)
                self._pay(invoice, intent, "open")
                self._emit("invoice.payment_failed", invoice)
            else:
                intent["status"] = "requires_action"
                self._emit("payment_intent.requires_action", intent)
                self._pay(invoice, intent, "open")
                self._emit("invoice.payment_action_required", invoice)
            if subscription and subscription["status"] == "active" and "_pending_update" not in invoice:
                subscription["status"] = "past_due"
                self._emit("customer.subscription.updated", subscription, status="active")
            return
        self._succeed(intent)
        self._paid(invoice, intent)
        if subscription and subscription["status"] == "past_due":
            subscription["status"] = "active"
            self._emit("customer.subscription.updated", subscription, status="past_due")

    def _paid(self, invoice: Object, intent: Object | None) -> None:
        invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0, "attempted": True}
        invoice["status_transitions"]["paid_at"] = self.now
        if intent:
            self._pay(invoice, intent, "paid")
        self._emit("invoice.paid", invoice)
        self._emit("invoice.payment_succeeded", invoice)
        if update := invoice.pop("_pending_update", None):
            subscription = self.objects[update[0]]
            item = next(i for i in subscription["items"]["data"] if i["id"] == update[1])
            self._change_item(subscription, item, update[2])
            subscription["pending_update"] = None
            self._emit("customer.subscription.pending_update_applied", subscription)
            self._emit("customer.subscription.updated", subscription)

    def _pay(self, invoice: Object, intent: Object, status: str) -> None:
        payment = self._add(
            "invoice_payment",
            "inpay",
            {
                "amount_paid": intent["amount"] if status == "paid" else None,
                "amount_requested": intent["amount"],
                "currency": intent["currency"],
                "invoice": invoice["id"],
                "is_default": True,
                "status": status,
                "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
            },
        )
        if status == "paid":
            self._emit("invoice_payment.paid", payment)

    def _attach(self, customer: Object, fingerprint: str) -> str:
        values = {"customer": customer["id"], "type": "card", "card": {"fingerprint": fingerprint}}
        method = self._add("payment_method", "pm", values)
        self._emit("payment_method.attached", method)
        return str(method["id"])

    def _payment_method(self, customer: str) -> str | None:
        methods = self._of("payment_method", customer=customer)
        return methods[-1]["id"] if methods else None

    # Subscriptions.

    def _subscribe(self, customer: Object, lines: list[tuple[Object, int]], data: Object, method: str | None) -> Object:
        price, quantity = lines[0]
        trial = data.get("trial_period_days")
        end = self.now + trial * DAY if trial else _after(self.now, self.now, price["recurring"])
        made = self._add(
            "subscription",
            "sub",
            {
                "customer": customer["id"],
                "metadata": dict(data.get("metadata", {})),
                "currency": price["currency"],
                "status": "trialing" if trial else "active",
                "cancel_at_period_end": False,
                "cancel_at": None,
                "canceled_at": None,
                "ended_at": None,
                "start_date": self.now,
                "default_payment_method": method,
                "billing_cycle_anchor": end if trial else self.now,
                "collection_method": "charge_automatically",
                "billing_mode": {"type": "flexible"},
                "pause_collection": None,
                "pending_update": None,
                "trial_settings": data.get("trial_settings"),
                "trial_start": self.now if trial else None,
                "trial_end": end if trial else None,
                "latest_invoice": None,
            },
        )
        item = {
            "id": f"si_{next(self._numbers):06}",
            "object": "subscription_item",
            "created": self.now,
            "current_period_start": self.now,
            "current_period_end": end,
            "metadata": {},
            "plan": {"id": price["id"], "object": "plan"},
            "price": _public(price),
            "quantity": quantity,
            "subscription": made["id"],
        }
        made["items"] = {"object": "list", "has_more": False, "data": [item]}
        self._emit("customer.subscription.created", made)
        line = self._line(price, quantity, self.now, end, made)
        if trial:
            line["amount"] = 0
        invoice = self._invoice(customer, "subscription_create", [line], made)
        made["latest_invoice"] = invoice["id"]
        self._collect(invoice)
        return made

    def _subscription_of(self, invoice: Object) -> Object | None:
        return self.objects[invoice["parent"]["subscription_details"]["subscription"]] if invoice["parent"] else None

    def _next_due(self, until: int) -> tuple[int, Callable[[], None]] | None:
        """The next thing that happens by itself, and its time."""
        due: list[tuple[int, int, str, Callable[[Object], None]]] = []
        for subscription in self._of("subscription"):
            if subscription["status"] in ("trialing", "active", "past_due"):
                end = subscription["items"]["data"][0]["current_period_end"]
                if subscription["cancel_at"] is not None:
                    end = min(end, subscription["cancel_at"])
                due.append((end, 0, subscription["id"], self._renew))
                if subscription["pending_update"]:
                    due.append((subscription["pending_update"]["expires_at"], 1, subscription["id"], self._give_up))
        due += [
            (invoice["_finalizes_at"], 2, invoice["id"], self._finalize_and_collect)
            for invoice in self._of("invoice", status="draft")
            if "_finalizes_at" in invoice
        ]
        if not due:
            return None
        at, _, name, happens = min(due, key=lambda each: each[:3])
        return (at, lambda: happens(self.objects[name])) if at <= until else None

    def _finalize_and_collect(self, invoice: Object) -> None:
        subscription = self._subscription_of(invoice)
        paused = subscription["pause_collection"] if subscription else None
        if paused and paused["behavior"] == "keep_as_draft":
            del invoice["_finalizes_at"]
            return
        self._finalize(invoice)
        if not paused:
            self._collect(invoice)
            return
        is_void = paused["behavior"] == "void"
        invoice["status"] = "void" if is_void else "uncollectible"
        self._emit("invoice.voided" if is_void else "invoice.marked_uncollectible", invoice)

    def _give_up(self, subscription: Object) -> None:
        """Gives up a change that was not paid in time."""
        subscription["pending_update"] = None
        for invoice in self._of("invoice", customer=subscription["customer"], status="open"):
            if invoice.pop("_pending_update", None):
                invoice["status"] = "void"
                self._emit("invoice.voided", invoice)
        self._emit("customer.subscription.pending_update_expired", subscription)
        self._emit("customer.subscription.updated", subscription)

    def _renew(self, subscription: Object) -> None:
        missing = subscription["status"] == "trialing" and self._payment_method(subscription["customer"]) is None
        if missing and subscription["trial_settings"]["end_behavior"]["missing_payment_method"] == "cancel":
            self._end(subscription)
            return
        if subscription["cancel_at_period_end"] or subscription["cancel_at"] is not None:
            self._end(subscription)
            return
        item = subscription["items"]["data"][0]
        start = item["current_period_end"]
        item["current_period_start"] = start
        item["current_period_end"] = _after(subscription["billing_cycle_anchor"], start, item["price"]["recurring"])
        if subscription["status"] == "trialing":
            subscription["status"] = "active"
        line = self._line(item["price"], item["quantity"], start, item["current_period_end"], subscription)
        lines = [*subscription.pop("_pending_lines", []), line]
        customer = self.objects[subscription["customer"]]
        invoice = self._invoice(customer, "subscription_cycle", lines, subscription, is_draft=self.finalizes_after > 0)
        subscription["latest_invoice"] = invoice["id"]
        self._emit("customer.subscription.updated", subscription)
        if not self.finalizes_after:
            self._collect(invoice)

    def _end(self, subscription: Object) -> None:
        subscription |= {
            "status": "canceled",
            "ended_at": self.now,
            "canceled_at": subscription["canceled_at"] or self.now,
        }
        self._emit("customer.subscription.deleted", subscription)


_KINDS = {
    "customers": "customer",
    "products": "product",
    "prices": "price",
    "checkout": "checkout.session",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "payment_intents": "payment_intent",
    "events": "event",
    "refunds": "refund",
    "billing_portal": "billing_portal.session",
}


def _application(handler: Callable[[web.Request], Any]) -> web.Application:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    return application


def _less(failure: Failure | None) -> Failure | None:
    """The failure that remains after one request."""
    if failure is None or failure.times is None:
        return failure
    return Failure(failure.status, failure.seconds, failure.after, failure.times - 1) if failure.times > 1 else None


def _route(method: str, path: str) -> tuple[str, list[str]]:
    if (rule := f"{method} {path}") in PARAMETERS:
        return rule, []
    head, _, name = path.rpartition("/")
    if (rule := f"{method} {head}/:id") in PARAMETERS:
        return rule, [name]
    collection, _, owner = head.rpartition("/")
    if (rule := f"{method} {collection}/:id/{name}") in PARAMETERS:
        return rule, [owner]
    raise Refused(404, f"Unrecognized request URL ({method}: {path}).")


def _parsed(text: str) -> Object:
    """The nested objects of a form with names such as items[0][price]."""
    parsed: Object = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        *path, last = name.replace("]", "").split("[")
        place = parsed
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    return parsed


def _checked(given: Any, wanted: Any, name: str) -> Any:
    """The parameters with the types of PARAMETERS. Raises Refused for one that is unknown, missing or invalid."""
    if wanted == _META:
        if not isinstance(given, dict) or any(isinstance(value, dict) for value in given.values()):
            raise Refused(400, "Invalid object", param=name)
        return given
    if isinstance(wanted, list):
        if not isinstance(given, dict) or sorted(given) != [str(i) for i in range(len(given))]:
            raise Refused(400, "Invalid array", param=name)
        return [_checked(given[str(i)], wanted[0], f"{name}[{i}]") for i in range(len(given))]
    if isinstance(wanted, Mapping):
        return _checked_object(given, wanted, name)
    if not isinstance(given, str):
        raise Refused(400, f"Invalid string: {given}", param=name)
    if wanted is int:
        if not given.lstrip("-").isdigit():
            raise Refused(400, f"Invalid integer: {given}", code="parameter_invalid_integer", param=name)
        return int(given)
    if wanted is bool:
        if given not in ("true", "false"):
            raise Refused(400, f"Invalid boolean: {given}", param=name)
        return given == "true"
    return given


def _checked_object(given: Any, wanted: Mapping[str, Any], name: str) -> Object:
    if not isinstance(given, dict):
        raise Refused(400, "Invalid object", param=name)
    rules = {key.removesuffix("!"): rule for key, rule in wanted.items()}
    paths = {key: f"{name}[{key}]" if name else key for key in [*rules, *given]}
    for key in given:
        if key not in rules:
            raise Refused(400, f"Received unknown parameter: {paths[key]}", code="parameter_unknown", param=paths[key])
    for key in wanted:
        if key.endswith("!") and key[:-1] not in given:
            missing = paths[key[:-1]]
            raise Refused(400, f"Missing required param: {missing}.", code="parameter_missing", param=missing)
    return {key: _checked(value, rules[key], paths[key]) for key, value in given.items()}


def _merge(found: Object, params: Object) -> None:
    """Applies an update. An empty text removes a value, also within metadata."""
    for name, value in params.items():
        if isinstance(value, dict):
            _merge(found.setdefault(name, {}), value)
        elif value == "":
            if name in found:
                found[name] = None
        else:
            found[name] = value
    if "metadata" in found:
        found["metadata"] = {name: value for name, value in found["metadata"].items() if value is not None}


def _public(found: Object) -> Object:
    """A copy of an object without the fake's own members. An invoice has its first lines only."""
    copy: Object = json.loads(json.dumps({k: v for k, v in found.items() if not k.startswith("_")}))
    if copy["object"] == "invoice":
        lines = copy["lines"]["data"]
        copy["lines"] |= {"has_more": len(lines) > LINES, "total_count": len(lines), "data": lines[:LINES]}
    return copy


def _page(path: str, found: list[Object], params: Object) -> Object:
    """A page of a list."""
    if after := params.get("starting_after"):
        found = found[[each["id"] for each in found].index(after) + 1 :]
    limit = params.get("limit", 10)
    return {"object": "list", "url": path, "has_more": len(found) > limit, "data": found[:limit]}


def _has_status(found: Object, status: str | None) -> bool:
    if found["object"] == "subscription" and status is None:
        return bool(found["status"] != "canceled")
    return status in (None, "all") or found.get("status") == status


def _after(anchor: int, at: int, recurring: Mapping[str, Any]) -> int:
    """The end of the period that begins at `at`, counted from the anchor. Times are seconds since 1970."""
    count = int(recurring.get("interval_count", 1))
    if recurring["interval"] in ("day", "week"):
        return at + count * DAY * (7 if recurring["interval"] == "week" else 1)
    months = count * (12 if recurring["interval"] == "year" else 1)
    return next(end for end in _months(datetime.fromtimestamp(anchor, UTC), months) if end > at)


def _length(recurring: Mapping[str, Any]) -> tuple[str, int]:
    """The billing period of a price: its unit, and the number of units."""
    return recurring["interval"], int(recurring.get("interval_count", 1))


def _months(anchor: datetime, step: int) -> Iterator[int]:
    for number in itertools.count(0, step):
        year, month = divmod(anchor.year * 12 + anchor.month - 1 + number, 12)
        day = min(anchor.day, monthrange(year, month + 1)[1])
        yield int(anchor.replace(year=year, month=month + 1, day=day).timestamp())
