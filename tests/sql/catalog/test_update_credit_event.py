"""update_credit_event: its callers, and the input that it refuses."""

from tests.support.rpc import ALREADY_EXISTS, INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case, mask

ACCESS = access("credit_event => 'image', credit_cost => 3", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "credit_event", name="No event"),
    case(INVALID_ARGUMENT, "update_mask", credit_event="$image"),
    case(NOT_FOUND, credit_event="nobody has this", credit_cost=2),
    case(ALREADY_EXISTS, "name", credit_event="$image", name="$retired"),
    case(INVALID_ARGUMENT, "name", credit_event="$image", name=NOBODY),
    case(INVALID_ARGUMENT, "name", credit_event="$image", name="n" * 101),
    case(INVALID_ARGUMENT, "category", credit_event="$image", category="c" * 51),
    case(INVALID_ARGUMENT, "credit_cost", credit_event="$image", credit_cost=0),
    case(INVALID_ARGUMENT, "credit_cost", credit_event="$image", update_mask=mask("credit_cost")),
    case(INVALID_ARGUMENT, "update_mask", credit_event="$image", update_mask=mask("created_at")),
]
