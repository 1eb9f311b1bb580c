"""batch_check_permissions: the size of a batch; its callers, and the input that it refuses."""

from tests.support.ledger import call, refused
from tests.support.rpc import INVALID_ARGUMENT, NOBODY, access, case
from tests.support.users import Team

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


def test_a_batch_has_one_to_ten_thousand_pairs(acme: Team) -> None:
    ask, owner = "batch_check_permissions", acme.as_("owner")
    many = ["credits:read"] * 100
    assert len(call(owner, ask, organization_ids=[acme.id] * 100, permissions=many)["answers"]) == 10000
    for organizations, asked, field in (
        ([acme.id] * 101, many, "permissions"),
        ([acme.id] * 50_000, many * 500, "permissions"),
        ([], many, "organization_ids"),
        (None, many, "organization_ids"),
        ([acme.id], [], "permissions"),
        ([acme.id], None, "permissions"),
    ):
        said = refused(owner, "TN001", ask, organization_ids=organizations, permissions=asked)
        assert said["field"] == field
