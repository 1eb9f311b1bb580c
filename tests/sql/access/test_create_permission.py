"""create_permission: its callers, and the input that it refuses."""

from tests.support.rpc import ALREADY_EXISTS, ANY_UUID, INVALID_ARGUMENT, access, case

ACCESS = access("name => 'new', resource => 'new', action => 'new'", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "name", resource="reports", action="read"),
    case(INVALID_ARGUMENT, "name", name="n" * 101, resource="reports", action="read"),
    case(INVALID_ARGUMENT, "name", name=ANY_UUID, resource="reports", action="read"),
    case(INVALID_ARGUMENT, "resource", name="n", action="read"),
    case(INVALID_ARGUMENT, "resource", name="n", resource="Two Words", action="read"),
    case(INVALID_ARGUMENT, "action", name="n", resource="reports"),
    case(INVALID_ARGUMENT, "action", name="n", resource="reports", action="a" * 51),
    case(ALREADY_EXISTS, "name", name="credits:read", resource="reports", action="read"),
    case(ALREADY_EXISTS, name="n", resource="credits", action="read"),
]
