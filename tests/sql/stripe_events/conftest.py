"""One connection and one customer for the tests of events from Stripe."""

import pytest

from tests.conftest import Connection
from tests.support.ledger import move_clock, organization
from tests.support.stripe import catalog
from tests.support.stripe_payloads import CURRENT
from tests.support.stripe_stories import Story


@pytest.fixture
def admin(scratch: Connection) -> Connection:
    """One connection for all tests, which has the functions planned by now."""
    return scratch


@pytest.fixture
def story(admin: Connection) -> Story:
    """A customer of a new organization, before the first event."""
    story = Story(CURRENT, organization(admin), catalog(admin))
    move_clock(admin, story.end)
    return story
