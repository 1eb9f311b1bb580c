"""Random sequences of every operation and of time, which drive the ledger and its model.

After every step, both must say the same, and every invariant must hold.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.conftest import Connection
from tests.support import ledger
from tests.support.model import NEVER, Hold, Ledger, Lot, Refused, Revocation

START = datetime(2030, 1, 1, tzinfo=UTC)

amounts = st.integers(1, 40)
hours = st.integers(1, 4)


class HoldsAndExpiry(RuleBasedStateMachine):
    """Grants, spends and holds credits of one organization while time passes.

    Its user gives it two connections to one database, whose clock moves only when `time_passes` moves it.
    """

    service: Connection
    admin: Connection
    hours_gone = 0

    @initialize()
    def begin(self) -> None:
        self.start = HoldsAndExpiry.hours_gone
        self.model = Ledger()
        name = f"model-{uuid4()}"
        self.organization = self.one("select * from public.create_organization(%s, %s)", name, name)["id"]
        self.lots: list[tuple[Lot, Any]] = []
        self.holds: list[tuple[Hold, Any]] = []
        self.consumptions: list[tuple[int, Any]] = []
        self.revocations: list[tuple[Revocation, list[Any]]] = []
        # Data for time to work on, from the first step.
        for lives in (1, 2, None):
            self.grant(amount=20, purchased=False, lives=lives, priority=0)

    # Both sides.

    def one(self, query: str, *arguments: Any) -> dict[str, Any]:
        row = self.service.execute(query.encode(), arguments).fetchone()
        assert row is not None
        return row

    def both(self, model: Any, query: str, *arguments: Any) -> tuple[Any, dict[str, Any] | None]:
        """Runs an operation on both sides; both allow it, or both refuse it for the same reason."""
        try:
            expected = model()
            refused = None
        except Refused as refusal:
            expected, refused = None, str(refusal)
        try:
            row = self.one(query, *arguments)
        except psycopg.Error as error:
            if error.sqlstate != refused:
                raise
            return None, None
        assert refused is None, f"the model refuses it: {refused}"
        return expected, row

    def time(self, model_time: int) -> datetime | None:
        return None if model_time >= NEVER else START + timedelta(hours=self.start + model_time)

    # Operations.

    @rule(gone=st.integers(1, 4))
    def time_passes(self, gone: int) -> None:
        self.model.advance(gone)
        self.move_clock(gone)

    @precondition(lambda self: self.model.clock > 0)
    @rule(data=st.data())
    def clock_steps_back(self, data: st.DataObject) -> None:
        # The model did at once all that fell due. A ledger that was not settled would never hear of that time.
        self.maintenance()
        back = data.draw(st.integers(1, min(self.model.clock, 4)))
        self.model.step_back(back)
        self.move_clock(-back)

    def move_clock(self, by: int) -> None:
        HoldsAndExpiry.hours_gone += by
        ledger.move_clock(self.admin, START + timedelta(hours=HoldsAndExpiry.hours_gone))

    @rule(amount=amounts, purchased=st.booleans(), lives=st.none() | hours, priority=st.integers(0, 1))
    def grant(self, amount: int, purchased: bool, lives: int | None, priority: int) -> None:
        expires = self.model.now + lives if lives else NEVER
        lot, row = self.both(
            lambda: self.model.grant(amount, purchased, expires, priority, self.model.now),
            "select (g.lot).id from public.grant_credits(%s, %s, %s, expires_at => %s, priority => %s) as g",
            self.organization,
            amount,
            "purchased" if purchased else "earned",
            self.time(expires),
            priority,
        )
        assert row
        self.lots.append((lot, row["id"]))

    @rule(amount=amounts)
    def consume(self, amount: int) -> None:
        _, row = self.both(
            lambda: self.model.consume(amount),
            "select id from public.consume_credits(%s, amount => %s)",
            self.organization,
            amount,
        )
        if row:
            self.consumptions.append((len(self.model.entries), row["id"]))

    @rule(amount=amounts, lives=hours)
    def hold(self, amount: int, lives: int) -> None:
        hold, row = self.both(
            lambda: self.model.hold(amount, lives),
            "select id from public.hold_credits(%s, amount => %s, time_to_live => %s)",
            self.organization,
            amount,
            timedelta(hours=lives),
        )
        if row:
            self.holds.append((hold, row["id"]))

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), amount=st.none() | amounts, release=st.booleans(), overage=st.booleans())
    def capture(self, data: st.DataObject, amount: int | None, release: bool, overage: bool) -> None:
        hold, hold_id = data.draw(st.sampled_from(self.holds))
        _, row = self.both(
            lambda: self.model.capture(hold, amount, release, overage),
            "select (c.transaction).id from public.capture_hold(%s, %s, %s, %s, %s) as c",
            self.organization,
            hold_id,
            amount,
            release,
            overage,
        )
        if row:
            number = max(n for n, entry in enumerate(self.model.entries, 1) if entry.kind == "consumed")
            self.consumptions.append((number, row["id"]))

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        hold, hold_id = data.draw(st.sampled_from(self.holds))
        self.both(
            lambda: self.model.release(hold),
            "select id from public.release_hold(%s, %s)",
            self.organization,
            hold_id,
        )

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), lives=hours)
    def extend(self, data: st.DataObject, lives: int) -> None:
        hold, hold_id = data.draw(st.sampled_from(self.holds))
        self.both(
            lambda: self.model.extend(hold, lives),
            "select id from public.extend_hold(%s, %s, %s)",
            self.organization,
            hold_id,
            timedelta(hours=lives),
        )

    @rule()
    def maintenance(self) -> None:
        self.one("select tenantry.settle_due_accounts()")

    # The answer that both sides must give.

    @invariant()
    def balances_agree(self) -> None:
        if not hasattr(self, "organization"):
            return
        balance = self.one("select * from public.get_credit_balance(%s)", self.organization)
        open_lots = [lot for lot in self.model.lots if lot.entry and lot.remaining]
        expiring = [lot for lot in open_lots if self.model.now < lot.expires < NEVER]
        next_expiry = min((lot.expires for lot in expiring), default=NEVER)
        assert balance == {
            "balance": self.model.balance,
            "held": self.model.held,
            "available": self.model.available,
            "purchased": sum(lot.remaining for lot in open_lots if lot.purchased),
            "granted": sum(lot.remaining for lot in open_lots if not lot.purchased),
            "next_expiry_at": self.time(next_expiry),
            "next_expiry_amount": sum(lot.remaining for lot in expiring if lot.expires == next_expiry),
        }

    @invariant()
    def lots_agree(self) -> None:
        if not hasattr(self, "organization"):
            return
        rows = self.service.execute(
            "select l.* from public.list_credit_lots(%s) as p, unnest(p.lots) as l", [self.organization]
        ).fetchall()
        found = sorted(
            (r["expires_at"] or datetime.max.replace(tzinfo=UTC), r["priority"], r["remaining"]) for r in rows
        )
        assert found == sorted(
            (self.time(lot.expires) or datetime.max.replace(tzinfo=UTC), lot.priority, lot.remaining)
            for lot in self.model.lots
            if lot.remaining
        )

    @invariant()
    def every_invariant_holds(self) -> None:
        if not hasattr(self, "organization"):
            return
        assert (
            self.service.execute(
                "select f.* from public.verify_ledger(%s) as v, unnest(v.findings) as f", [self.organization]
            ).fetchall()
            == []
        )

    def teardown(self) -> None:
        if not hasattr(self, "organization"):
            return
        past, lots = self.balances_of_the_past(), self.lots_now()
        self.service.execute("select tenantry.settle_due_accounts(1000)")
        assert self.lots_now() == lots, "lots read otherwise after settlement"
        assert self.balances_of_the_past() == past, "history reads otherwise after settlement"
        entries = self.model.entries
        found = ledger.entries(self.admin, self.organization)
        assert [(e["transaction_type"], e["amount"], e["balance_after"], e["created_at"]) for e in found] == [
            (entry.kind, entry.amount, entry.balance, self.time(entry.time)) for entry in entries
        ]
        assert past == [self.model_balance_at(hour) for hour in range(self.model.now + 1)]
        known = {id(lot): lot_id for lot, lot_id in self.lots}
        for entry, row in zip(entries, found, strict=True):
            allocations = self.service.execute(
                "select a.lot_id, a.amount from public.list_allocations(%s, %s) as p, unnest(p.allocations) as a",
                [self.organization, row["id"]],
            ).fetchall()
            if entry.amount < 0:
                taken = [(known[id(lot)], -part) for lot, part in entry.taken if id(lot) in known]
                assert {(a["lot_id"], a["amount"]) for a in allocations} >= set(taken)
                assert sum(a["amount"] for a in allocations) == entry.amount
                assert len(allocations) == len(entry.taken)

    def lots_now(self) -> list[dict[str, Any]]:
        """All lots as a read shows them. The number of the entry is left out, as it may not be written yet."""
        return self.service.execute(
            "select l.id, l.amount, l.remaining, l.expires_at, l.state"
            " from public.list_credit_lots(%s, include_closed => true, page_size => 1000) as p, unnest(p.lots) as l",
            [self.organization],
        ).fetchall()

    def balances_of_the_past(self) -> list[int]:
        return [
            self.one("select balance from public.get_credit_balance(%s, %s)", self.organization, self.time(hour))[
                "balance"
            ]
            for hour in range(self.model.now + 1)
        ]

    def model_balance_at(self, hour: int) -> int:
        return next((entry.balance for entry in reversed(self.model.entries) if entry.time <= hour), 0)


class WholeLedger(HoldsAndExpiry):
    """All operations."""

    @rule(amount=amounts, delay=hours, lives=st.none() | hours)
    def grant_for_later(self, amount: int, delay: int, lives: int | None) -> None:
        effective = self.model.now + delay
        expires = effective + lives if lives else NEVER
        lot, row = self.both(
            lambda: self.model.grant(amount, False, expires, 0, effective),
            "select (g.lot).id from public.grant_credits(%s, %s, expires_at => %s, effective_at => %s) as g",
            self.organization,
            amount,
            self.time(expires),
            self.time(effective),
        )
        assert row
        self.lots.append((lot, row["id"]))

    @rule(many=st.lists(amounts, min_size=1, max_size=4))
    def consume_a_batch(self, many: list[int]) -> None:
        expected: list[str | None] = []
        for amount in many:
            try:
                self.model.consume(amount)
                expected.append(None)
                self.consumptions.append((len(self.model.entries), None))
            except Refused as refusal:
                expected.append(str(refusal))
        rows = self.service.execute(
            "select (d.transaction).id, d.code from public.batch_consume_credits("
            " (select jsonb_agg(jsonb_build_object('organization_id', %s::uuid, 'amount', a) order by n)"
            "  from unnest(%s::int[]) with ordinality as x (a, n))) as b, unnest(b.decisions) as d",
            [self.organization, many],
        ).fetchall()
        assert [row["code"] for row in rows] == expected
        ids = iter([row["id"] for row in rows if row["id"]])
        self.consumptions = [(number, known or next(ids)) for number, known in self.consumptions]

    @rule(kind=st.sampled_from(["expired", "revoked"]), amount=amounts)
    def remove(self, kind: str, amount: int) -> None:
        self.both(
            lambda: self.model.remove(kind, amount),
            "select id from public.create_credit_transaction(%s, %s, %s, 'test')",
            self.organization,
            kind,
            -amount,
        )

    @precondition(lambda self: self.consumptions)
    @rule(data=st.data(), amount=st.none() | st.integers(1, 20), grace=hours)
    def refund(self, data: st.DataObject, amount: int | None, grace: int) -> None:
        number, entry_id = data.draw(st.sampled_from(self.consumptions))
        self.both(
            lambda: self.model.refund(self.model.entries[number - 1], amount, grace),
            "select id from public.refund_credits(%s, %s, %s, %s)",
            self.organization,
            entry_id,
            amount,
            timedelta(hours=grace),
        )

    REVOKE = "select revoked, shortfall from public.revoke_credits(%s, %s, %s, request_id => %s)"

    @precondition(lambda self: self.lots)
    @rule(data=st.data(), amount=st.none() | amounts)
    def revoke(self, data: st.DataObject, amount: int | None) -> None:
        lot, lot_id = data.draw(st.sampled_from(self.lots))
        call = [self.organization, lot_id, amount, str(uuid4())]
        revocation, row = self.both(lambda: self.model.revoke(lot, amount), self.REVOKE, *call)
        if row:
            assert row == {"revoked": revocation.taken, "shortfall": revocation.shortfall}
            self.revocations.append((revocation, call))

    @precondition(lambda self: self.revocations)
    @rule(data=st.data())
    def repeat_a_revocation(self, data: st.DataObject) -> None:
        revocation, call = data.draw(st.sampled_from(self.revocations))
        assert self.one(self.REVOKE, *call) == {"revoked": revocation.taken, "shortfall": revocation.shortfall}


def run(machine: type[HoldsAndExpiry], service: Connection, admin: Connection, examples: int) -> None:
    """Runs random sequences until one breaks the ledger.

    Args:
        machine: the operations that may occur.
        service: a connection as service_role.
        admin: a connection as the superuser to the same database.
        examples: number of sequences.
    """
    HoldsAndExpiry.service, HoldsAndExpiry.admin = service, admin
    # A broken rule may have a loop that waits for it.
    service.execute("set statement_timeout = '5s'")
    HoldsAndExpiry.hours_gone = 0
    ledger.move_clock(admin, START)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
