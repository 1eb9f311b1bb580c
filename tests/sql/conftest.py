"""Two organizations with a user in every system role, who know nothing of each other."""

import pytest

from tests.conftest import Connect, Connection
from tests.support.users import Team


@pytest.fixture
def acme(admin: Connection, connect: Connect) -> Team:
    return Team(admin, connect)


@pytest.fixture
def globex(admin: Connection, connect: Connect) -> Team:
    return Team(admin, connect)
