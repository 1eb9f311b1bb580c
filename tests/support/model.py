"""The credit ledger as plain Python: the rules of the SQL in their simplest form.

Every change happens at once and in the order of time: nothing is lazy here. Amounts are credits, times are whole hours.
"""

from dataclasses import dataclass, field

NEVER = 10**9


class Refused(Exception):
    """An operation that is refused; the argument is the SQLSTATE."""


@dataclass
class Lot:
    purchased: bool
    amount: int
    remaining: int
    priority: int
    expires: int
    entry: int | None = None
    effective: int = 0
    overdue: bool = False
    revoked: int = 0

    @property
    def order(self) -> tuple[int, int, int]:
        """The lot's place in the order of spending."""
        return self.expires, self.priority, self.entry or NEVER


@dataclass
class Hold:
    remaining: int
    created: int
    expires: int
    captured: int = 0
    state: str = "active"


@dataclass
class Entry:
    kind: str
    amount: int
    balance: int
    time: int
    taken: list[tuple[Lot, int]] = field(default_factory=list)
    refunded: int = 0


@dataclass
class Revocation:
    amount: int
    taken: int = 0
    held: int = 0
    """Credits among the taken ones that were under holds and that no capture has claimed back."""

    @property
    def shortfall(self) -> int:
        return self.amount - self.taken


