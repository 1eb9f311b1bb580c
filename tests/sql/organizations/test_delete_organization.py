"""delete_organization: the rows that go with it; its callers, and the input that it refuses."""

from tests.conftest import Connection
from tests.support.ledger import call, refused
from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case
from tests.support.users import Team

ACCESS = access("organization_id => {first}", TN014="owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(NOT_FOUND, organization_id=NOBODY),
]


def test_an_organization_is_deleted_by_its_owner_with_all_that_belongs_to_it(acme: Team, admin: Connection) -> None:
    call(acme.as_("owner"), "create_role", name="editor", organization_id=acme.id)
    call(acme.as_("owner"), "invite_member", organization_id=acme.id, email="a@example.com", role="viewer")
    for who in ("admin", "billing", "member", "viewer"):
        denied = refused(acme.as_(who), "42501", "delete_organization", organization_id=acme.id)
        assert denied["permission"] == "organizations:delete"
    call(acme.as_("owner"), "delete_organization", organization_id=acme.id)
    for table in ("public.user_roles", "tenantry.invitations"):
        assert admin.execute(f"select from {table}".encode()).fetchall() == []
    assert admin.execute("select from public.roles where organization_id is not null").fetchall() == []
