"""The events of a customer's life at Stripe, in the order in which things happened.

Many events share a second, and their ids say nothing of their order: here later events have lower ids, and cannot be
taken for a clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tests.support import stripe_payloads as payloads
from tests.support.stripe_payloads import MONTH, OLD, Object

BASIC, PRO, PACK = "price_basic", "price_pro", "price_pack"
"""Prices at Stripe: of two plans, and of a credit product."""
AMOUNTS = {BASIC: 1000, PRO: 3000, PACK: 2000}
START = 1893499200
"""Where every story begins: 2030-01-01 12:00 UTC."""
HOUR, DAY = 3600, 24 * 3600


@dataclass
class Story:
    """The events so far, and the state at Stripe. `prefix` keeps the ids of several stories apart."""

    era: str
    organization_id: UUID
    product_id: UUID
    prefix: str = ""
    now: int = START
    events: list[Object] = field(default_factory=list)
    subscription: Object = field(default_factory=dict)
    first_number: int = 10**9

    @property
    def end(self) -> datetime:
        """A day after the last event."""
        return datetime.fromtimestamp(self.now + DAY, UTC)

    @property
    def customer(self) -> str:
        return f"cus_{self.prefix}1"

    def tell(self, kind: str, data: Object) -> None:
        """Adds an event of this moment."""
        number = self.first_number - len(self.events)
        self.events.append(payloads.event(self.era, kind, data, self.now, number))

    def pass_time(self, seconds: int) -> None:
        self.now += seconds

    def begin(self) -> None:
        """The customer is made."""
        metadata = {"tenantry_organization_id": str(self.organization_id)}
        self.tell("customer.created", payloads.customer(self.era, self.customer, self.now, metadata))

    def change(self, **changes: Any) -> Object:
        """Changes the subscription from now on; returns it."""
        self.subscription = self.subscription | changes
        return self.make_subscription()

    def make_subscription(self) -> Object:
        return payloads.subscription(self.era, **self.subscription)

    def line(
        self, price_id: str, amount: int | None = None, *, period: tuple[int, int] | None = None, **more: Any
    ) -> Object:
        """A line of the subscription."""
        return payloads.line(
            self.era,
            f"{self.prefix}{len(self.events)}_{price_id}_{amount}",
            price_id=price_id,
            amount=AMOUNTS[price_id] if amount is None else amount,
            period=period or self.subscription["period"],
            subscription=self.subscription["name"],
            **more,
        )

    def bill(self, name: str, lines: list[Object], reason: str) -> Callable[..., Object]:
        """Makes the states of a new invoice of the subscription."""
        created = self.now

        def make(status: str, **more: Any) -> Object:
            return payloads.invoice(
                self.era,
                f"in_{self.prefix}{name}",
                customer=self.customer,
                lines=lines,
                status=status,
                created=created,
                subscription=self.subscription["name"],
                reason=reason,
                subscription_metadata=self.subscription["metadata"],
                **more,
            )

        return make

    def pay(
        self, name: str, amount: int, invoice: str | None, metadata: Object | None = None, *, attempt: int = 1
    ) -> tuple[str, str]:
        """A payment succeeds. Returns its payment intent and charge."""
        intent, charge = f"pi_{self.prefix}{name}", f"ch_{self.prefix}{name}_{attempt}"
        common: Object = {"customer": self.customer, "amount": amount, "invoice": invoice, "metadata": metadata}
        self.tell(
            "payment_intent.succeeded",
            payloads.payment_intent(self.era, intent, status="succeeded", created=self.now, charge=charge, **common),
        )
        self.tell(
            "charge.succeeded",
            payloads.charge(self.era, charge, created=self.now, payment_intent=intent, **common),
        )
        if invoice and self.era != OLD:
            self.tell(
                "invoice_payment.paid",
                payloads.invoice_payment(
                    f"inpay_{self.prefix}{name}",
                    invoice=invoice,
                    payment_intent=intent,
                    amount=amount,
                    created=self.now,
                ),
            )
        return intent, charge

    def settle(self, make: Callable[..., Object], name: str, *, attempts: int = 1) -> None:
        """An open invoice is paid."""
        invoice = make("open")
        links: Object = {}
        if invoice["amount_due"]:
            intent, charge = self.pay(name, invoice["amount_due"], invoice["id"], attempt=attempts)
            links = {"payment_intent": intent, "charge": charge}
        paid = make("paid", attempts=attempts, paid_at=self.now, **links)
        self.tell("invoice.paid", paid)
        self.tell("invoice.payment_succeeded", paid)

    def subscribe(self, price_id: str = BASIC, *, trial: int = 0) -> None:
        """Somebody takes a plan in a checkout; trial: days."""
        end = self.now + (trial * DAY or MONTH)
        self.subscription = {
            "name": f"sub_{self.prefix}1",
            "customer": self.customer,
            "price_id": price_id,
            "amount": AMOUNTS[price_id],
            "status": "trialing" if trial else "incomplete",
            "created": self.now,
            "period": (self.now, end),
            "metadata": {"tenantry_organization_id": str(self.organization_id)},
            "latest_invoice": f"in_{self.prefix}first",
        }
        if trial:
            self.subscription |= {"trial_start": self.now, "trial_end": end}
        self.tell("customer.subscription.created", self.make_subscription())
        make = self.bill("first", [self.line(price_id, 0 if trial else None)], "subscription_create")
        self.tell("invoice.created", make("open"))
        self.tell("invoice.finalized", make("open"))
        self.settle(make, "first")
        if not trial:
            self.tell("customer.subscription.updated", self.change(status="active"))
        self.tell(
            "checkout.session.completed",
            payloads.checkout_session(
                self.era,
                f"cs_{self.prefix}1",
                customer=self.customer,
                mode="subscription",
                amount=0 if trial else AMOUNTS[price_id],
                created=self.now,
                payment_status="no_payment_required" if trial else "paid",
                subscription=self.subscription["name"],
                invoice=f"in_{self.prefix}first",
                metadata=self.subscription["metadata"],
            ),
        )

    def renew(self, name: str, *, attempt_fails: bool = False) -> Callable[..., Object]:
        """The next period begins; its invoice is made, and the payment an hour later succeeds or fails."""
        start = self.subscription["period"][1]
        self.now = start
        invoice = f"in_{self.prefix}{name}"
        self.tell(
            "customer.subscription.updated",
            self.change(period=(start, start + MONTH), status="active", latest_invoice=invoice),
        )
        make = self.bill(name, [self.line(self.subscription["price_id"])], "subscription_cycle")
        self.tell("invoice.created", make("draft"))
        self.pass_time(HOUR)
        self.tell("invoice.finalized", make("open"))
        if not attempt_fails:
            self.settle(make, name)
            return make
        intent, charge = f"pi_{self.prefix}{name}", f"ch_{self.prefix}{name}_1"
        common: Object = {"customer": self.customer, "amount": self.subscription["amount"], "invoice": invoice}
        self.tell(
            "payment_intent.payment_failed",
            payloads.payment_intent(
                self.era,
                intent,
                status="requires_payment_method",
                created=self.now,
                charge=charge,
                error="card_declined",
                **common,
            ),
        )
        self.tell(
            "charge.failed",
            payloads.charge(self.era, charge, created=self.now, payment_intent=intent, status="failed", **common),
        )
        failed = make("open", attempts=1, payment_intent=intent, charge=charge)
        self.tell("invoice.payment_failed", failed)
        self.tell("invoice.updated", failed)
        self.tell("customer.subscription.updated", self.change(status="past_due"))
        return make

    def switch(self, price_id: str, credit: int, debit: int) -> None:
        """The plan changes now: the rest of the old plan is credited, and the rest of the period is charged."""
        before = self.subscription["price_id"]
        start, end = self.now, self.subscription["period"][1]
        self.tell("customer.subscription.updated", self.change(price_id=price_id, amount=AMOUNTS[price_id]))
        lines = [
            self.line(before, -credit, period=(start, end), proration=True),
            self.line(price_id, debit, period=(start, end), proration=True),
        ]
        make = self.bill(f"to_{price_id}", lines, "subscription_update")
        self.tell("invoice.created", make("draft"))
        self.tell("invoice.finalized", make("open"))
        self.settle(make, f"to_{price_id}")

    def end_subscription(self, **changes: Any) -> None:
        """The subscription is cancelled for good."""
        self.tell("customer.subscription.deleted", self.change(status="canceled", ended_at=self.now, **changes))

    def buy(self, *, invoiced: bool = False, quantity: int = 1) -> tuple[str, str, int]:
        """Credits are bought in a checkout. Returns payment intent, charge and amount."""
        amount = AMOUNTS[PACK] * quantity
        metadata = {
            "tenantry_organization_id": str(self.organization_id),
            "tenantry_purchase_id": str(UUID(int=self.now + len(self.prefix), version=4)),
            "tenantry_credit_product_id": str(self.product_id),
            "tenantry_quantity": str(quantity),
            "tenantry_billing_reason": "credit_purchase",
        }
        invoice = f"in_{self.prefix}bought" if invoiced else None
        intent, charge = self.pay("bought", amount, invoice, metadata)
        if invoice:
            bought = payloads.line(
                self.era,
                f"{self.prefix}bought",
                price_id=PACK,
                amount=amount,
                period=(self.now, self.now),
                quantity=quantity,
            )
            common: Object = {
                "customer": self.customer,
                "lines": [bought],
                "created": self.now,
                "reason": "manual",
                "metadata": metadata,
            }
            self.tell("invoice.created", payloads.invoice(self.era, invoice, status="draft", **common))
            paid = payloads.invoice(
                self.era,
                invoice,
                status="paid",
                attempts=1,
                paid_at=self.now,
                payment_intent=intent,
                charge=charge,
                **common,
            )
            self.tell("invoice.paid", paid)
        self.tell(
            "checkout.session.completed",
            payloads.checkout_session(
                self.era,
                f"cs_{self.prefix}bought",
                customer=self.customer,
                mode="payment",
                amount=amount,
                created=self.now,
                payment_intent=intent,
                invoice=invoice,
                metadata=metadata,
            ),
        )
        return intent, charge, amount

    def refund(self, intent: str, charge: str, amount: int, refunds: list[int], *, failing: bool = False) -> None:
        """Refunds in these parts; failing: the last part comes back after all."""
        made: list[Object] = []
        for number, part in enumerate(refunds):
            self.pass_time(HOUR)
            common: Object = {"charge": charge, "payment_intent": intent, "amount": part, "created": self.now}
            name = f"re_{charge}_{number}"
            made.append(payloads.refund(self.era, name, **common))
            if self.era != OLD:
                self.tell("refund.created", payloads.refund(self.era, name, status="pending", **common))
            self._tell_charge("charge.refunded", intent, charge, amount, made)
            self.tell("charge.refund.updated" if self.era == OLD else "refund.updated", made[-1])
        if failing:
            self.pass_time(DAY)
            made[-1] = made[-1] | {"status": "failed"}
            self.tell("charge.refund.updated" if self.era == OLD else "refund.failed", made[-1])
            self._tell_charge("charge.updated", intent, charge, amount, made)

    def dispute(self, intent: str, charge: str, amount: int, outcome: str) -> None:
        """The payer's bank takes the money back, and decides a month later."""
        self.pass_time(DAY)
        common: Object = {"charge": charge, "payment_intent": intent, "amount": amount, "created": self.now}
        name = f"dp_{charge}"
        self.tell("charge.dispute.created", payloads.dispute(self.era, name, status="needs_response", **common))
        self.tell("charge.dispute.funds_withdrawn", payloads.dispute(self.era, name, status="needs_response", **common))
        self._tell_charge("charge.updated", intent, charge, amount, [], disputed=True)
        self.pass_time(MONTH)
        self.tell("charge.dispute.updated", payloads.dispute(self.era, name, status="under_review", **common))
        self.tell("charge.dispute.closed", payloads.dispute(self.era, name, status=outcome, **common))

    def _tell_charge(
        self, kind: str, intent: str, charge: str, amount: int, refunds: list[Object], *, disputed: bool = False
    ) -> None:
        self.tell(
            kind,
            payloads.charge(
                self.era,
                charge,
                customer=self.customer,
                amount=amount,
                created=START,
                payment_intent=intent,
                refunds=list(refunds),
                disputed=disputed,
            ),
        )


