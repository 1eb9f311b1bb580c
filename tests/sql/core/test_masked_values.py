"""masked_values: which fields an update sets, by its field mask (AIP-134)."""

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection

VALUES = {"name": "Acme", "website": None, "metadata": {"a": None}, "is_active": False}


def masked(admin: Connection, mask: list[str | None] | None, values: dict[str, Any] = VALUES) -> dict[str, Any]:
    row = admin.execute("select tenantry.masked_values(%s, %s) as changes", [mask, Jsonb(values)]).fetchone()
    assert row
    changes: dict[str, Any] = row["changes"]
    return changes


@pytest.mark.parametrize("mask", [None, []])
def test_without_a_mask_the_fields_that_have_a_value_are_set(admin: Connection, mask: list[str | None] | None) -> None:
    assert masked(admin, mask) == {"name": "Acme", "metadata": {"a": None}, "is_active": False}


def test_a_mask_sets_the_fields_that_it_names_and_clears_those_without_a_value(admin: Connection) -> None:
    assert masked(admin, ["website", "is_active"]) == {"website": None, "is_active": False}
    assert masked(admin, ["name", "name"]) == {"name": "Acme"}


def test_the_mask_of_a_star_sets_every_field(admin: Connection) -> None:
    assert masked(admin, ["*"]) == VALUES


@pytest.mark.parametrize(
    ("mask", "values"),
    [(["id"], VALUES), (["name", "*"], VALUES), ([None], VALUES), ([""], VALUES), (None, {"a": None})],
)
def test_an_unknown_field_and_an_update_of_nothing_are_refused(
    admin: Connection, mask: list[str | None] | None, values: dict[str, Any]
) -> None:
    with pytest.raises(psycopg.Error) as refused:
        masked(admin, mask, values)
    assert refused.value.sqlstate == "TN001"
    assert "update_mask" in str(refused.value.diag.message_primary)


def test_types_and_nulls_survive_when_the_changes_are_laid_over_a_row(admin: Connection) -> None:
    row = admin.execute(
        """
        select
            to_jsonb(old) as old_row,
            to_jsonb(new) as new_row,
            (new).features is null as cleared
        from jsonb_populate_record(null::public.subscription_plans, '{
            "id": "0190a3c2-7d5e-7a31-9f40-5b1c2d3e4f50", "price_amount": 5, "currency": "USD", "features": {"a": null},
            "created_at": "2026-01-31 12:00:00.123456+00"
        }') as old
        cross join jsonb_populate_record(old, tenantry.masked_values(array['currency', 'features'], '{
            "currency": "EUR", "features": null, "price_amount": 7
        }')) as new
        """
    ).fetchone()
    assert row
    assert row["new_row"] == row["old_row"] | {"currency": "EUR", "features": None}
    assert row["cleared"]
