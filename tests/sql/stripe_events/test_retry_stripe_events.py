"""retry_stripe_events: the order of the events and their index; its callers, and the input that it refuses."""

from tests.conftest import Connection
from tests.support import stripe_payloads as payloads
from tests.support.ledger import call
from tests.support.rpc import INVALID_ARGUMENT, access, case
from tests.support.stripe import deliver_all
from tests.support.stripe_payloads import CURRENT
from tests.support.stripe_stories import Story

ACCESS = access("", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "max_events", max_events=0),
    case(INVALID_ARGUMENT, "max_events", max_events=-1),
]


def test_what_was_tried_least_is_tried_first(admin: Connection, story: Story) -> None:
    for number in range(3):
        story.tell("customer.created", payloads.customer(CURRENT, f"cus_{number}_of_nobody", 0))
    deliver_all(admin, story.events)
    deliver_all(admin, story.events[1:])
    call(admin, "retry_stripe_events", max_events=1)
    attempts = [call(admin, "get_stripe_event", stripe_event_id=e["id"])["event"]["attempts"] for e in story.events]
    assert attempts == [2, 2, 2]


def test_queries_for_stuck_events_use_their_index(scratch: Connection) -> None:
    scratch.execute("set local enable_seqscan = off")
    plan = scratch.execute(
        "explain (verbose) select count(*) from tenantry.stripe_events as e where tenantry.is_stuck_event(e.state)"
    ).fetchall()
    assert "stripe_events_stuck_idx" in str(plan)
    assert "is_stuck_event" not in str(plan)