def checkout(story: Story) -> None:
    """Somebody takes a plan."""
    story.begin()
    story.subscribe()


def renewal(story: Story) -> None:
    """The plan renews, twice."""
    checkout(story)
    story.renew("second")
    story.renew("third")


def failed_renewal(story: Story) -> None:
    """The plan renews and is not paid."""
    checkout(story)
    story.renew("second", attempt_fails=True)


def recovery(story: Story) -> None:
    """The plan renews and is paid three days late."""
    checkout(story)
    make = story.renew("second", attempt_fails=True)
    story.pass_time(3 * DAY)
    story.settle(make, "second", attempts=2)
    story.tell("customer.subscription.updated", story.change(status="active"))


def upgrade(story: Story) -> None:
    """In the middle of the period a dearer plan is taken."""
    checkout(story)
    story.pass_time(10 * DAY)
    story.switch(PRO, 667, 2000)


def downgrade(story: Story) -> None:
    """In the middle of the period a cheaper plan is taken; the difference is credited."""
    story.begin()
    story.subscribe(PRO)
    story.pass_time(10 * DAY)
    story.switch(BASIC, 2000, 667)


def cancel_at_period_end(story: Story) -> None:
    """Cancelled, and over at the end of the period."""
    checkout(story)
    story.pass_time(DAY)
    story.tell("customer.subscription.updated", story.change(cancel_at_period_end=True, canceled_at=story.now))
    story.now = story.subscription["period"][1]
    story.end_subscription()


