"""The features of a plan: free except for the names with a meaning, through every door that writes them."""

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.support.ledger import Row, call, refused


@pytest.mark.usefixtures("plan")
@pytest.mark.parametrize(
    "features",
    [
        {},
        {"sso": True, "projects": 10, "region": "eu", "models": ["small", "large"], "limits": {"a": 1}},
        {"credit_rollover": "none"},
        {"credit_rollover": "all"},
        {"credit_rollover": 0},
        {"credit_rollover": 500},
        {"credit_rollover": 2147483647},
        {"credit_interval": "monthly"},
        {"grace_days": 0},
        {"grace_days": 365},
        {"trial": {"sso": False, "projects": 1}, "past_due": {}},
    ],
    ids=str,
)
def test_what_is_fit_is_kept_as_it_is(service: Connection, features: dict[str, Any]) -> None:
    changed = call(service, "update_subscription_plan", subscription_plan="pro", features=features)
    assert changed["features"] == features


@pytest.mark.parametrize(
    "features",
    [
        [],
        "sso",
        1,
        {"credit_rollover": None},
        {"credit_rollover": "some"},
        {"credit_rollover": "5"},
        {"credit_rollover": -1},
        {"credit_rollover": 1.5},
        {"credit_rollover": 5.0},  # no integer to read
        {"credit_rollover": 2147483648},
        {"credit_rollover": True},
        {"credit_rollover": [5]},
        {"credit_interval": "annual"},
        {"credit_interval": None},
        {"credit_interval": 1},
        {"grace_days": -1},
        {"grace_days": 366},
        {"grace_days": 0.5},
        {"grace_days": 7.0},
        {"grace_days": 10**400},
        {"grace_days": "7"},
        {"grace_days": None},
        {"grace_days": [7]},
        {"trial": True},
        {"trial": None},
        {"past_due": []},
        {"trial": {"grace_days": 1}},
        {"past_due": {"sso": True, "credit_rollover": "all"}},
        {"trial": {"past_due": {}}},
    ],
    ids=str,
)
def test_what_is_not_fit_is_refused_by_every_door(service: Connection, plan: Row, features: Any) -> None:
    given = Jsonb(features)
    detail = refused(service, "TN001", "update_subscription_plan", subscription_plan="pro", features=given)
    assert detail["field"] == "features"
    refused(service, "TN001", "create_subscription_plan", name="x", price_amount=1, interval="monthly", features=given)
    for statement in (
        "update public.subscription_plans set features = %s",
        "insert into public.subscription_plans"
        " (features, name, stripe_price_id, stripe_product_id, price_amount, interval)"
        " values (%s, 'x', 'x', 'x', 1, 'monthly')",
    ):
        with pytest.raises(psycopg.Error) as raised:
            service.execute(statement.encode(), [given])
        assert raised.value.sqlstate == "TN001"
    assert call(service, "get_subscription_plan", subscription_plan="pro") == plan
