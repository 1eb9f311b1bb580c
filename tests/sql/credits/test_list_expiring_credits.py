"""list_expiring_credits: its order; its callers, and the input that it refuses."""

from datetime import timedelta
from typing import Any

from tests.conftest import Connection
from tests.support.ledger import call, consume, freeze, grant, move_clock, organization
from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "organization_id => {first}, expires_before => 'infinity'",
    first="viewer member billing admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(NOT_FOUND, organization_id=NOBODY),
]


DAY = timedelta(days=1)


def test_expiring_credits_are_listed_soonest_first(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 5), freeze(admin)
    for days in (3, 1, 2):
        grant(service, acme, days, expires_at=now + days * DAY)

    def expiring(**arguments: Any) -> list[int]:
        found = call(service, "list_expiring_credits", organization_id=acme, **arguments)["lots"]
        return [lot["remaining"] for lot in found]

    assert expiring() == [1, 2, 3]
    assert expiring(expires_before=now + 3 * DAY) == [1, 2]
    first = call(service, "list_expiring_credits", organization_id=acme, page_size=2)
    assert expiring(page_size=2, page_token=first["next_page_token"]) == [3]
    consume(service, acme, 2)
    assert expiring() == [1, 3]
    move_clock(admin, "+2 days")
    assert expiring() == [3]