def immediate_cancel(story: Story) -> None:
    """Cancelled at once."""
    checkout(story)
    story.pass_time(DAY)
    story.end_subscription(canceled_at=story.now)


def trial(story: Story) -> None:
    """A trial, a reminder, and the first paid period."""
    story.begin()
    story.subscribe(trial=14)
    story.pass_time(11 * DAY)
    story.tell("customer.subscription.trial_will_end", story.make_subscription())
    story.renew("second")


def pause(story: Story) -> None:
    """A trial ends without a payment method, and a week later there is one."""
    story.begin()
    story.subscribe(trial=14)
    story.now = story.subscription["period"][1]
    paused = story.change(status="paused", period=(story.now, story.now + MONTH))
    story.tell("customer.subscription.updated", paused)
    story.tell("customer.subscription.paused", paused)
    story.pass_time(7 * DAY)
    resumed = story.change(status="active", period=(story.now, story.now + MONTH))
    make = story.bill("resumed", [story.line(BASIC)], "subscription_update")
    story.tell("invoice.created", make("draft"))
    story.settle(make, "resumed")
    story.tell("customer.subscription.updated", resumed)
    story.tell("customer.subscription.resumed", resumed)


def credit_purchase(story: Story) -> None:
    """Credits are bought."""
    story.begin()
    story.buy(quantity=2)


