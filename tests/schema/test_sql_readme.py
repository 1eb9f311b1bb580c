"""sql/README.md is true: its names exist, its call chains are those of the code, and its lists are complete."""

import re
from pathlib import Path

import pytest

SQL = Path(__file__).parents[2] / "sql"
README = (SQL / "README.md").read_text()
DOMAINS = ("core", "access", "catalog", "organizations", "credits", "billing", "subscriptions", "stripe", "operations")

DEFINITION = re.compile(r"^create or replace function (?:tenantry|public)\.(\w+)", re.MULTILINE)
NAME = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")


def code(path: Path) -> str:
    """A file's SQL without comments."""
    return re.sub(r"--[^\n]*", "", path.read_text())


FILES = {
    name: path
    for folder in ("functions", "api", "triggers")
    for path in sorted((SQL / folder).rglob("*.sql"))
    for name in DEFINITION.findall(code(path))
}
EVERYTHING = "\n".join(code(path) for path in SQL.rglob("*.sql"))


def domain(name: str) -> int | None:
    """A function's position in the order of domains; None for a trigger."""
    folder, subfolder = FILES[name].relative_to(SQL).parts[:2]
    return None if folder == "triggers" else DOMAINS.index(subfolder.removesuffix("_events"))


def calls(name: str) -> set[str]:
    """The functions of the project that a function calls."""
    return {called for called in re.findall(r"\btenantry\.(\w+)\s*\(", code(FILES[name])) if called in FILES} - {name}


def chains() -> list[tuple[str, str]]:
    """Each caller with its callee in the indented lists."""
    pairs = []
    for block in re.findall(r"```text\n(.*?)```", README, re.DOTALL):
        above: list[str] = []
        for line in block.splitlines():
            depth = (len(line) - len(line.lstrip())) // 4
            above[depth:] = [line.split()[0]]
            if depth:
                pairs.append((above[depth - 1], above[depth]))
    return pairs


@pytest.mark.parametrize(
    "name", sorted({name for span in re.findall(r"`([^`\n]+)`", README) for name in NAME.findall(span)})
)
def test_every_name_exists(name: str) -> None:
    assert re.search(rf"\b{name}\b", EVERYTHING), f"sql/README.md names {name}, which is not in sql/"


def test_every_prefix_is_in_use() -> None:
    prefixes = re.findall(r"`([a-z]{2,}_)`", README)
    assert len(prefixes) > 10
    assert [prefix for prefix in prefixes if not any(name.startswith(prefix) for name in FILES)] == []


def test_every_line_of_a_chain_is_called_by_the_line_above() -> None:
    assert len(chains()) > 30
    wrong = [f"{caller} does not call {callee}" for caller, callee in chains() if callee not in calls(caller)]
    assert not wrong, f"correct the main calls of sql/README.md: {wrong}"


def test_the_calls_against_the_order_of_domains_are_all_listed() -> None:
    table = README.split("## The order of domains")[1]
    listed = set(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", table, re.MULTILINE))
    found = set()
    for name in FILES:
        for called in calls(name):
            own, other = domain(name), domain(called)
            if own is not None and other is not None and own < other:
                found.add((name, called))
    assert not found - listed, f"list these calls with a reason in sql/README.md, or avoid them: {found - listed}"
    assert not listed - found, f"sql/README.md lists calls against the order that are not made: {listed - found}"


def test_every_lock_is_in_the_order_of_locks() -> None:
    """A function that locks rows or takes an advisory lock is named, or works under the lock of a named one."""
    order = README.split("## The order of locks")[1].split("\n## ")[0]
    lock = re.compile(r"\bfor (?:no key )?update\b|pg_advisory_xact_lock")
    unnamed = {name for name, path in FILES.items() if lock.search(code(path)) and f"`{name}`" not in order}
    new, gone = unnamed - UNDER_OTHERS.keys(), UNDER_OTHERS.keys() - unnamed
    assert not new, f"these functions lock rows: place them in the order of locks, or in UNDER_OTHERS: {sorted(new)}"
    assert not gone, f"these functions lock nothing, or are named in the order: {sorted(gone)}"


UNDER_OTHERS = {
    "accept_invitation": "the invitation, after its organization",
    "advance_subscription": "the subscription, under the account's lock",
    "batch_consume_credits": "organizations by id",
    "delete_outdated_rows": "outdated rows that no other session has locked",
    "erase_organization": "the organization, and then rows that it deletes",
    "finish_stripe_request": "the Stripe lock, the account, then the request",
    "lock_subscription": "the account, then the subscription",
    "process_stored_event": "the Stripe lock, then the event",
    "recompute_stripe_subscriptions": "subscriptions, under the Stripe lock and the account's lock",
    "revoke_invitation": "the invitation alone",
    "update_billing_record": "the record alone",
    "update_credit_event": "the event alone",
    "update_credit_product": "the product alone",
    "update_permission": "the permission; sync_role_grants locks its roles",
    "update_subscription_plan": "the plan",
}


def test_two_accounts_are_locked_by_id() -> None:
    """A function that calls lock_account() for two accounts locks the smaller id first."""
    argument = re.compile(r"\btenantry\.lock_account\(((?:[^()]|\([^()]*\))*)\)")
    wrong = []
    for name in FILES.keys() - {"lock_account"}:
        accounts = list(dict.fromkeys(" ".join(given.split()) for given in argument.findall(code(FILES[name]))))
        first = accounts[0] if accounts else ""
        by_id = [first, first.replace("least", "greatest")]
        if len(accounts) > 1 and (accounts[:2] != by_id or not first.startswith("least(")):
            wrong.append(f"{name}: {accounts}")
    assert not wrong, f"call lock_account(least(a, b)), and then lock_account(greatest(a, b)): {sorted(wrong)}"


def test_every_place_has_the_order_of_spending() -> None:
    """Each place that sql/README.md names has the order by text, and it names every place that has it."""
    section = README.split("## The order of spending")[1].split("\n## ")[0]
    listed = {name for name in re.findall(r"`(\w+)`", section) if name in FILES or name.endswith("_idx")}
    order = re.compile(r"\bexpires_at, priority, (\w+)")
    found = {}
    for name, text in [(name, code(path)) for name, path in FILES.items()] + [
        (index, text)
        for path in SQL.glob("migrations/*.sql")
        for index, text in re.findall(r"create (?:unique )?index (\w+)([^;]*)", code(path))
    ]:
        # Without the names of tables: (l.lot).priority and l.priority are both priority.
        plain = re.sub(r"\(\w+\.\w+\)\.|\b\w+\.", "", text)
        orders = [by for clause in re.findall(r"order by[^;]*|on \w+ \([^)]*\)", plain) for by in order.findall(clause)]
        if orders:
            found[name] = set(orders)
    assert found.keys() == listed, "list these places in the order of spending of sql/README.md, and no others"
    others = {name: by for name, by in found.items() if by != {"entry_number"}}
    assert others == {"list_credit_lots": {"effective_at"}}, "the order of spending has entry_number after priority"
