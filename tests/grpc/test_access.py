"""Access over gRPC: users with their own tokens, from the invitation to the refusal."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration

from tenantry.auth import mint
from tenantry.v1 import access_pb2 as access
from tenantry.v1.catalog_pb2 import CreateCreditEventRequest
from tenantry.v1.credits_pb2 import ConsumeCreditsRequest, GetCreditBalanceRequest, GrantCreditsRequest
from tenantry.v1.organizations_pb2 import (
    CreateOrganizationRequest,
    DeleteOrganizationRequest,
    GetOrganizationRequest,
    ListOrganizationsRequest,
    Organization,
    UpdateOrganizationRequest,
)
from tests.support import server
from tests.support.calls import organization, refused
from tests.support.postgres import Cluster
from tests.support.server import SECRET, Client

PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
DENIED = grpc.StatusCode.PERMISSION_DENIED

SignUp = Callable[[], tuple[str, Client]]


@pytest.fixture
def sign_up(cluster: Cluster, serving: server.Process) -> Iterator[SignUp]:
    """Makes accounts; returns the id of each and a client with its token."""
    with psycopg.connect(cluster.conninfo("serving"), autocommit=True) as admin, ExitStack() as clients:

        def sign_up() -> tuple[str, Client]:
            user_id = str(uuid4())
            admin.execute("insert into auth.users (id, email) values (%s, %s)", [user_id, f"{user_id}@example.com"])
            token = mint(SECRET, "authenticated", user_id)
            return user_id, clients.enter_context(server.client(serving.address, token))

        yield sign_up


def found(founder: Client) -> Organization:
    """A new organization of that user."""
    name = f"org-{uuid4()}"
    return founder.organizations.CreateOrganization(CreateOrganizationRequest(name=name, slug=name)).organization


def join(owner: Client, guest: Client, acme: Organization, role: str) -> access.UserRole:
    """Invites and accepts."""
    invited = owner.access.InviteMember(
        access.InviteMemberRequest(organization_id=acme.id, email="guest@example.com", role=role)
    )
    return guest.access.AcceptInvitation(access.AcceptInvitationRequest(token=invited.token)).user_role


def may(client: Client, permission: str, organization_id: str = "") -> bool:
    asked = access.CheckPermissionRequest(organization_id=organization_id, permission=permission)
    return client.access.CheckPermission(asked).allowed


def test_a_founder_invites_a_member_who_then_spends_and_no_more(client: Client, sign_up: SignUp) -> None:
    owner_id, owner = sign_up()
    guest_id, guest = sign_up()
    acme = found(owner)
    assert may(owner, "organizations:delete", acme.id)
    assert refused(guest.organizations.GetOrganization, GetOrganizationRequest(organization_id=acme.id)).code == (
        grpc.StatusCode.NOT_FOUND
    )
    placed = join(owner, guest, acme, "member")
    assert (placed.user_id, placed.organization_id) == (guest_id, acme.id)
    listed = guest.organizations.ListOrganizations(ListOrganizationsRequest()).organizations
    assert [row.id for row in listed] == [acme.id]
    members = guest.access.ListMembers(access.ListMembersRequest(organization_id=acme.id)).members
    assert {member.user_id: list(member.roles) for member in members} == {owner_id: ["owner"], guest_id: ["member"]}
    assert {member.email for member in members} == {f"{owner_id}@example.com", f"{guest_id}@example.com"}
    assert guest.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=acme.id)).balance == 0
    poor = refused(guest.credits.ConsumeCredits, ConsumeCreditsRequest(organization_id=acme.id, amount=1))
    assert poor.reason == "INSUFFICIENT_CREDITS"
    said = refused(
        guest.organizations.UpdateOrganization, UpdateOrganizationRequest(organization_id=acme.id, name="Mine")
    )
    assert (said.code, said.reason) == (DENIED, "PERMISSION_DENIED")
    assert said.metadata["permission"] == "organizations:update"
    assert said.metadata["organization_id"] == acme.id
    assert client.access.ListRoleAssignments(access.ListRoleAssignmentsRequest(user_id=guest_id)).user_roles == [placed]


def test_a_change_of_roles_counts_at_the_next_call_with_the_same_token(sign_up: SignUp) -> None:
    _, owner = sign_up()
    _, guest = sign_up()
    acme = found(owner)
    placed = join(owner, guest, acme, "viewer")
    assert not may(guest, "credits:consume", acme.id)
    owner.access.UpdateRoleAssignment(access.UpdateRoleAssignmentRequest(user_role_id=placed.id, role="member"))
    assert may(guest, "credits:consume", acme.id)
    owner.access.RemoveRoleAssignment(access.RemoveRoleAssignmentRequest(user_role_id=placed.id))
    assert not may(guest, "credits:consume", acme.id)
    assert not guest.organizations.ListOrganizations(ListOrganizationsRequest()).organizations


def test_own_roles_and_permissions_from_end_to_end(client: Client, sign_up: SignUp) -> None:
    _, owner = sign_up()
    guest_id, guest = sign_up()
    acme = found(owner)
    resource = f"r{uuid4().hex}"
    name = f"{resource}:read"
    made = client.access.CreatePermission(
        access.CreatePermissionRequest(name=name, resource=resource, action="read", description="Reports")
    ).permission
    assert client.access.GetPermission(access.GetPermissionRequest(permission=made.id)).permission == made
    role = owner.access.CreateRole(access.CreateRoleRequest(name="editor", organization_id=acme.id)).role
    assert (role.organization_id, role.display_name, role.is_system_role) == (acme.id, "editor", False)
    denied = refused(owner.access.AddRolePermission, access.AddRolePermissionRequest(role=role.id, permission=name))
    assert denied.metadata["permission"] == name
    client.access.AddRolePermission(access.AddRolePermissionRequest(role=role.id, permission=name))
    held = owner.access.ListRolePermissions(access.ListRolePermissionsRequest(role=role.id)).permissions
    assert [permission.name for permission in held] == [name]
    client.access.AssignRole(access.AssignRoleRequest(user_id=guest_id, role="editor", organization_id=acme.id))
    assert may(guest, name, acme.id)
    roles = client.access.ListUserRoles(access.ListUserRolesRequest(user_id=guest_id)).roles
    assert [row.display_name for row in roles] == ["editor"]
    explained = guest.access.ExplainPermission(
        access.ExplainPermissionRequest(organization_id=acme.id, permission=name)
    )
    assert explained.allowed
    assert [(path.role, path.permission, path.organization_id) for path in explained.paths] == [
        ("editor", name, acme.id)
    ]
    holders = owner.access.ListUsersWithPermission(
        access.ListUsersWithPermissionRequest(organization_id=acme.id, permission=name)
    )
    assert list(holders.user_ids) == [guest_id]
    client.access.RemoveRolePermission(access.RemoveRolePermissionRequest(role=role.id, permission=name))
    assert not may(guest, name, acme.id)
    renamed = owner.access.UpdateRole(access.UpdateRoleRequest(role=role.id, name="writer")).role
    assert renamed.display_name == "writer"
    owner.access.DeleteRole(access.DeleteRoleRequest(role=role.id))
    assert refused(owner.access.GetRole, access.GetRoleRequest(role=role.id)).code == grpc.StatusCode.NOT_FOUND
    client.access.UpdatePermission(access.UpdatePermissionRequest(permission=name, description="None"))
    client.access.DeletePermission(access.DeletePermissionRequest(permission=name))


def test_many_questions_are_answered_in_order(sign_up: SignUp) -> None:
    _, owner = sign_up()
    acme, globex = found(owner), found(sign_up()[1])
    answers = owner.access.BatchCheckPermissions(
        access.BatchCheckPermissionsRequest(
            organization_ids=[acme.id, globex.id], permissions=["credits:consume", "credits:grant"]
        )
    ).answers
    assert [(a.organization_id, a.permission, a.allowed) for a in answers] == [
        (acme.id, "credits:consume", True),
        (acme.id, "credits:grant", False),
        (globex.id, "credits:consume", False),
        (globex.id, "credits:grant", False),
    ]


def test_a_system_role_stays_as_it_is(client: Client) -> None:
    for call, request in (
        (client.access.DeleteRole, access.DeleteRoleRequest(role="viewer")),
        (client.access.UpdateRole, access.UpdateRoleRequest(role="viewer", name="mine")),
        (client.access.AddRolePermission, access.AddRolePermissionRequest(role="viewer", permission="*:*")),
        (client.access.DeletePermission, access.DeletePermissionRequest(permission="credits:read")),
    ):
        said = refused(call, request)
        assert (said.code, said.reason) == (PRECONDITION, "SYSTEM_ROLE")


def test_the_last_owner_stays_and_may_transfer(sign_up: SignUp) -> None:
    owner_id, owner = sign_up()
    guest_id, guest = sign_up()
    acme = found(owner)
    join(owner, guest, acme, "viewer")
    (mine,) = owner.access.ListRoleAssignments(
        access.ListRoleAssignmentsRequest(user_id=owner_id, organization_id=acme.id)
    ).user_roles
    said = refused(owner.access.RemoveRoleAssignment, access.RemoveRoleAssignmentRequest(user_role_id=mine.id))
    assert (said.code, said.reason) == (PRECONDITION, "LAST_OWNER")
    assert said.metadata["user_id"] == owner_id
    assert "transfer" in said.metadata["remedy"]
    made = owner.access.TransferOwnership(
        access.TransferOwnershipRequest(organization_id=acme.id, user_id=guest_id)
    ).user_role
    assert guest.access.GetRoleAssignment(access.GetRoleAssignmentRequest(user_role_id=made.id)).user_role == made
    assert not may(owner, "organizations:delete", acme.id)
    guest.organizations.DeleteOrganization(DeleteOrganizationRequest(organization_id=acme.id))


def test_no_member_comes_in_without_a_seat(cluster: Cluster, sign_up: SignUp) -> None:
    _, owner = sign_up()
    _, guest = sign_up()
    acme = found(owner)
    with psycopg.connect(cluster.conninfo("serving"), autocommit=True) as admin:
        admin.execute(
            """
            with plan as (
                insert into public.subscription_plans
                    (name, stripe_price_id, stripe_product_id, price_amount, interval, max_users)
                values (%(name)s, %(name)s, 'product', 1, 'monthly', 1)
                returning id
            )
            insert into public.organization_subscriptions
                (organization_id, subscription_plan_id, stripe_customer_id, status)
            select %(id)s, id, 'customer', 'active' from plan
            """,
            {"name": f"plan-{uuid4()}", "id": acme.id},
        )
    said = refused(join, owner, guest, acme, "viewer")
    assert (said.code, said.reason) == (PRECONDITION, "NO_SEAT_LEFT")
    assert (said.metadata["seats"], said.metadata["taken"]) == ("1", "1")


def test_an_invitation_is_good_once_and_can_be_taken_back(sign_up: SignUp) -> None:
    owner_id, owner = sign_up()
    _, guest = sign_up()
    acme = found(owner)
    asked = access.InviteMemberRequest(
        organization_id=acme.id, email="Guest@Example.com", role="viewer", time_to_live=Duration(seconds=3600)
    )
    first, second = owner.access.InviteMember(asked), owner.access.InviteMember(asked)
    invitation = first.invitation
    assert (invitation.email, invitation.invited_by, invitation.state) == (
        "guest@example.com",
        owner_id,
        access.INVITATION_STATE_PENDING,
    )
    assert invitation.expires_at.seconds - invitation.created_at.seconds == 3600
    guest.access.AcceptInvitation(access.AcceptInvitationRequest(token=first.token))
    owner.access.RevokeInvitation(
        access.RevokeInvitationRequest(organization_id=acme.id, invitation_id=second.invitation.id)
    )
    for token, state in ((first.token, "accepted"), (second.token, "revoked")):
        said = refused(guest.access.AcceptInvitation, access.AcceptInvitationRequest(token=token))
        assert (said.code, said.reason) == (PRECONDITION, "INVITATION_NOT_PENDING")
        assert said.metadata["state"] == state
    listed = owner.access.ListInvitations(access.ListInvitationsRequest(organization_id=acme.id)).invitations
    assert {row.id: row.state for row in listed} == {
        first.invitation.id: access.INVITATION_STATE_ACCEPTED,
        second.invitation.id: access.INVITATION_STATE_REVOKED,
    }


def test_nobody_hands_on_what_they_lack(sign_up: SignUp) -> None:
    _, owner = sign_up()
    admin_id, admin = sign_up()
    acme = found(owner)
    join(owner, admin, acme, "admin")
    for organization_id in (acme.id, ""):
        asked = access.AssignRoleRequest(user_id=admin_id, role="owner", organization_id=organization_id)
        said = refused(admin.access.AssignRole, asked)
        assert (said.code, said.reason) == (DENIED, "PERMISSION_DENIED")
    taken = access.AssignRoleRequest(user_id=admin_id, role="admin", organization_id=acme.id)
    assert refused(admin.access.AssignRole, taken).code == grpc.StatusCode.ALREADY_EXISTS


def test_listings_come_in_pages(client: Client, sign_up: SignUp) -> None:
    _, owner = sign_up()
    acme = found(owner)
    for _ in range(4):
        join(owner, sign_up()[1], acme, "viewer")
    users: list[str] = []
    token = ""
    while True:
        members = owner.access.ListMembers(
            access.ListMembersRequest(organization_id=acme.id, page_size=2, page_token=token)
        )
        users += [member.user_id for member in members.members]
        token = members.next_page_token
        if not token:
            break
    assert len(users) == len(set(users)) == 5
    names: list[str] = []
    first = ""
    while True:
        permissions = client.access.ListPermissions(access.ListPermissionsRequest(page_size=7, page_token=token))
        names += [permission.name for permission in permissions.permissions]
        token = permissions.next_page_token
        first = first or token
        if not token:
            break
    assert names == sorted(set(names))
    assert {"*:*", "credits:consume"} < set(names)
    foreign = access.ListRolesRequest(page_token=first)
    assert refused(client.access.ListRoles, foreign).reason == "INVALID_PAGE_TOKEN"
    roles = owner.access.ListRoles(access.ListRolesRequest(organization_id=acme.id)).roles
    assert {"owner", "admin", "billing", "member", "viewer", "platform_admin"} <= {role.name for role in roles}


def test_the_audit_log_tells_who_did_what_over_grpc(client: Client, sign_up: SignUp) -> None:
    owner_id, owner = sign_up()
    acme = found(owner)
    client.organizations.UpdateOrganization(UpdateOrganizationRequest(organization_id=acme.id, website="http://a.b"))
    entries = owner.access.ListAuditEvents(access.ListAuditEventsRequest(organization_id=acme.id)).audit_events
    assert [(e.resource, e.action, e.door, e.actor_role, e.actor_id) for e in entries] == [
        ("organizations", "update", "grpc", "service_role", ""),
        ("user_roles", "insert", "grpc", "authenticated", owner_id),
        ("organizations", "insert", "grpc", "authenticated", owner_id),
    ]
    changed = entries[0]
    assert (changed.old["website"], changed.new["website"]) == (None, "http://a.b")
    assert "credit_balance" not in changed.new
    assert not entries[1].HasField("old")
    assert entries[2].resource_id == acme.id
    page = owner.access.ListAuditEvents(access.ListAuditEventsRequest(organization_id=acme.id, page_size=2))
    rest = owner.access.ListAuditEvents(
        access.ListAuditEventsRequest(organization_id=acme.id, page_size=2, page_token=page.next_page_token)
    )
    assert [*page.audit_events, *rest.audit_events] == list(entries)
    _, stranger = sign_up()
    said = refused(stranger.access.ListAuditEvents, access.ListAuditEventsRequest(organization_id=acme.id))
    assert said.metadata["permission"] == "audit:read"


def test_a_user_who_is_platform_admin_everywhere_acts_as_one(client: Client, sign_up: SignUp) -> None:
    boss_id, boss = sign_up()
    acme = organization(client, 10)
    client.access.AssignRole(access.AssignRoleRequest(user_id=boss_id, role="platform_admin"))
    assert may(boss, "anything:at_all", acme.id)
    assert may(boss, "anything:at_all")
    assert boss.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=acme.id)).balance == 10
    event = CreateCreditEventRequest(name=f"event-{uuid4()}", credit_cost=1, category="compute")
    assert boss.catalog.CreateCreditEvent(event).credit_event.credit_cost == 1


def test_the_organizations_of_a_user(sign_up: SignUp) -> None:
    _, owner = sign_up()
    guest_id, guest = sign_up()
    acme, globex = found(owner), found(guest)
    join(owner, guest, acme, "viewer")
    mine = guest.access.ListUserOrganizations(access.ListUserOrganizationsRequest()).organizations
    assert {row.id for row in mine} == {acme.id, globex.id}
    seen = owner.access.ListUserOrganizations(access.ListUserOrganizationsRequest(user_id=guest_id)).organizations
    assert [row.id for row in seen] == [acme.id]


def test_many_reads_at_once_are_answered_each_with_what_its_caller_may_see(client: Client, sign_up: SignUp) -> None:
    """The calls come as fast as one connection takes them, and gather."""
    people = [sign_up()[1] for _ in range(3)]
    accounts = [found(person).id for person in people]
    for number, account in enumerate(accounts, 1):
        client.credits.GrantCredits(GrantCreditsRequest(organization_id=account, amount=number))

    def balance(person: int, account: int) -> Any:
        request = GetCreditBalanceRequest(organization_id=accounts[account])
        return people[person].credits.GetCreditBalance.future(request, timeout=20)

    asked = [(number % 3, number // 3 % 3) for number in range(270)]
    for (person, other), call in [(pair, balance(*pair)) for pair in asked]:
        if person == other:
            assert call.result().balance == other + 1
        else:
            assert call.exception().code() in (DENIED, grpc.StatusCode.NOT_FOUND)
