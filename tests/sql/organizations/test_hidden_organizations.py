"""A refused call tells nothing about the existence of an organization that the caller does not see."""

from uuid import uuid4

from tests.support.ledger import refused
from tests.support.users import Team


def test_nobody_is_told_whether_an_organization_that_they_do_not_see_exists(acme: Team, globex: Team) -> None:
    for function in ("update_organization", "delete_organization", "list_members", "list_invitations"):
        more = {"name": "x"} if function == "update_organization" else {}
        here = refused(acme.as_("owner"), "42501", function, organization_id=globex.id, **more)
        nowhere = refused(acme.as_("owner"), "42501", function, organization_id=uuid4(), **more)
        assert {**here, "organization_id": ""} == {**nowhere, "organization_id": ""}
