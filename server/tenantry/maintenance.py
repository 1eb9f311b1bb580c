"""The background job. It settles accounts in which something is due, so that direct reads of the tables are up to date.
It also deletes rows that are older than the settings keep_… allow.

Calls settle an account themselves before they use it, so no result depends on this job. Several servers may run it at
the same time; each skips the rows that another has locked.
"""

import asyncio
import logging

from tenantry.auth import SERVICE
from tenantry.database import Database, Statement, parameters
from tenantry.errors import CallError

log = logging.getLogger(__name__)

ACCOUNTS_AT_ONCE = 20
"""Maximum number of accounts that one transaction settles. It limits how long an account stays locked."""

ROWS_AT_ONCE = 1000
"""Maximum number of outdated rows of one table that one transaction deletes."""

TIMEOUT = 30.0
"""Seconds that one transaction may take."""

_SETTLE = Statement("settle_due_accounts", "select tenantry.settle_due_accounts($1)", parameters(ACCOUNTS_AT_ONCE))
_DELETE = Statement("delete_outdated_rows", "select tenantry.delete_outdated_rows($1)", parameters(ROWS_AT_ONCE))


async def run_forever(database: Database, interval: float) -> None:
    """Settles every due account, deletes outdated rows, waits `interval` seconds, and so on until it is cancelled."""
    while True:
        try:
            while await _run(database, _SETTLE) == ACCOUNTS_AT_ONCE:
                pass
            while await _run(database, _DELETE) >= ROWS_AT_ONCE:
                pass
        except CallError as error:
            log.warning("maintenance failed; next attempt in %s s: %s", interval, error)
        await asyncio.sleep(interval)


async def _run(database: Database, statement: Statement) -> int:
    rows = await database.call(SERVICE, statement, TIMEOUT)
    return int(rows[0][0])
