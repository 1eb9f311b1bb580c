"""Events that are not about this account at Stripe in its mode: they are kept, and have no effect."""

import pytest

from tests.conftest import Connection
from tests.support.ledger import call
from tests.support.stripe import bills, credits, deliver
from tests.support.stripe_payloads import Object
from tests.support.stripe_stories import Story, checkout, credit_purchase


def effects(admin: Connection) -> int:
    """Rows that any event can lead to."""
    row = admin.execute(
        "select (select count(*) from tenantry.stripe_objects) + (select count(*) from tenantry.stripe_customers)"
        " + (select count(*) from public.organization_subscriptions) as rows"
    ).fetchone()
    assert row
    rows: int = row["rows"]
    return rows


@pytest.mark.parametrize("life", [credit_purchase, checkout])
def test_a_connected_account_brings_nothing(admin: Connection, story: Story, life: object) -> None:
    """Its owner can make any payment there, with any metadata."""
    (credit_purchase if life is credit_purchase else checkout)(story)
    theirs: Object = {"account": "acct_other"}
    for _ in range(2):
        for event in story.events:
            told = deliver(admin, event | theirs | {"id": f"{event['id']}_theirs"})
            assert (told["state"], told["error_message"]) == (
                "ignored",
                "it is of the connected account acct_other",
            )
    assert effects(admin) == 0
    assert (credits(admin, story.organization_id), bills(admin, story.organization_id)) == (0, [])
    assert call(admin, "retry_stripe_events") == {"processed": 0, "stuck": 0}
    # The catalog of a connected account is not ours either.
    for event in story.events:
        assert deliver(admin, event)["state"] == "processed"
    assert credits(admin, story.organization_id) > 0


@pytest.mark.parametrize(
    ("setting", "livemode", "counts"),
    [(-1, True, True), (-1, False, True), (0, True, False), (0, False, True), (1, True, True), (1, False, False)],
)
def test_the_setting_names_the_mode(
    admin: Connection, story: Story, setting: int, livemode: bool, counts: bool
) -> None:
    admin.execute("update tenantry.settings set value = %s where name = 'stripe_livemode'", [setting])
    credit_purchase(story)
    told = [deliver(admin, event | {"livemode": livemode}) for event in story.events]
    assert {row["state"] for row in told} == {"processed" if counts else "ignored"}
    reason = None if counts else f"it is of {'live' if livemode else 'test'} mode"
    assert {row["error_message"] for row in told} == {reason}
    assert credits(admin, story.organization_id) == (400 if counts else 0)
    if not counts:
        assert effects(admin) == 0
        # Somebody corrects the setting, and sends the events again from the dashboard.
        admin.execute("update tenantry.settings set value = -1 where name = 'stripe_livemode'")
        for event in story.events:
            assert deliver(admin, event | {"livemode": livemode})["error_message"] is None
        assert credits(admin, story.organization_id) == 400


def test_an_event_without_a_mode_is_of_test_mode(admin: Connection, story: Story) -> None:
    admin.execute("update tenantry.settings set value = 1 where name = 'stripe_livemode'")
    credit_purchase(story)
    event = {name: value for name, value in story.events[0].items() if name != "livemode"}
    assert deliver(admin, event)["state"] == "ignored"
