"""The background job: settles accounts in which something has fallen due, so that raw reads of the tables are fresh.

Nothing depends on it for being right. Several servers may run it at once; each passes over what another has locked.
"""

import asyncio
import logging

from tenantry.auth import SERVICE
from tenantry.database import Database, Statement
from tenantry.errors import CallError

log = logging.getLogger(__name__)

ACCOUNTS_AT_ONCE = 20
"""Accounts that one transaction settles at most, so that none is locked for long."""

TIMEOUT = 30.0
"""Seconds that one transaction may take."""

_RUN = Statement("settle_due_accounts", "select tenantry.settle_due_accounts($1)", [str(ACCOUNTS_AT_ONCE)])


async def run_forever(database: Database, interval: float) -> None:
    """Does what is due, every `interval` seconds, until it is cancelled."""
    while True:
        try:
            while await _run_once(database) == ACCOUNTS_AT_ONCE:
                pass
        except CallError as error:
            log.warning("maintenance failed, to be tried again in %s s: %s", interval, error)
        await asyncio.sleep(interval)


async def _run_once(database: Database) -> int:
    rows = await database.call(SERVICE, _RUN, TIMEOUT)
    return int(rows[0][0])
