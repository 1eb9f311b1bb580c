"""get_organization: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "organization_id => {first}",
    hidden="stranger other_owner",
    first="viewer member billing admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(INVALID_ARGUMENT, "organization_id", organization_id="$acme", slug="$acme-slug"),
    case(NOT_FOUND, organization_id=NOBODY),
    case(NOT_FOUND, slug="nobody-has-this"),
    case(NOT_FOUND, slug="' or true --"),
]
