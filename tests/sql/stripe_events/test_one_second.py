"""Several states of an object in one second: the last one counts, in every order of arrival."""

import itertools
import random
from typing import Any

import pytest

from tests.conftest import Connection
from tests.support import stripe_payloads as payloads
from tests.support.stripe import deliver, subscription
from tests.support.stripe_payloads import CURRENT, Object
from tests.support.stripe_stories import DAY, Story

CANCELLED: Object = {"cancel_at_period_end": True, "canceled_at": 1, "cancel_at": 2}
RESUMED: Object = {"cancel_at_period_end": False, "canceled_at": None, "cancel_at": None}


def changes(story: Story, steps: list[Object], ids: list[int]) -> list[Object]:
    """Changes of the subscription in one second, each with the attributes before it. ids: the numbers of the events."""
    made = []
    for step, number in zip(steps, ids, strict=True):
        before = story.make_subscription()
        after = story.change(**step)
        previous = {name: before[name] for name in step if before[name] != after[name]}
        event = payloads.event(CURRENT, "customer.subscription.updated", after, story.now, number, previous)
        made.append(event)
    return made


def mirrored(admin: Connection, name: str) -> Object:
    row = admin.execute("select data from tenantry.stripe_objects where id = %s", [name]).fetchone()
    assert row
    found: Object = row["data"]
    return found


@pytest.mark.parametrize("steps", range(1, 5))
def test_a_customer_who_cancels_and_resumes_in_one_second(admin: Connection, story: Story, steps: int) -> None:
    story.begin()
    story.subscribe()
    for event in story.events:
        deliver(admin, event)
    story.pass_time(DAY)
    flips = [CANCELLED, RESUMED, CANCELLED, RESUMED][:steps]
    for ids in ([*range(steps)], [*reversed(range(steps))]):
        with admin.transaction(force_rollback=True):
            begun = dict(story.subscription)
            events = changes(story, flips, ids)
            story.subscription = begun
            for order in itertools.permutations(events):
                with admin.transaction(force_rollback=True):
                    for event in order + order[:2]:
                        deliver(admin, event)
                    found = subscription(admin, story.organization_id)
                    assert found["cancel_at_period_end"] is flips[-1]["cancel_at_period_end"]


def test_it_counts_before_the_progress(admin: Connection, story: Story) -> None:
    """A payment that failed is repeated in the same second: past due is further than active, and not the last."""
    story.begin()
    story.subscribe()
    for event in story.events:
        deliver(admin, event)
    story.pass_time(DAY)
    events = changes(story, [{"status": "past_due"}, {"status": "active"}], [8, 7])
    for order in itertools.permutations(events):
        with admin.transaction(force_rollback=True):
            for event in order:
                deliver(admin, event)
            assert mirrored(admin, story.subscription["name"])["status"] == "active"


def test_the_state_before_can_arrive_later(admin: Connection, story: Story) -> None:
    story.begin()
    story.subscribe()
    story.pass_time(DAY)
    events = [*story.events, *changes(story, [CANCELLED, RESUMED], [2, 1])]
    chance = random.Random(7)
    for _ in range(20):
        chance.shuffle(events)
        with admin.transaction(force_rollback=True):
            for event in events:
                deliver(admin, event)
            for event in events:
                deliver(admin, event)
            assert mirrored(admin, story.subscription["name"])["cancel_at_period_end"] is False


def test_changes_that_end_where_they_began_twice(admin: Connection, story: Story) -> None:
    """The changes of each second lead back to their beginning, which only the events before them tell."""
    story.begin()
    story.subscribe()
    events = list(story.events)
    for ids in ([5, 4], [7, 6]):
        story.pass_time(DAY)
        events += changes(story, [CANCELLED, RESUMED], ids)
    chance = random.Random(3)
    for order in [events, *(chance.sample(events, len(events)) for _ in range(20))]:
        with admin.transaction(force_rollback=True):
            for event in order:
                deliver(admin, event)
            assert mirrored(admin, story.subscription["name"])["cancel_at_period_end"] is False


def test_changes_of_several_attributes(admin: Connection, story: Story) -> None:
    """No change alone tells the whole state before it."""
    story.begin()
    story.subscribe()
    for event in story.events:
        deliver(admin, event)
    story.pass_time(DAY)
    events = changes(story, [CANCELLED, {"metadata": {"note": "b"}}, RESUMED], [9, 8, 7])
    for order in itertools.permutations(events):
        with admin.transaction(force_rollback=True):
            for event in order:
                deliver(admin, event)
            found = mirrored(admin, story.subscription["name"])
            assert (found["cancel_at_period_end"], found["metadata"]) == (False, {"note": "b"})


def test_a_new_object_and_its_changes_share_a_second(admin: Connection, story: Story) -> None:
    story.begin()
    deliver(admin, story.events[0])
    story.subscribe()
    made = story.events[1]
    steps: list[Object] = [{"status": "active"}, CANCELLED, RESUMED]
    story.subscription["status"] = "incomplete"
    events = [made, *changes(story, steps, [3, 2, 1])]
    for order in itertools.permutations(events):
        with admin.transaction(force_rollback=True):
            for event in order:
                deliver(admin, event)
            found = mirrored(admin, story.subscription["name"])
            assert (found["status"], found["cancel_at_period_end"]) == ("active", False)


def test_a_deleted_object_stays_deleted(admin: Connection, story: Story) -> None:
    story.begin()
    story.subscribe()
    for event in story.events:
        deliver(admin, event)
    story.pass_time(DAY)
    (change,) = changes(story, [CANCELLED], [9])
    gone = payloads.event(
        CURRENT,
        "customer.subscription.deleted",
        story.change(status="canceled", ended_at=story.now),
        story.now,
        1,
    )
    for order in itertools.permutations([change, gone]):
        with admin.transaction(force_rollback=True):
            for event in order:
                deliver(admin, event)
            assert mirrored(admin, story.subscription["name"])["deleted"] is True


def test_a_failed_event_does_not_take_part(admin: Connection, story: Story) -> None:
    story.begin()
    story.subscribe()
    for event in story.events:
        deliver(admin, event)
    story.pass_time(DAY)
    broken: Any = story.make_subscription() | {"cancel_at": "soon"}
    assert deliver(admin, payloads.event(CURRENT, "customer.subscription.updated", broken, story.now, 99))["state"] == (
        "failed"
    )
    (sound,) = changes(story, [CANCELLED], [1])
    assert deliver(admin, sound)["state"] == "processed"
    assert subscription(admin, story.organization_id)["cancel_at_period_end"]
