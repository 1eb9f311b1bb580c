"""list_stripe_events: order, filters and pages; its callers, and the input that it refuses."""

from typing import Any

from tests.conftest import Connection
from tests.support import stripe_payloads as payloads
from tests.support.ledger import call, refused
from tests.support.rpc import INVALID_ARGUMENT, access, case
from tests.support.stripe import deliver_all
from tests.support.stripe_payloads import CURRENT
from tests.support.stripe_stories import Story

ACCESS = access("", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "page_size", page_size=-1),
]


def test_events_are_listed_newest_first_by_state_and_in_pages(admin: Connection, story: Story) -> None:
    story.begin()
    story.tell("customer.created", payloads.customer(CURRENT, "cus_of_nobody", 0))
    story.tell("plan.created", {"id": "plan_1", "object": "plan"})
    deliver_all(admin, story.events)

    def listed(**filters: Any) -> list[str]:
        return [event["id"] for event in call(admin, "list_stripe_events", **filters)["events"]]

    ids = [event["id"] for event in story.events]
    assert listed() == ids[::-1]
    assert [listed(state=state) for state in ("processed", "unmatched", "ignored", "failed", "stuck")] == [
        [ids[0]],
        [ids[1]],
        [ids[2]],
        [],
        [ids[1]],
    ]
    assert listed(type="customer.created") == [ids[1], ids[0]]
    assert listed(organization_id=story.organization_id) == [ids[0]]
    page = call(admin, "list_stripe_events", page_size=2)
    assert [event["id"] for event in page["events"]] == ids[:0:-1]
    assert listed(page_size=2, page_token=page["next_page_token"]) == ids[:1]
    assert refused(admin, "TN003", "list_stripe_events", type="x", page_token=page["next_page_token"])
    assert refused(admin, "TN001", "list_stripe_events", state="lost")["field"] == "state"
    assert refused(admin, "TN001", "retry_stripe_events", max_events=0)["field"] == "max_events"
    assert refused(admin, "TN002", "get_stripe_event", stripe_event_id="evt_0")["resource"] == "stripe_event"
