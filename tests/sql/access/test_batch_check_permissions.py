"""batch_check_permissions: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, access, case

ACCESS = access(
    "organization_ids => array[{first}]::pg_catalog.uuid[], permissions => array['credits:read'], "
    "user_id => {colleague}",
    first="viewer member admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_ids", permissions=["credits:read"], user_id=NOBODY),
    case(INVALID_ARGUMENT, "permissions", organization_ids=[NOBODY], user_id=NOBODY),
    case(INVALID_ARGUMENT, "organization_ids", organization_ids=["acme"], permissions=["a:b"]),
    case(INVALID_ARGUMENT, "permission", organization_ids=[NOBODY], permissions=["a"]),
    case(INVALID_ARGUMENT, "permissions", organization_ids=[NOBODY] * 101, permissions=["a:b"] * 100),
]
