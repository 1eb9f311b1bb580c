"""A change counts from the next statement on, in open sessions and for tokens that were issued before."""

from tests.conftest import Connection
from tests.support.ledger import call, refused
from tests.support.users import Team, allowed, own_role, sign_in


def test_what_is_given_and_taken_counts_at_the_next_statement(acme: Team, admin: Connection) -> None:
    session = acme.as_("viewer")
    own_role(acme.as_("owner"), acme.id, "editor", "audit:read")
    assert not allowed(session, acme.id, "audit:read")
    given = call(acme.as_("owner"), "assign_role", user_id=acme.users["viewer"], role="editor", organization_id=acme.id)
    assert allowed(session, acme.id, "audit:read")
    call(session, "list_audit_events", organization_id=acme.id)
    call(acme.as_("owner"), "remove_role_assignment", user_role_id=given["id"])
    assert not allowed(session, acme.id, "audit:read")
    refused(session, "42501", "list_audit_events", organization_id=acme.id)
    assert admin.info.transaction_status == 0


def test_it_counts_within_an_open_transaction(acme: Team) -> None:
    session = acme.as_("viewer")
    with session.transaction():
        assert len(session.execute("select from public.organizations").fetchall()) == 1
        call(acme.as_("owner"), "remove_role_assignment", user_role_id=acme.assignment("viewer"))
        assert session.execute("select from public.organizations").fetchall() == []


def test_a_change_of_a_role_counts_for_whoever_holds_it(acme: Team) -> None:
    role = str(own_role(acme.as_("owner"), acme.id, "editor")["id"])
    call(acme.as_("owner"), "assign_role", user_id=acme.users["viewer"], role="editor", organization_id=acme.id)
    session = acme.as_("viewer")
    assert session.execute("select from public.billing_history").fetchall() == []
    assert not allowed(session, acme.id, "organizations:update")
    call(acme.as_("owner"), "add_role_permission", role=role, permission="organizations:update")
    updated = session.execute("update public.organizations set website = 'https://example.com'")
    assert updated.rowcount == 1
    call(acme.as_("owner"), "remove_role_permission", role=role, permission="organizations:update")
    assert session.execute("update public.organizations set website = 'https://example.org'").rowcount == 0
    call(acme.as_("owner"), "delete_role", role=role)
    assert allowed(session, acme.id, "organizations:read")


def test_nothing_in_a_token_but_its_subject_counts(acme: Team, stranger: Connection) -> None:
    stranger_id = stranger.execute("select auth.uid() as id").fetchone()
    assert stranger_id
    claims = {
        "user_role": "owner",
        "is_super_admin": True,
        "app_metadata": {"role": "service_role", "roles": ["owner"], "organization_id": str(acme.id)},
        "user_metadata": {"role": "owner", "permissions": ["*:*"]},
        "organization_id": str(acme.id),
    }
    sign_in(stranger, stranger_id["id"], **claims)
    assert not allowed(stranger, acme.id, "organizations:read")
    stranger.execute(
        "select set_config('request.jwt.claims', %s, false)",
        [f'{{"role": "service_role", "sub": "{stranger_id["id"]}"}}'],
    )
    assert not allowed(stranger, acme.id, "organizations:read")
    assert stranger.execute("select from public.organizations").fetchall() == []


def test_claims_without_a_subject_or_none_at_all_open_nothing(acme: Team, stranger: Connection) -> None:
    for claims in ('{"role": "authenticated"}', "", "{}"):
        stranger.execute("select set_config('request.jwt.claims', %s, false)", [claims])
        assert stranger.execute("select from public.organizations").fetchall() == []
        refused(stranger, "TN001", "check_permission", organization_id=acme.id, permission="credits:read")
        refused(stranger, "42501", "create_organization", name="x", slug="x")
        refused(stranger, "42501", "accept_invitation", token="x")
