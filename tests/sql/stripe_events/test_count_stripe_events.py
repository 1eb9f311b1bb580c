"""count_stripe_events: its callers, and its counts."""

from tests.conftest import Connection
from tests.support.ledger import call
from tests.support.rpc import INVALID_ARGUMENT, access, case
from tests.support.stripe import deliver_all
from tests.support.stripe_stories import Story, credit_purchase

ACCESS = access("", ok="platform_admin service_role")

BAD_INPUT = [case(INVALID_ARGUMENT, "min_age_seconds", min_age_seconds=-1)]


def test_each_stuck_state_is_counted(admin: Connection, story: Story) -> None:
    nothing = {"pending": 0, "unmatched": 0, "failed": 0, "oldest_failed_at": None}
    assert call(admin, "count_stripe_events") == nothing
    credit_purchase(story)
    deliver_all(admin, story.events)
    assert call(admin, "count_stripe_events") == nothing
    for number, state in enumerate(("failed", "failed", "failed", "unmatched", "unmatched", "pending", "ignored")):
        admin.execute(
            "insert into tenantry.stripe_events (id, type, created, livemode, payload, state, received_at)"
            " values (%s, 'x', now(), false, '{}', %s, timestamptz '2020-01-01 00:00Z' + make_interval(hours => %s))",
            [f"evt_{number}_{state}", state, number],
        )
    counted = call(admin, "count_stripe_events")
    assert (counted["pending"], counted["unmatched"], counted["failed"]) == (1, 2, 3)
    assert counted["oldest_failed_at"].isoformat() == "2020-01-01T00:00:00+00:00"
    admin.execute("update tenantry.stripe_events set received_at = clock_timestamp() where id = 'evt_1_failed'")
    counted = call(admin, "count_stripe_events", min_age_seconds=60)
    assert (counted["pending"], counted["unmatched"], counted["failed"]) == (1, 2, 2)
