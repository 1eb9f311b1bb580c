"""uuid_v7: a proper version 7 UUID, in the order in which they are made."""

import time
from uuid import UUID

from tests.conftest import Connection


def test_ids_are_of_version_7_and_in_the_order_of_time(admin: Connection) -> None:
    ids: list[UUID] = []
    for _ in range(200):
        row = admin.execute("select tenantry.uuid_v7() as id").fetchone()
        assert row
        ids.append(row["id"])
    assert all(one.version == 7 and one.variant == UUID(int=1 << 63).variant for one in ids)
    assert ids == sorted(ids)
    assert len(set(ids)) == 200
    assert abs((ids[-1].int >> 80) - time.time() * 1000) < 5000
