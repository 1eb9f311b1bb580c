"""get_credit_event: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "credit_event => 'old image'",
    hidden="stranger viewer member billing admin owner other_owner",
    ok="platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "credit_event"),
    case(NOT_FOUND, credit_event="nobody has this"),
    case(NOT_FOUND, credit_event=NOBODY),
]
