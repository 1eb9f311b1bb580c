"""Callers outside of the organizations of tests/sql/conftest.py."""

import pytest

from tests.conftest import Connect, Connection
from tests.support.users import sign_in, user


@pytest.fixture
def stranger(admin: Connection, connect: Connect) -> Connection:
    """A connection of a user without any role."""
    return sign_in(connect(), user(admin))


@pytest.fixture
def platform(admin: Connection, connect: Connect) -> Connection:
    """A connection of a user who is platform_admin everywhere."""
    boss = user(admin)
    admin.execute(
        "insert into public.user_roles (user_id, role_id)"
        " select %s, id from public.roles where name = 'platform_admin'",
        [boss],
    )
    return sign_in(connect(), boss)
