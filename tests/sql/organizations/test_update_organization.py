"""update_organization: changes and suspension; its callers, and the input that it refuses."""

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import call, refused
from tests.support.rpc import ALREADY_EXISTS, INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case, mask
from tests.support.users import Team, sign_in, user

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


def test_an_organization_is_changed_by_its_owner_and_admin(acme: Team, globex: Team) -> None:
    for who in ("owner", "admin"):
        changed = call(acme.as_(who), "update_organization", organization_id=acme.id, name=f"By {who}")
        assert changed["name"] == f"By {who}"
        assert acme.as_(who).execute("update public.organizations set website = 'http://x.y'").rowcount == 1
    for connection in (*(acme.as_(who) for who in ("billing", "member", "viewer")), globex.as_("owner")):
        denied = refused(connection, "42501", "update_organization", organization_id=acme.id, name="Mine")
        assert denied["permission"] == "organizations:update"
    assert acme.as_("member").execute("update public.organizations set website = 'http://z'").rowcount == 0


def test_a_suspended_organization_is_not_raised_by_its_owner(acme: Team, service: Connection, connect: Connect) -> None:
    call(service, "update_organization", organization_id=acme.id, is_active=False)
    owner = acme.as_("owner")
    for arguments in (
        {"is_active": True},
        {"is_active": False},
        {"update_mask": ["is_active"]},
        {"update_mask": ["*"]},
    ):
        denied = refused(owner, "42501", "update_organization", organization_id=acme.id, **arguments)
        assert denied["permission"] == "organizations:suspend"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("update public.organizations set is_active = true")
    # The function and the table both refuse to edit it.
    assert refused(owner, "TN012", "update_organization", organization_id=acme.id, description="x")
    assert owner.execute("update public.organizations set description = 'x'").rowcount == 0
    call(service, "update_organization", organization_id=acme.id, description="Looked into")
    boss = user(acme.admin)
    call(service, "assign_role", user_id=boss, role="platform_admin")
    platform = sign_in(connect(), boss)
    assert platform.execute("update public.organizations set website = null where not is_active").rowcount == 1
    call(platform, "update_organization", organization_id=acme.id, is_active=True)
    call(owner, "update_organization", organization_id=acme.id, description="Back again")
    assert call(owner, "get_organization", organization_id=acme.id)["is_active"]
