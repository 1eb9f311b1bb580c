"""get_stripe_event: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOT_FOUND, access, case

ACCESS = access("stripe_event_id => 'evt_1'", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "stripe_event_id"),
    case(NOT_FOUND, stripe_event_id="evt_of_nobody"),
]