def invoiced_credit_purchase(story: Story) -> None:
    """Credits are bought, with an invoice."""
    story.begin()
    story.buy(invoiced=True)


def partial_refund(story: Story) -> None:
    """Credits are bought, and a quarter of the money is refunded."""
    story.begin()
    intent, charge, amount = story.buy()
    story.refund(intent, charge, amount, [amount // 4])


def full_refund(story: Story) -> None:
    """Credits are bought, and all of the money is refunded, in two parts."""
    story.begin()
    intent, charge, amount = story.buy(invoiced=True)
    story.refund(intent, charge, amount, [amount // 4, amount - amount // 4])


def failed_refund(story: Story) -> None:
    """A refund fails."""
    story.begin()
    intent, charge, amount = story.buy()
    story.refund(intent, charge, amount, [amount], failing=True)


def refunded_subscription(story: Story) -> None:
    """The payment for a period is refunded."""
    checkout(story)
    story.refund(f"pi_{story.prefix}first", f"ch_{story.prefix}first_1", AMOUNTS[BASIC], [AMOUNTS[BASIC]])


def dispute_won(story: Story) -> None:
    """A payment is disputed, and the merchant wins."""
    story.begin()
    intent, charge, amount = story.buy()
    story.dispute(intent, charge, amount, "won")


def dispute_lost(story: Story) -> None:
    """A payment is disputed, and the merchant loses."""
    story.begin()
    intent, charge, amount = story.buy()
    story.dispute(intent, charge, amount, "lost")


def customer_deleted(story: Story) -> None:
    """The customer is deleted at Stripe, and with it the subscription."""
    checkout(story)
    story.pass_time(DAY)
    story.end_subscription(canceled_at=story.now)
    story.tell("customer.deleted", payloads.customer(story.era, story.customer, START))


STORIES: Mapping[str, Callable[[Story], None]] = {
    tell.__name__: tell
    for tell in (
        checkout,
        renewal,
        failed_renewal,
        recovery,
        upgrade,
        downgrade,
        cancel_at_period_end,
        immediate_cancel,
        trial,
        pause,
        credit_purchase,
        invoiced_credit_purchase,
        partial_refund,
        full_refund,
        failed_refund,
        refunded_subscription,
        dispute_won,
        dispute_lost,
        customer_deleted,
    )
}
