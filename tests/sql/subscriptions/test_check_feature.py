"""check_feature: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, access, case

ACCESS = access(
    "organization_id => {first}, feature => 'exports'",
    ok="viewer member billing admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", feature="exports"),
    case(INVALID_ARGUMENT, "feature", organization_id="$acme"),
    case(INVALID_ARGUMENT, "used", organization_id="$acme", feature="a", used=-1),
]
