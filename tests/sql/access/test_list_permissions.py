"""list_permissions: its order and pages; its callers, and the input that it refuses."""

from tests.conftest import Connection
from tests.support.ledger import call
from tests.support.rpc import INVALID_PAGE_TOKEN, access, case
from tests.support.users import names

ACCESS = access("", ok="stranger viewer member billing admin owner other_owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_PAGE_TOKEN, "page_token", page_token="$permissions-token", resource="credits"),
]


def test_users_list_all_permissions_in_pages_by_name(stranger: Connection, service: Connection) -> None:
    page = call(stranger, "list_permissions", page_size=5)
    listed = names(page["permissions"])
    while page["next_page_token"]:
        page = call(stranger, "list_permissions", page_size=5, page_token=page["next_page_token"])
        listed += names(page["permissions"])
    assert listed == names(call(service, "list_permissions", page_size=1000)["permissions"])
    assert listed == sorted(listed)
    assert "credits:consume" in listed
    assert names(call(stranger, "list_permissions", resource="audit")["permissions"]) == ["audit:read"]
