"""SubscriptionService over a real channel: that every method's fields, times, enums and refusals come through."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from tenantry.v1 import subscriptions_pb2 as pb
from tenantry.v1.catalog_pb2 import BILLING_INTERVAL_MONTHLY, CreateSubscriptionPlanRequest, SubscriptionPlan
from tests.support.calls import invoke, organization, refused, request
from tests.support.server import Client


def send(client: Client, method: str, **fields: Any) -> Any:
    """Calls a method by its name."""
    return invoke(client.channel, method, request(method, **fields))


def denied(client: Client, method: str, **fields: Any) -> Any:
    """What the refusal of a call says."""
    return refused(send, client, method, **fields)


def plan(client: Client, **fields: Any) -> SubscriptionPlan:
    """A new plan: monthly, 100 included credits, unless told otherwise."""
    features = Struct()
    features.update(fields.pop("features", {}))
    return client.catalog.CreateSubscriptionPlan(
        CreateSubscriptionPlanRequest(
            name=f"plan-{uuid4()}",
            price_amount=1000,
            interval=BILLING_INTERVAL_MONTHLY,
            features=features,
            **{"included_credits": 100} | fields,
        )
    ).subscription_plan


def at(when: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(when)
    return stamp


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


@pytest.mark.parametrize(
    ("method", "fields", "reason", "field"),
    [
        ("CreateSubscription", {}, "INVALID_ARGUMENT", "organization_id"),
        ("CreateSubscription", {"organization_id": "x"}, "INVALID_ARGUMENT", "organization_id"),
        ("CreateSubscription", {"organization_id": "ACME"}, "INVALID_ARGUMENT", "subscription_plan"),
        ("CreateSubscription", {"organization_id": "ACME", "subscription_plan": "none"}, "NOT_FOUND", None),
        ("CreateSubscription", {"organization_id": "ACME", "subscription_plan": "OLD"}, "PLAN_INACTIVE", None),
        ("CreateSubscription", {"organization_id": str(uuid4()), "subscription_plan": "PLAN"}, "NOT_FOUND", None),
        (
            "CreateSubscription",
            {
                "organization_id": "ACME",
                "subscription_plan": "PLAN",
                "current_period_start": at(datetime.now(UTC) + timedelta(days=1)),
            },
            "INVALID_ARGUMENT",
            "current_period_start",
        ),
        (
            "CreateSubscription",
            {"organization_id": "ACME", "subscription_plan": "PLAN", "current_period_start": at(datetime(2020, 1, 1))},
            "INVALID_ARGUMENT",
            "current_period_start",
        ),
        ("StartTrial", {"organization_id": "ACME", "subscription_plan": "PLAN"}, "NO_TRIAL", None),
        ("GetSubscription", {}, "INVALID_ARGUMENT", "subscription_id"),
        ("GetSubscription", {"subscription_id": str(uuid4())}, "NOT_FOUND", None),
        ("GetSubscription", {"organization_id": "ACME"}, "NOT_FOUND", None),
        ("ListSubscriptions", {"subscription_plan": "none"}, "NOT_FOUND", None),
        ("ListSubscriptions", {"page_token": "x"}, "INVALID_PAGE_TOKEN", "page_token"),
        ("UpdateSubscription", {"subscription_id": str(uuid4())}, "INVALID_ARGUMENT", "update_mask"),
        ("CancelSubscription", {}, "INVALID_ARGUMENT", "subscription_id"),
        ("CancelSubscription", {"subscription_id": str(uuid4())}, "NOT_FOUND", None),
        ("ResumeSubscription", {"subscription_id": str(uuid4())}, "NOT_FOUND", None),
        ("ChangePlan", {"subscription_id": str(uuid4()), "subscription_plan": "PLAN"}, "NOT_FOUND", None),
        ("GetEntitlements", {}, "INVALID_ARGUMENT", "organization_id"),
        ("GetEntitlements", {"organization_id": str(uuid4())}, "NOT_FOUND", None),
        ("CheckFeature", {"organization_id": "ACME"}, "INVALID_ARGUMENT", "feature"),
        ("CheckFeature", {"organization_id": "ACME", "feature": "a", "used": -1}, "INVALID_ARGUMENT", "used"),
    ],
)
def test_what_is_not_acceptable_is_said(
    client: Client, method: str, fields: dict[str, Any], reason: str, field: str | None
) -> None:
    acme, basic = organization(client).id, plan(client)
    old = plan(client)
    send(client, "ArchiveSubscriptionPlan", subscription_plan=old.id)
    named = {"ACME": acme, "PLAN": basic.name, "OLD": old.name}
    said = denied(client, method, **{k: named.get(v, v) if isinstance(v, str) else v for k, v in fields.items()})
    assert said.reason == reason
    assert said.fields == ([field] if field else [])
    assert "select" not in said.message.lower()
    assert not send(client, "ListSubscriptions", organization_id=acme).subscriptions


def test_a_forbidden_change_names_both_states(client: Client) -> None:
    acme = organization(client).id
    made = send(client, "CreateSubscription", organization_id=acme, subscription_plan=plan(client).name).subscription
    said = denied(client, "UpdateSubscription", subscription_id=made.id, status=pb.SUBSCRIPTION_STATUS_TRIAL)
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SUBSCRIPTION_TRANSITION")
    assert (said.metadata["from"], said.metadata["to"]) == ("active", "trial")
    again = denied(client, "CreateSubscription", organization_id=acme, subscription_plan=plan(client).name)
    assert (again.reason, again.metadata["subscription_id"]) == ("SUBSCRIPTION_EXISTS", made.id)
