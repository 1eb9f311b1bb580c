"""Random lives of a customer at Stripe: the events that Stripe sends of it, and the outcome that the customer has paid
for.

Stripe's side is written anew here, and nothing of it comes from the fake Stripe of the demo. The outcome is computed
from the money alone: which lines were paid, and how much of the payments was kept.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Any

Object = dict[str, Any]

HOUR = 3600
DAY = 24 * HOUR
MONTH = 30 * DAY
BEGIN = 1893456000
"""The first of January 2030, when every life begins."""
GRACE = 7 * DAY
PAGE = 10
"""The lines of an invoice that an event shows."""


@dataclass(frozen=True)
class Price:
    """A price of the shop."""

    id: str
    name: str
    amount: int
    credits: int = 0
    seats: int = 0


BASIC = Price("price_lives_basic", "Lives Basic", 1000, 100, 3)
PRO = Price("price_lives_pro", "Lives Pro", 5000, 500, 5)
EXTRA = Price("price_lives_extra", "Lives Extra", 700, 50, 1)
SUPPORT = Price("price_lives_support", "", 900)
"""A price at Stripe that is unknown to the database."""
PACK = Price("price_lives_pack", "Lives Pack", 2000, 200)
PLANS = (BASIC, PRO, EXTRA)


@dataclass(frozen=True)
class Line:
    """A line of an invoice."""

    price: Price
    quantity: int
    start: int
    end: int
    amount: int
    proration: bool = False


@dataclass
class Payment:
    """A payment by card, and the money that was given back of it."""

    id: str
    amount: int
    currency: str
    created: int
    invoice: "Invoice | None" = None
    packs: int = 0
    """Without an invoice: the bought packs."""
    refunds: list[int] = field(default_factory=list)
    disputed: bool = False

    @property
    def given_back(self) -> int:
        """Money in dispute is all gone."""
        return min(self.amount, sum(self.refunds) + (self.amount if self.disputed else 0))


@dataclass
class Invoice:
    """An invoice."""

    id: str
    number: int
    created: int
    reason: str
    lines: list[Line]
    currency: str
    subscription: "Subscription | None"
    status: str = "draft"
    advances: bool = True
    attempts: int = 0
    balance: tuple[int, int | None] = (0, None)
    """The balance of the customer before and after."""
    payment: Payment | None = None
    paid_at: int | None = None
    credited: int = 0
    """Money that credit notes gave to the balance of the customer."""

    @property
    def total(self) -> int:
        """Below 0 if the customer gets money."""
        return sum(line.amount for line in self.lines)

    @property
    def from_balance(self) -> int:
        """The part that the balance of the customer pays."""
        before, after = self.balance
        return max(0, (before if after is None else after) - before)

    @property
    def due(self) -> int:
        """The part that the card pays."""
        return max(0, self.total) - self.from_balance

    @property
    def kept(self) -> float:
        """The share of its money that was kept."""
        paid = (self.payment.amount if self.payment else 0) + self.from_balance
        back = (self.payment.given_back if self.payment else 0) + self.credited
        return 1 - min(back, paid) / paid if paid else 1


@dataclass
class Subscription:
    """A subscription."""

    id: str
    created: int
    items: dict[Price, int]
    period: tuple[int, int]
    status: str = "active"
    trial: tuple[int, int] | None = None
    pause: str | None = None
    ends: str | None = None
    """How it is cancelled at the end of the period: with the flag, or with a date."""
    ended: int | None = None
    pending: list[Line] = field(default_factory=list)
    latest: Invoice | None = None


class Life:
    """A customer's life at Stripe, from its first subscription on."""

    def __init__(self, seed: int, steps: int) -> None:
        self.dice = random.Random(seed)
        self.now = BEGIN
        self.events: list[Object] = []
        self.invoices: list[Invoice] = []
        self.payments: list[Payment] = []
        self.subscriptions: list[Subscription] = []
        self.balance = 0
        self.currency = self.dice.choice(["usd", "eur"])
        self.talkative = self.dice.random() < 0.5
        """Whether the endpoint has types of events that tell nothing new."""
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._last: dict[str, Object] = {}
        self._tell(
            "customer.created",
            {
                "id": "cus_@",
                "object": "customer",
                "created": self.now,
                "balance": 0,
                "metadata": {"tenantry_organization_id": "@org"},
                "invoice_settings": {"default_payment_method": None},
            },
        )
        self._subscribe()
        for _ in range(steps):
            self._pass(self.dice.choice([1, HOUR // 2, DAY, 5 * DAY, 12 * DAY]) + self.dice.randrange(HOUR))
            self.dice.choice(self._possible())()
        self._pass(self.dice.choice([1, 2 * HOUR, 3 * DAY, 8 * DAY, 20 * DAY]))

    # The clock

    def _pass(self, seconds: int) -> None:
        """Lets time pass, and Stripe do its work meanwhile."""
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self.now, _, work = heapq.heappop(self._due)
            work()
        self.now = until

    def _later(self, seconds: int, work: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + seconds, self._next(), work))

    def _next(self) -> int:
        self._count += 1
        return self._count

    # Stripe's reports

    def _tell(self, kind: str, data: Object) -> None:
        body: Object = {"object": data}
        before = self._last.get(data["id"])
        if before is not None:
            body["previous_attributes"] = {
                key: before.get(key) for key, value in data.items() if before.get(key) != value
            }
        self._last[data["id"]] = data
        self.events.append(
            {
                "id": f"evt_{self.dice.randrange(10**12):012d}_@",
                "object": "event",
                "api_version": "2026-10-28.endive",
                "created": self.now,
                "livemode": False,
                "type": kind,
                "data": body,
            }
        )

    def _tell_subscription(self, s: Subscription, kind: str = "updated") -> None:
        items = [
            {
                "id": f"si_{price.id}_{s.id}",
                "object": "subscription_item",
                "price": {"id": price.id, "object": "price", "product": f"prod_{price.id}"},
                "quantity": quantity,
                "current_period_start": s.period[0],
                "current_period_end": s.period[1],
            }
            for price, quantity in s.items.items()
        ]
        self._tell(
            f"customer.subscription.{kind}",
            {
                "id": s.id,
                "object": "subscription",
                "customer": "cus_@",
                "created": s.created,
                "status": s.status,
                "currency": self.currency,
                "items": {"object": "list", "data": items, "has_more": False},
                "billing_cycle_anchor": s.trial[1] if s.trial else s.created,
                "billing_mode": {"type": "flexible"},
                "collection_method": "charge_automatically",
                "trial_start": s.trial and s.trial[0],
                "trial_end": s.trial and s.trial[1],
                "cancel_at_period_end": s.ends == "flag",
                "cancel_at": s.period[1] if s.ends else None,
                "canceled_at": s.ended,
                "ended_at": s.ended,
                "pause_collection": s.pause and {"behavior": s.pause, "resumes_at": None},
                "latest_invoice": s.latest and s.latest.id,
                "pending_update": None,
                "metadata": {},
            },
        )

    def lines(self, invoice: Invoice) -> list[Object]:
        """All lines of an invoice, as Stripe lists them."""
        found = []
        for number, line in enumerate(invoice.lines):
            item = {"subscription": invoice.subscription and invoice.subscription.id, "proration": line.proration}
            kind = "invoice_item" if line.proration or not invoice.subscription else "subscription_item"
            found.append(
                {
                    "id": f"il_{number}_{invoice.id}",
                    "object": "line_item",
                    "amount": line.amount,
                    "currency": invoice.currency,
                    "quantity": line.quantity,
                    "period": {"start": line.start, "end": line.end},
                    "parent": {"type": f"{kind}_details", f"{kind}_details": item},
                    "pricing": {
                        "type": "price_details",
                        "price_details": {"price": line.price.id, "product": f"prod_{line.price.id}"},
                    },
                }
            )
        return found

    def _tell_invoice(self, invoice: Invoice, kind: str) -> None:
        if kind in ("created", "finalized") and not self.talkative:
            return
        lines = self.lines(invoice)
        is_paid = invoice.status == "paid"
        subscription = invoice.subscription
        self._tell(
            f"invoice.{kind}",
            {
                "id": invoice.id,
                "object": "invoice",
                "customer": "cus_@",
                "created": invoice.created,
                "status": invoice.status,
                "currency": invoice.currency,
                "billing_reason": invoice.reason,
                "auto_advance": invoice.advances and invoice.status in ("draft", "open"),
                "attempt_count": invoice.attempts,
                "total": invoice.total,
                "amount_due": invoice.due,
                "amount_paid": invoice.due if is_paid else 0,
                "amount_paid_off_stripe": 0,
                "starting_balance": invoice.balance[0],
                "ending_balance": invoice.balance[1],
                "post_payment_credit_notes_amount": invoice.credited,
                "status_transitions": {"paid_at": invoice.paid_at},
                "parent": subscription
                and {
                    "type": "subscription_details",
                    "subscription_details": {"subscription": subscription.id, "metadata": {}},
                },
                "lines": {"object": "list", "data": lines[:PAGE], "has_more": len(lines) > PAGE},
            },
        )

    def _tell_charge(self, payment: Payment, kind: str) -> None:
        refunded = sum(payment.refunds)
        self._tell(
            f"charge.{kind}",
            {
                "id": f"ch_{payment.id}",
                "object": "charge",
                "customer": "cus_@",
                "created": payment.created,
                "payment_intent": f"pi_{payment.id}",
                "amount": payment.amount,
                "amount_refunded": refunded,
                "currency": payment.currency,
                "status": "succeeded",
                "disputed": payment.disputed,
                "refunded": refunded == payment.amount,
                "metadata": {},
            },
        )

    # Payments

    def _charge(self, amount: int, invoice: Invoice | None, packs: int = 0) -> Payment:
        payment = Payment(f"{self._next()}_@", amount, self.currency, self.now, invoice, packs)
        self.payments.append(payment)
        metadata = (
            {
                "tenantry_organization_id": "@org",
                "tenantry_purchase_id": f"@purchase{len(self.payments):04d}",
                "tenantry_credit_product_id": "@product",
                "tenantry_quantity": str(packs),
            }
            if packs
            else {}
        )
        self._tell_charge(payment, "succeeded")
        if invoice:
            self._tell(
                "invoice_payment.paid",
                {
                    "id": f"inpay_{payment.id}",
                    "object": "invoice_payment",
                    "created": self.now,
                    "invoice": invoice.id,
                    "status": "paid",
                    "is_default": True,
                    "amount_paid": amount,
                    "payment": {"type": "payment_intent", "payment_intent": f"pi_{payment.id}"},
                },
            )
        if packs or self.talkative:
            self._tell(
                "payment_intent.succeeded",
                {
                    "id": f"pi_{payment.id}",
                    "object": "payment_intent",
                    "customer": "cus_@",
                    "created": self.now,
                    "status": "succeeded",
                    "amount": amount,
                    "amount_received": amount,
                    "currency": self.currency,
                    "latest_charge": f"ch_{payment.id}",
                    "last_payment_error": None,
                    "metadata": metadata,
                },
            )
        if packs:
            self._tell(
                "checkout.session.completed",
                {
                    "id": f"cs_{payment.id}",
                    "object": "checkout.session",
                    "customer": "cus_@",
                    "created": self.now,
                    "mode": "payment",
                    "status": "complete",
                    "payment_status": "paid",
                    "amount_total": amount,
                    "currency": self.currency,
                    "payment_intent": f"pi_{payment.id}",
                    "metadata": metadata,
                },
            )
        return payment

    def _bill(self, lines: list[Line], reason: str, subscription: Subscription | None) -> Invoice:
        number = self._next()
        invoice = Invoice(f"in_{number}_@", number, self.now, reason, lines, self.currency, subscription)
        self.invoices.append(invoice)
        paused = subscription.pause if subscription else None
        if subscription:
            subscription.latest = invoice
            invoice.advances = paused is None
        self._tell_invoice(invoice, "created")
        if paused == "keep_as_draft":
            self._tell_invoice(invoice, "updated")
        elif paused:
            self._give_up(invoice, "void" if paused == "void" else "uncollectible")
        elif reason == "subscription_cycle":
            self._later(HOUR, lambda: self._collect(invoice))
        else:
            self._collect(invoice)
        return invoice

    def _give_up(self, invoice: Invoice, status: str) -> None:
        invoice.status = status
        self._tell_invoice(invoice, "voided" if status == "void" else "marked_uncollectible")

    def _collect(self, invoice: Invoice) -> None:
        """Finalizes an invoice, and tries to collect its payment."""
        if invoice.status != "draft":
            return
        invoice.status = "open"
        before = self.balance
        self.balance = min(0, self.balance + invoice.total)
        invoice.balance = (before, self.balance)
        self._tell_invoice(invoice, "finalized")
        if invoice.due == 0:
            self._pay(invoice)
            return
        outcome = self.dice.choices(["at once", "after days", "fails"], [6, 1, 2])[0]
        if outcome == "at once":
            self._pay(invoice)
        elif outcome == "after days":
            self._later(4 * DAY, lambda: self._pay(invoice))
        else:
            self._fail(invoice)

    def _pay(self, invoice: Invoice) -> None:
        if invoice.status not in ("open", "uncollectible"):
            return
        invoice.status = "paid"
        invoice.paid_at = self.now
        if invoice.due:
            invoice.payment = self._charge(invoice.due, invoice)
        self._tell_invoice(invoice, "paid")
        s = invoice.subscription
        if s and s.latest is invoice and s.status in ("past_due", "unpaid"):
            s.status = "active"
            self._tell_subscription(s)

    def _fail(self, invoice: Invoice) -> None:
        if invoice.status != "open":
            return
        invoice.attempts += 1
        self._tell_invoice(invoice, "payment_failed")
        s = invoice.subscription
        if s and s.latest is invoice and s.status == "active":
            s.status = "past_due"
            self._tell_subscription(s)
        if invoice.attempts <= 3:
            work = self._pay if self.dice.random() < 0.6 else self._fail
            self._later(self.dice.choice([2, 5]) * DAY, lambda: work(invoice))
        elif s and s.latest is invoice and s.status == "past_due":
            if self.dice.random() < 0.5:
                self._end(s)
            else:
                s.status = "unpaid"
                self._tell_subscription(s)

    # Subscriptions

    @property
    def live(self) -> Subscription | None:
        """The subscription that has not ended."""
        s = self.subscriptions[-1]
        return s if s.ended is None else None

    def _subscribe(self) -> None:
        items = {self.dice.choice([BASIC, PRO]): self.dice.choice([1, 1, 2, 5])}
        if self.dice.random() < 0.2:
            items = {SUPPORT: 1} | items
        if self.dice.random() < 0.3:
            items[EXTRA] = self.dice.randint(1, 3)
        end = self.now + MONTH
        trial = (self.now, self.now + 14 * DAY) if not self.subscriptions and self.dice.random() < 0.2 else None
        s = Subscription(f"sub_{self._next()}_@", self.now, items, trial or (self.now, end), trial=trial)
        s.status = "trialing" if trial else "active"
        self.subscriptions.append(s)
        self._tell_subscription(s, "created")
        lines = [Line(p, q, *s.period, 0 if trial else p.amount * q) for p, q in items.items()]
        self._bill(lines, "subscription_create", s)
        self._later(s.period[1] - self.now, lambda: self._renew(s))

    def _renew(self, s: Subscription) -> None:
        if s.ended is not None:
            return
        if s.ends:
            self._end(s)
            return
        s.period = (s.period[1], s.period[1] + MONTH)
        if s.status == "trialing":
            s.status = "active"
        lines = s.pending + [Line(p, q, *s.period, p.amount * q) for p, q in s.items.items()]
        s.pending = []
        if s.status == "unpaid":
            # Stripe goes on with drafts that nobody collects.
            invoice = Invoice(
                f"in_{self._next()}_@", self._count, self.now, "subscription_cycle", lines, self.currency, s
            )
            invoice.advances = False
            self.invoices.append(invoice)
            self._tell_invoice(invoice, "updated")
            s.latest = invoice
        else:
            self._bill(lines, "subscription_cycle", s)
        self._tell_subscription(s)
        self._later(MONTH, lambda: self._renew(s))

    def _end(self, s: Subscription) -> None:
        s.status, s.ended = "canceled", self.now
        self._tell_subscription(s, "deleted")

    # Steps of the customer and of the shop

    def _possible(self) -> list[Callable[[], None]]:
        s = self.live
        steps = [self._buy_packs, self._give_back, self._dispute, lambda: None]
        if s is None:
            return [*steps, self._subscribe]
        steps += [lambda: self._cancel(s), lambda: self._pause(s)]
        if s.status in ("active", "trialing"):
            steps += [lambda: self._change(s)] * 4
        if s.status == "active" and not s.pause:
            steps.append(lambda: self._fiddle(s))
        return steps

    def _change(self, s: Subscription, at_once: bool | None = None) -> None:
        """Another plan, number of seats, or add-on, in the portal."""
        old = dict(s.items)
        plan = next(p for p in old if p in (BASIC, PRO))
        quantity = self.dice.choice([1, 2, 3, 5, old[plan] + 1])
        what = self.dice.choice(["plan", "seats", "seats", "add-on"])
        if what == "plan":
            other = PRO if plan is BASIC else BASIC
            s.items = {other if p is plan else p: q for p, q in old.items()}
        elif what == "seats":
            s.items = old | {plan: quantity}
        elif EXTRA in old and self.dice.random() < 0.5:
            s.items = {p: q for p, q in old.items() if p is not EXTRA}
        else:
            s.items = old | {EXTRA: self.dice.randint(1, 4)}
        if s.items == old:
            return
        self._tell_subscription(s)
        if s.status == "trialing":
            return
        share = (s.period[1] - self.now) / (s.period[1] - s.period[0])
        rest = (self.now, s.period[1])
        lines = []
        for price in {**old, **s.items}:
            before, after = old.get(price, 0), s.items.get(price, 0)
            if before == after:
                continue
            if before:
                lines.append(Line(price, before, *rest, -round(price.amount * before * share), True))
            if after:
                lines.append(Line(price, after, *rest, round(price.amount * after * share), True))
        if at_once is None:
            at_once = not s.pause and self.dice.random() < 0.7
        if at_once:
            self._bill(lines, "subscription_update", s)
        else:
            s.pending += lines

    def _fiddle(self, s: Subscription) -> None:
        """Many changes, whose lines come with the next invoice."""
        for _ in range(7):
            self._pass(60)
            if s.status == "active" and not s.pause:
                self._change(s, at_once=False)

    def _cancel(self, s: Subscription) -> None:
        if self.dice.random() < 0.2:
            self._end(s)
            return
        s.ends = None if s.ends else self.dice.choice(["flag", "date"])
        self._tell_subscription(s)
        if self.dice.random() < 0.3:
            # Within the same second.
            s.ends = None if s.ends else "flag"
            self._tell_subscription(s)

    def _pause(self, s: Subscription) -> None:
        s.pause = None if s.pause else self.dice.choice(["void", "keep_as_draft", "mark_uncollectible"])
        self._tell_subscription(s)

    def _buy_packs(self) -> None:
        number = self.dice.randint(1, 3)
        if self.dice.random() < 0.5:
            self._charge(PACK.amount * number, None, number)
        else:
            self._bill([Line(PACK, number, self.now, self.now, PACK.amount * number)], "manual", None)

    def _give_back(self) -> None:
        """A refund, or a credit note for the balance of the customer."""
        paid = [p for p in self.payments if p.given_back < p.amount and not (p.invoice and p.invoice.credited)]
        if not paid:
            return
        payment = self.dice.choice(paid)
        left = payment.amount - payment.given_back
        amount = self.dice.choice([left, max(1, left // 3)])
        if payment.invoice and self.dice.random() < 0.3:
            payment.invoice.credited = amount
            self.balance -= amount
            self._tell(
                "credit_note.created",
                {
                    "id": f"cn_{payment.id}",
                    "object": "credit_note",
                    "customer": "cus_@",
                    "created": self.now,
                    "invoice": payment.invoice.id,
                    "status": "issued",
                    "type": "post_payment",
                    "total": amount,
                    "pre_payment_amount": 0,
                    "post_payment_amount": amount,
                    "refunds": [],
                },
            )
            return
        payment.refunds.append(amount)
        self._tell(
            "refund.created",
            {
                "id": f"re_{len(payment.refunds)}_{payment.id}",
                "object": "refund",
                "created": self.now,
                "amount": amount,
                "charge": f"ch_{payment.id}",
                "payment_intent": f"pi_{payment.id}",
                "currency": payment.currency,
                "status": "succeeded",
            },
        )
        self._tell_charge(payment, "refunded")

    def _dispute(self) -> None:
        fresh = [p for p in self.payments if not p.disputed and not p.given_back]
        if not fresh or self.dice.random() < 0.5:
            return
        payment = self.dice.choice(fresh)

        def tell(kind: str, status: str) -> None:
            payment.disputed = status != "won"
            self._tell(
                f"charge.dispute.{kind}",
                {
                    "id": f"du_{payment.id}",
                    "object": "dispute",
                    "created": payment.created,
                    "amount": payment.amount,
                    "charge": f"ch_{payment.id}",
                    "payment_intent": f"pi_{payment.id}",
                    "currency": payment.currency,
                    "status": status,
                },
            )

        tell("created", "needs_response")
        verdict = self.dice.choice(["won", "lost"])
        self._later(6 * DAY, lambda: tell("closed", verdict))

    # The outcome

    def outcome(self) -> Object:
        """The state that the customer has paid for."""
        last = self.subscriptions[-1]
        packs = sum(self._packs(i.lines[0].quantity, i.kept) for i in self.invoices if self._sells_packs(i))
        packs += sum(self._packs(p.packs, 1 - p.given_back / p.amount) for p in self.payments if p.packs)
        status = self._status(last)
        entitled = status in ("active", "past_due", "trial")
        return {
            "credits": packs + sum(self._period_credits(s) + self._late_credits(s) for s in self.subscriptions),
            "plan": _plan(last).name if entitled else None,
            "seats": sum(p.seats * q for p, q in last.items.items()) if entitled else None,
            "subscriptions": sorted(self._row(s) for s in self.subscriptions),
            "bills": sorted(self._bills()),
        }

    def _sells_packs(self, invoice: Invoice) -> bool:
        return invoice.lines[0].price is PACK and invoice.status == "paid"

    def _packs(self, number: int, kept: float) -> int:
        """The credits of packs, less those whose money went back, in favour of the payer."""
        bought = number * PACK.credits
        return bought - floor(round(bought * (1 - kept), 6))

    def _row(self, s: Subscription) -> tuple[Any, ...]:
        add_ons = [[p.name, q] for p, q in s.items.items() if p is EXTRA]
        status = self._status(s)
        ends = s.ends is not None if status in ("active", "past_due", "trial") else None
        return (s.id, status, _plan(s).name, s.items[_plan(s)], add_ons, *s.period, s.pause, ends)

    def _invoices(self, s: Subscription) -> list[Invoice]:
        return [i for i in self.invoices if i.subscription is s]

    def _status(self, s: Subscription) -> str:
        paid = [
            line
            for i in self._invoices(s)
            if i.status == "paid"
            for line in i.lines
            if line.price in PLANS and line.end == s.period[1] and line.start <= s.period[0]
        ]
        if s.pause and s.status in {"active", "past_due"} and not paid:
            return "expired"
        if s.status == "past_due":
            failed = [i.created for i in self._invoices(s) if i.status == "open" and i.created >= s.period[0]]
            return "expired" if self.now >= min(failed, default=s.period[0]) + GRACE else "past_due"
        return {"trialing": "trial", "active": "active", "unpaid": "expired", "canceled": "cancelled"}[s.status]

    def _period_credits(self, s: Subscription) -> int:
        """The credits of the period that is not over."""
        start, end = s.period
        if self.now >= end:
            return 0
        present = sum(p.credits * q for p, q in s.items.items())
        if s.status == "trialing":
            return present
        if s.trial == s.period:
            return 0
        bought = [(i, line) for i in self._invoices(s) for line in i.lines if line.end == end and line.price in PLANS]
        paid = 0.0
        for invoice, line in bought:
            if invoice.status == "paid":
                sign = -1 if line.amount < 0 else 1
                credits = line.price.credits * line.quantity * (end - line.start) / (end - start)
                paid += sign * credits * invoice.kept
        paid = min(max(0, paid), present)
        renewal = [i for i, line in bought if not line.proration]
        is_due = renewal[0].status in ("draft", "open") and renewal[0].advances and self._was_paid_before(s)
        if is_due and self.now < start + GRACE and self._status(s) in ("active", "past_due"):
            # The renewal has credits before it is paid.
            paid = present
        return ceil(round(paid, 6))

    def _late_credits(self, s: Subscription) -> int:
        """The credits that were paid after their period. They last for the length of a period from the payment on."""
        paid = sorted((i for i in self._invoices(s) if i.paid_at), key=lambda i: (i.paid_at or 0, i.id))
        ends = {
            line.end for i in paid for line in i.lines if line.price in PLANS and (s.trial or (0, 0))[1] != line.end
        }
        late = 0
        for end in ends:
            total = 0.0
            for invoice in paid:
                before = total
                for line in invoice.lines:
                    if line.price in PLANS and line.end == end:
                        sign = -1 if line.amount < 0 else 1
                        total += sign * line.price.credits * line.quantity * (end - line.start) / MONTH * invoice.kept
                if end <= (invoice.paid_at or 0) and self.now < (invoice.paid_at or 0) + MONTH:
                    late += max(0, ceil(round(max(0, total), 6)) - ceil(round(max(0, before), 6)))
        return late

    def _was_paid_before(self, s: Subscription) -> bool:
        before = [
            i
            for i in self._invoices(s)
            for line in i.lines
            if line.end == s.period[0] and line.amount > 0 and not line.proration and line.price in PLANS
        ]
        return bool(before) and before[0].status == "paid" and before[0].kept > 0

    def _bills(self) -> list[tuple[Any, ...]]:
        bills: list[tuple[Any, ...]] = []
        for i in self.invoices:
            if i.id not in self._last:
                continue
            told = "pending" if i.status == "draft" else i.status
            if i.status == "open":
                told = "failed" if i.attempts else "pending"
            back = 0
            if i.status == "paid":
                back = min((i.payment.given_back if i.payment else 0) + i.credited, i.due)
            if back and back == i.due:
                told = "refunded"
            bills.append((i.id, told, i.due, back, i.currency.upper()))
        for p in self.payments:
            if p.packs:
                told = "refunded" if p.given_back == p.amount else "paid"
                bills.append((f"pi_{p.id}", told, p.amount, p.given_back, p.currency.upper()))
        return bills


def _plan(s: Subscription) -> Price:
    return next(p for p in s.items if p in (BASIC, PRO))
