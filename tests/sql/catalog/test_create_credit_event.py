"""create_credit_event: its callers, and the input that it refuses."""

from tests.support.rpc import ALREADY_EXISTS, ANY_UUID, INVALID_ARGUMENT, access, case

ACCESS = access("name => 'new', credit_cost => 1, category => 'compute'", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "name", credit_cost=1, category="compute"),
    case(INVALID_ARGUMENT, "name", name="n" * 101, credit_cost=1, category="compute"),
    case(INVALID_ARGUMENT, "name", name=ANY_UUID, credit_cost=1, category="compute"),
    case(ALREADY_EXISTS, "name", name="$image", credit_cost=1, category="compute"),
    case(INVALID_ARGUMENT, "credit_cost", name="e", category="compute"),
    case(INVALID_ARGUMENT, "credit_cost", name="e", credit_cost=0, category="compute"),
    case(INVALID_ARGUMENT, "credit_cost", name="e", credit_cost=-1, category="compute"),
    case(INVALID_ARGUMENT, "category", name="e", credit_cost=1),
    case(INVALID_ARGUMENT, "category", name="e", credit_cost=1, category="Two Words"),
    case(INVALID_ARGUMENT, "category", name="e", credit_cost=1, category="c" * 51),
]
