"""list_organizations: the organizations that a member sees; its callers, and the input that it refuses."""

from tests.support.ledger import call, refused
from tests.support.rpc import INVALID_PAGE_TOKEN, access, case
from tests.support.users import Team

ACCESS = access(
    "",
    empty="stranger",
    first="viewer member billing admin owner",
    second="other_owner",
    both="platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_PAGE_TOKEN, "page_token", page_token="$organizations-token-cut"),
    case(INVALID_PAGE_TOKEN, "page_token", page_token="$events-token"),
    case(INVALID_PAGE_TOKEN, "page_token", page_token="$organizations-token", is_active=True),
]


def test_members_see_theirs_and_nobody_sees_others(acme: Team, globex: Team) -> None:
    for who in ("owner", "admin", "billing", "member", "viewer"):
        connection = acme.as_(who)
        seen = call(connection, "list_organizations")["organizations"]
        assert [row["id"] for row in seen] == [acme.id]
        for function, arguments in (("get_organization", {"organization_id": globex.id}),):
            assert refused(connection, "TN002", function, **arguments)["name"] == str(globex.id)
