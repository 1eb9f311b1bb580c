"""update_organization: its callers, and the input that it refuses."""

from tests.support.rpc import ALREADY_EXISTS, INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case, mask

ACCESS = access(
    "organization_id => {first}, description => 'Acme again'", first="admin owner platform_admin service_role"
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", name="No id"),
    case(INVALID_ARGUMENT, "update_mask", organization_id="$acme"),
    case(NOT_FOUND, organization_id=NOBODY, name="Nobody"),
    case(ALREADY_EXISTS, "name", organization_id="$idle", name="$acme-name"),
    case(ALREADY_EXISTS, "slug", organization_id="$idle", slug="$acme-slug"),
    case(INVALID_ARGUMENT, "name", organization_id="$acme", name=""),
    case(INVALID_ARGUMENT, "name", organization_id="$acme", name="n" * 101),
    case(INVALID_ARGUMENT, "slug", organization_id="$acme", slug="s" * 101),
    case(INVALID_ARGUMENT, "website", organization_id="$acme", website="http://" + "h" * 500),
    case(INVALID_ARGUMENT, "slug", organization_id="$acme", update_mask=mask("slug")),
    case(INVALID_ARGUMENT, "update_mask", organization_id="$acme", update_mask=mask("id")),
    case(INVALID_ARGUMENT, "update_mask", organization_id="$acme", update_mask=mask("*", "x")),
    case(INVALID_ARGUMENT, "update_mask", organization_id="$acme", update_mask=mask("credit_balance")),
]