@dataclass
class Ledger:
    clock: int = 0
    lots: list[Lot] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    revocations: list[Revocation] = field(default_factory=list)

    @property
    def now(self) -> int:
        """The present time: that of the clock, but never before the last entry."""
        return max(self.clock, self.entries[-1].time) if self.entries else self.clock

    @property
    def balance(self) -> int:
        return self.entries[-1].balance if self.entries else 0

    @property
    def held(self) -> int:
        return sum(hold.remaining for hold in self.holds if hold.state == "active")

    @property
    def available(self) -> int:
        return max(self.balance - self.held, 0)

    def live(self) -> list[Lot]:
        """The lots with spendable credits, in that order."""
        return sorted((x for x in self.lots if x.entry and x.remaining and not x.overdue), key=lambda x: x.order)

    def overdue(self) -> list[Lot]:
        """Expired lots that holds keep, in the order of their expiry."""
        return sorted((x for x in self.lots if x.remaining and x.overdue), key=lambda x: x.order)

    def write(self, kind: str, amount: int, time: int) -> Entry:
        time = max(time, self.entries[-1].time) if self.entries else time
        entry = Entry(kind, amount, self.balance + amount, time)
        self.entries.append(entry)
        return entry

    def take(self, entry: Entry, lots: list[Lot]) -> None:
        """Takes the entry's credits from the lots, in their order."""
        left = -entry.amount
        for lot in lots:
            part = min(left, lot.remaining)
            if part:
                lot.remaining -= part
                entry.taken.append((lot, part))
                left -= part
        assert left == 0

    def advance(self, hours: int) -> None:
        """Lets time pass; all that falls due on the way happens at its time."""
        end = self.clock + hours
        while True:
            due = [x.expires for x in self.lots if x.remaining and not x.overdue]
            due += [x.effective for x in self.lots if x.remaining and not x.entry]
            due += [x.expires for x in self.holds if x.state == "active"]
            moment = min(due, default=NEVER)
            if moment > end:
                break
            self.take_due(moment)
        self.clock = end

    def step_back(self, hours: int) -> None:
        """Sets the clock back. Time stands still until the clock has caught up with the last entry."""
        self.clock -= hours

    def take_due(self, moment: int) -> None:
        for hold in self.holds:
            if hold.state == "active" and hold.expires <= moment:
                hold.state, hold.remaining = "lapsed", 0
        for lot in self.lots:
            if lot.entry and lot.remaining and lot.expires <= moment:
                lot.overdue = True
        self.expire(moment)
        for lot in self.lots:
            if lot.remaining and not lot.entry and lot.effective <= moment:
                lot.amount = lot.remaining
                self.write("purchased" if lot.purchased else "earned", lot.amount, moment)
                lot.entry = len(self.entries)

    def expire(self, moment: int) -> None:
        """Writes off overdue lots, except for the credits that older holds keep."""
        kept = 0
        for lot in self.overdue():
            older = sum(h.remaining for h in self.holds if h.state == "active" and h.created < lot.expires)
            keep = min(lot.remaining, max(older - kept, 0))
            kept += keep
            if keep < lot.remaining:
                self.take(self.write("expired", keep - lot.remaining, moment), [lot])

    def grant(self, amount: int, purchased: bool, expires: int, priority: int, effective: int) -> Lot:
        lot = Lot(purchased, amount, amount, priority, expires, effective=max(effective, self.now))
        self.lots.append(lot)
        if effective <= self.now:
            self.write("purchased" if purchased else "earned", amount, self.now)
            lot.entry = len(self.entries)
        return lot

    def consume(self, amount: int) -> Entry:
        if amount > self.available:
            raise Refused("TN009")
        entry = self.write("consumed", -amount, self.now)
        self.take(entry, self.live())
        return entry

    def remove(self, kind: str, amount: int) -> Entry:
        """The general entry of type expired or revoked."""
        if amount > self.available:
            raise Refused("TN009")
        entry = self.write(kind, -amount, self.now)
        self.take(entry, self.live())
        return entry

    def hold(self, amount: int, lives: int) -> Hold:
        if amount > self.available:
            raise Refused("TN009")
        hold = Hold(amount, self.now, self.now + lives)
        self.holds.append(hold)
        return hold

    def capture(self, hold: Hold, amount: int | None, release: bool, overage: bool) -> Entry:
        if hold.state != "active":
            raise Refused("TN016")
        amount = amount or hold.remaining
        if amount > hold.remaining:
            if not overage:
                raise Refused("TN018")
            if amount - hold.remaining > self.available:
                raise Refused("TN009")
        hold.remaining = 0 if release else max(hold.remaining - amount, 0)
        hold.captured += amount
        usable = [x for x in self.overdue() if x.expires > hold.created] + self.live()
        lacking = amount - sum(lot.remaining for lot in usable)
        for revocation in reversed(self.revocations):
            part = min(revocation.held, lacking)
            if part > 0:
                self.write("revoked", part, self.now)
                usable.append(Lot(False, part, part, 0, NEVER, len(self.entries), self.now))
                self.lots.append(usable[-1])
                revocation.held -= part
                revocation.taken -= part
                lacking -= part
        entry = self.write("consumed", -amount, self.now)
        self.take(entry, usable)
        if not hold.remaining:
            hold.state = "captured"
        self.expire(self.now)
        return entry

    def release(self, hold: Hold) -> None:
        if hold.state not in ("active", "released"):
            raise Refused("TN016")
        hold.state, hold.remaining = "released", 0
        self.expire(self.now)

    def extend(self, hold: Hold, lives: int) -> None:
        if hold.state != "active":
            raise Refused("TN016")
        hold.expires = self.now + lives

    def refund(self, entry: Entry, amount: int | None, grace: int) -> Entry:
        rest = -entry.amount - entry.refunded
        amount = rest if amount is None else amount
        if amount <= 0 or amount > rest:
            raise Refused("TN017")
        refund = self.write("refunded", amount, self.now)
        skip, left = entry.refunded, amount
        for lot, taken in reversed(entry.taken):
            skipped = min(skip, taken)
            skip -= skipped
            part = min(taken - skipped, left)
            left -= part
            if not part:
                continue
            if lot.expires > self.now and not lot.overdue:
                lot.remaining += part
            else:
                grace_lot = Lot(lot.purchased, part, part, 0, self.now + grace, len(self.entries), self.now)
                self.lots.append(grace_lot)
        entry.refunded += amount
        return refund

    def revoke(self, lot: Lot, amount: int | None) -> Revocation:
        before = lot.revoked if lot.entry else lot.amount - lot.remaining
        amount = lot.amount - before if amount is None else amount
        if amount <= 0 or before + amount > lot.amount:
            raise Refused("TN020")
        if not lot.entry:
            lot.remaining -= amount
            if lot.remaining:
                lot.amount -= amount
            return Revocation(amount, amount)
        lot.revoked += amount
        possible = min(amount, sum(x.remaining for x in self.live()))
        revocation = Revocation(amount, possible, max(possible - self.available, 0))
        self.revocations.append(revocation)
        if possible:
            entry = self.write("revoked", -possible, self.now)
            self.take(entry, sorted(self.live(), key=lambda x: x is not lot))
        return revocation
