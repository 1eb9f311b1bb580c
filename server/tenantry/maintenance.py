"""The background job: settles accounts in which something is due, so that direct reads of the tables are up to date.

Calls settle an account themselves before they use it, so no result depends on this job. Several servers may run it at
the same time; each skips the accounts that another has locked.
"""

import asyncio
import logging

from tenantry.auth import SERVICE
from tenantry.database import Database, Statement, literals
from tenantry.errors import CallError

log = logging.getLogger(__name__)

ACCOUNTS_AT_ONCE = 20
"""Maximum number of accounts that one transaction settles. It limits how long an account stays locked."""

TIMEOUT = 30.0
"""Seconds that one transaction may take."""

_RUN = Statement("settle_due_accounts", "select tenantry.settle_due_accounts($1)", literals(ACCOUNTS_AT_ONCE))


async def run_forever(database: Database, interval: float) -> None:
    """Settles every due account, then waits `interval` seconds, and so on until it is cancelled."""
    while True:
        try:
            while await _run_once(database) == ACCOUNTS_AT_ONCE:
                pass
        except CallError as error:
            log.warning("maintenance failed; next attempt in %s s: %s", interval, error)
        await asyncio.sleep(interval)


async def _run_once(database: Database) -> int:
    rows = await database.call(SERVICE, _RUN, TIMEOUT)
    return int(rows[0][0])
