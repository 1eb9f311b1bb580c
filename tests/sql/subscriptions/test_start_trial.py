"""start_trial: its callers, its two permissions, and the input that it refuses."""

from tests.conftest import Connection
from tests.support.ledger import refused
from tests.support.rpc import INVALID_ARGUMENT, NO_TRIAL, PLAN_INACTIVE, access, case
from tests.support.users import Team, own_role

ACCESS = access(
    "organization_id => {first}, subscription_plan => 'current'", TN028="billing owner platform_admin service_role"
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(INVALID_ARGUMENT, "subscription_plan", organization_id="$rich"),
    case(PLAN_INACTIVE, organization_id="$rich", subscription_plan="$sold-out"),
    case(NO_TRIAL, organization_id="$rich", subscription_plan="$team"),
]


def test_each_of_its_permissions_is_needed(acme: Team, service: Connection) -> None:
    arguments = {"organization_id": acme.id, "subscription_plan": "any", "converts": True}
    for held, needed in (
        ("subscriptions:manage", "platform:subscribe"),
        ("platform:subscribe", "subscriptions:manage"),
    ):
        own_role(service, acme.id, f"only {held}", held)
        caller = acme.as_(acme.join(f"only {held}"))
        assert refused(caller, "42501", "start_trial", **arguments)["permission"] == needed
