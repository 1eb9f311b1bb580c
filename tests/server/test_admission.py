"""Shares of a resource: no caller takes more than its share, callers take turns, and no slot is lost."""

import asyncio
import random

import pytest

from tenantry.admission import Counter, FairSlots, NoSlotError
from tenantry.errors import CallError


async def taking(slots: FairSlots, caller: str, taken: list[str]) -> None:
    await slots.take(caller, 5.0)
    taken.append(caller)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_caller_has_its_share_and_others_the_rest() -> None:
    async def ask() -> None:
        slots, taken = FairSlots(4, 2), list[str]()
        greedy = [asyncio.create_task(taking(slots, "a", taken)) for _ in range(5)]
        await settled()
        others = [asyncio.create_task(taking(slots, caller, taken)) for caller in "bc"]
        await settled()
        assert taken == ["a", "a", "b", "c"]
        slots.release("b")
        await settled()
        # A free slot, but the caller that waits has its share.
        assert taken == ["a", "a", "b", "c"]
        slots.release("a")
        await settled()
        assert taken == ["a", "a", "b", "c", "a"]
        for task in (*greedy, *others):
            task.cancel()

    asyncio.run(ask())


def test_callers_that_wait_take_turns() -> None:
    async def ask() -> None:
        slots, taken = FairSlots(1, 1), list[str]()
        await slots.take("first", 1.0)
        waiting = [asyncio.create_task(taking(slots, caller, taken)) for caller in "aaabbc"]
        await settled()
        slots.release("first")
        for _ in waiting:
            await settled()
            slots.release(taken[-1])
        assert taken == ["a", "b", "c", "a", "b", "a"]

    asyncio.run(ask())


@pytest.mark.parametrize(("caller", "own"), [("a", "caller"), ("b", ""), ("service_role", "")])
def test_who_waits_in_vain_learns_whether_it_is_the_callers_own_share(caller: str, own: str) -> None:
    async def ask() -> None:
        slots = FairSlots(3, 2)
        for holder in ("a", "a", "service_role"):
            await slots.take(holder, 1.0)
        with pytest.raises(NoSlotError) as refused:
            await slots.take(caller, 0.01)
        assert refused.value.share == own

    asyncio.run(ask())


def test_the_backend_may_take_all() -> None:
    async def ask() -> None:
        slots = FairSlots(3, 1)
        for _ in range(3):
            await slots.take("service_role", 0.01)

    asyncio.run(ask())


@pytest.mark.parametrize("seed", range(5))
def test_no_slot_is_lost_or_given_twice(seed: int) -> None:
    """Callers that come, give up, are cancelled and end in random order."""
    chance = random.Random(seed)
    held = dict.fromkeys("abcd", 0)

    async def use(slots: FairSlots, caller: str) -> None:
        try:
            await slots.take(caller, chance.choice([0.0, 0.001, 1.0]))
        except NoSlotError:
            return
        held[caller] += 1
        assert held[caller] <= 2
        assert sum(held.values()) <= 3
        try:
            await asyncio.sleep(chance.choice([0, 0.001]))
        finally:
            held[caller] -= 1
            slots.release(caller)

    async def ask() -> None:
        slots = FairSlots(3, 2)
        tasks = []
        for _ in range(500):
            tasks.append(asyncio.create_task(use(slots, chance.choice("abcd"))))
            if chance.random() < 0.3:
                chance.choice(tasks).cancel()
            if chance.random() < 0.2:
                await asyncio.sleep(0.001)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert not [each for each in ended if isinstance(each, Exception)]
        # All slots are free again.
        for caller in "aab":
            await slots.take(caller, 0.0)

    asyncio.run(ask())


def test_what_is_open_is_counted_for_each_caller_and_in_all() -> None:
    counter = Counter("calls", 3, 2)
    with counter.one("a"):
        with counter.one("a"):
            with pytest.raises(CallError, match="the caller has 2 calls open already"), counter.one("a"):
                pass
            full = pytest.raises(CallError, match="the server has 3 calls open already")
            with counter.one("b"), full, counter.one("c"):
                pass
        with counter.one("a"), counter.one("service_role"):
            pass
