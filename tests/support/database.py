"""The server's Database, for tests that need no server."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenantry.database import Database

T = TypeVar("T")


def using(conninfo: str, job: Callable[[Database], Awaitable[T]]) -> T:
    """The result of a job with a Database on this PostgreSQL."""

    async def run() -> T:
        database = Database(conninfo, 2, 5)
        await database.open()
        try:
            return await job(database)
        finally:
            await database.close()

    return asyncio.run(run())
