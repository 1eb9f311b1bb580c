"""SubscriptionService over a real channel: every method passes its fields, times, enums and refusals."""

from datetime import timedelta
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from tenantry.v1 import subscriptions_pb2 as pb
from tenantry.v1.catalog_pb2 import SubscriptionPlan
from tests.support.calls import invoke, organization, refused, request, subscription_plan
from tests.support.server import Client


def send(client: Client, method: str, **fields: Any) -> Any:
    """Calls a method by its name."""
    return invoke(client.channel, method, request(method, **fields))


def denied(client: Client, method: str, **fields: Any) -> Any:
    """Returns the error of a refused call."""
    return refused(send, client, method, **fields)


def plan(client: Client, features: dict[str, Any] | None = None, **fields: Any) -> SubscriptionPlan:
    """Creates a plan with 100 included credits, unless the fields give others."""
    struct = Struct()
    struct.update(features or {})
    return subscription_plan(client, **{"included_credits": 100, "features": struct} | fields)


def test_the_life_of_a_subscription(client: Client) -> None:
    acme, small, large = organization(client).id, plan(client), plan(client, included_credits=400)
    metadata = Struct()
    metadata.update({"deal": "first"})
    made = send(
        client, "CreateSubscription", organization_id=acme, subscription_plan=small.name, metadata=metadata
    ).subscription
    assert (made.status, made.subscription_plan_id) == (pb.SUBSCRIPTION_STATUS_ACTIVE, small.id)
    assert made.current_period_end.seconds > made.current_period_start.seconds
    assert made.stripe_customer_id == f"local:{acme}"
    assert not made.HasField("stripe_subscription_id")
    assert MessageToDict(made.metadata) == {"deal": "first"}
    assert send(client, "GetCreditBalance", organization_id=acme).granted == 100

    for key in ({"subscription_id": made.id}, {"organization_id": acme}):
        assert send(client, "GetSubscription", **key).subscription == made
    listed = send(client, "ListSubscriptions", subscription_plan=small.id, status=pb.SUBSCRIPTION_STATUS_ACTIVE)
    assert list(listed.subscriptions) == [made]
    assert not send(client, "ListSubscriptions", period_ends_before=made.current_period_end).subscriptions

    later = send(
        client, "ChangePlan", subscription_id=made.id, subscription_plan=large.name, at_renewal=True
    ).subscription
    assert later.pending_plan_id == large.id
    changed = send(client, "ChangePlan", subscription_id=made.id, subscription_plan=large.name).subscription
    assert (changed.subscription_plan_id, changed.HasField("pending_plan_id")) == (large.id, False)
    assert send(client, "GetCreditBalance", organization_id=acme).granted == 400

    cancelled = send(client, "CancelSubscription", subscription_id=made.id).subscription
    assert cancelled.cancel_at_period_end
    assert cancelled.HasField("cancelled_at")
    resumed = send(client, "ResumeSubscription", subscription_id=made.id).subscription
    assert not resumed.cancel_at_period_end
    late = send(
        client, "UpdateSubscription", subscription_id=made.id, status=pb.SUBSCRIPTION_STATUS_PAST_DUE
    ).subscription
    assert (late.status, late.HasField("past_due_at")) == (pb.SUBSCRIPTION_STATUS_PAST_DUE, True)
    ended = send(client, "CancelSubscription", subscription_id=made.id, immediately=True).subscription
    assert (ended.status, ended.HasField("ended_at")) == (pb.SUBSCRIPTION_STATUS_CANCELLED, True)


def test_a_trial_and_what_it_entitles_to(client: Client) -> None:
    acme = organization(client).id
    tried = plan(
        client,
        trial_period_days=14,
        max_users=3,
        features={"exports": True, "projects": 10, "trial": {"projects": 2}},
    )
    assert not send(client, "GetEntitlements", organization_id=acme).entitlements.HasField("subscription_id")
    trial = send(client, "StartTrial", organization_id=acme, subscription_plan=tried.id).subscription
    assert trial.status == pb.SUBSCRIPTION_STATUS_TRIAL
    assert trial.trial_end.seconds - trial.trial_start.seconds == timedelta(days=14).total_seconds()
    got = send(client, "GetEntitlements", organization_id=acme).entitlements
    assert (got.plan_name, got.status, got.max_users) == (tried.name, pb.SUBSCRIPTION_STATUS_TRIAL, 3)
    assert MessageToDict(got.features) == {"exports": True, "projects": 2}
    assert got.valid_until == trial.trial_end
    left = send(client, "CheckFeature", organization_id=acme, feature="projects", used=1)
    assert (left.allowed, left.is_limited, left.feature_limit, left.remaining) == (True, True, 2, 1)
    free = send(client, "CheckFeature", organization_id=acme, feature="exports")
    assert (free.allowed, free.is_limited, free.HasField("remaining")) == (True, False, False)


def test_pages_of_subscriptions(client: Client) -> None:
    basic = plan(client)
    made = [
        send(
            client, "CreateSubscription", organization_id=organization(client).id, subscription_plan=basic.name
        ).subscription.id
        for _ in range(5)
    ]
    seen, token = [], ""
    while True:
        page = send(client, "ListSubscriptions", subscription_plan=basic.name, page_size=2, page_token=token)
        seen += [subscription.id for subscription in page.subscriptions]
        token = page.next_page_token
        if not token:
            break
    assert seen == made


def test_a_forbidden_change_names_both_states(client: Client) -> None:
    acme = organization(client).id
    made = send(client, "CreateSubscription", organization_id=acme, subscription_plan=plan(client).name).subscription
    said = denied(client, "UpdateSubscription", subscription_id=made.id, status=pb.SUBSCRIPTION_STATUS_TRIAL)
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SUBSCRIPTION_TRANSITION")
    assert (said.metadata["from"], said.metadata["to"]) == ("active", "trial")
    again = denied(client, "CreateSubscription", organization_id=acme, subscription_plan=plan(client).name)
    assert (again.reason, again.metadata["subscription_id"]) == ("SUBSCRIPTION_EXISTS", made.id)
