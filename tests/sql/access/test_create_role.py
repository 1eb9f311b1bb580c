"""create_role: its callers, and the input that it refuses."""

from tests.support.rpc import ALREADY_EXISTS, INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access("name => 'new', organization_id => {first}", first="admin owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "name"),
    case(INVALID_ARGUMENT, "name", name="n" * 51),
    case(INVALID_ARGUMENT, "name", name="own:x"),
    case(ALREADY_EXISTS, "name", name="viewer"),
    case(INVALID_ARGUMENT, "name", name="viewer", organization_id="$acme"),
    case(ALREADY_EXISTS, "display_name", name="editor", organization_id="$acme"),
    case(NOT_FOUND, name="editor", organization_id=NOBODY),
]
