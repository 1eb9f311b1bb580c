"""The measure of plain English: the clauses that it counts, and the prose that it finds in each kind of file."""

from pathlib import Path

import pytest

from tools import prose
from tools.prose import Line, Sentence

NOUN_CLAUSES = [
    "Takes up what is stuck.",
    "What is granted for later stays.",
    "What the organization can spend now.",
    "Whoever has the token may accept it.",
    "Who has it keeps it.",
    "Nobody new gets it; who has it keeps it.",
    "Callers: who holds credits:read there.",
    "It is for service_role, and for who holds `platform:stripe` everywhere.",
    "Whose an object of Stripe is.",
    "The server checks whose it is.",
    "Which plan an organization has.",
    "The credits by where they came from.",
    "Made by whoever manages roles.",
    "Whatever the token says beyond `sub` gives nothing.",
    "This is what keeps inserts fast.",
    "Lists who changed a role.",
    "Notes are kept for whichever is first.",
]


@pytest.mark.parametrize("sentence", NOUN_CLAUSES)
def test_a_noun_clause_counts(sentence: str) -> None:
    assert len(prose.noun_clauses(sentence)) == 1


PLAIN = [
    "Any user who has the token can accept it.",
    "Those who may change a row lock it.",
    "The last owner, who cannot leave, gives the role away.",
    "An organization whose plan ended, and whose credits are spent, is empty.",
    "A user who was invited and who accepts becomes a member.",
    "The caller for whom the invitation was made accepts it.",
    "A token names the organization to which it belongs.",
    "Which plan does it have?",
    "What is it?",
    "The message says what is wrong.",
    "The header says what it locks, what it raises, and who may call it.",
    "A policy decides who may read a row.",
    "The page says how fast it is, what each figure means, and where the limits are.",
    "The message says why and what to do.",
    "Skips calls that have expired or whose caller has left.",
    "Tells the client what to send again.",
    "The answer depends on what the plan includes.",
    "The error says exactly which field is wrong.",
    "See who changed what, and when.",
    "The state is the same in whatever order the events come.",
    "Whatever the order, the balance is the same.",
    "The period ends after a month or at its end, whichever comes first.",
    "Where a plan has a price, Stripe charges it.",
    "The column `what is left` holds credits.",
]


@pytest.mark.parametrize("sentence", PLAIN)
def test_plain_english_does_not_count(sentence: str) -> None:
    assert not prose.noun_clauses(sentence)


def test_each_clause_of_a_sentence_counts() -> None:
    assert prose.noun_clauses("Whoever pays gets what was bought; who does not pay gets nothing.") == [
        "whoever",
        "what",
        "who",
    ]


@pytest.mark.parametrize(
    ("sentence", "chains"),
    [
        ("As the row is locked, the balance cannot change, so the guard holds.", True),
        ("They wait, as the lock would have them wait, so a batch gives up.", True),
        ("No name reads as an id, so the two never collide.", False),
        ("As soon as the lock is free, it is taken, so that others can wait.", False),
    ],
)
def test_a_chain_of_as_and_so_counts(sentence: str, chains: bool) -> None:
    assert bool(prose.CHAIN.search(sentence)) is chains


def test_a_sentence_is_long_above_forty_words() -> None:
    assert not prose.is_long(Sentence("", 1, "word " * 40))
    assert prose.is_long(Sentence("", 1, "word " * 41))
    assert not prose.is_long(Sentence("", 1, "Raises TN001 (one), " + "TN002 (another), " * 40))


def found(path: str, source: str) -> list[tuple[int, str]]:
    """The line and the text of each sentence in a file of that name."""
    return [(sentence.line, sentence.text) for sentence in prose.prose(path, source)]


def test_sentences_end_at_stops_items_labels_and_empty_lines() -> None:
    lines = [
        "Adds credits, e.g. a gift. It locks",
        "`two words.` each",
        "Locks: the row.",
        "- one item",
        "",
        "1. the end",
    ]
    sentences = prose.sentences("a", [Line(number, line) for number, line in enumerate(lines, 1)])
    assert [(sentence.line, sentence.text) for sentence in sentences] == [
        (1, "Adds credits, e.g. a gift."),
        (1, "It locks `two_words.` each"),
        (3, "Locks: the row."),
        (4, "one item"),
        (6, "the end"),
    ]


def test_sql_has_comments_descriptions_and_messages() -> None:
    source = """-- Spends credits:
-- one entry.
create function f() returns text language plpgsql as $$
begin
    perform tenantry.fail_invalid('amount', 'is not a number');
    return '-- no comment, just text'; -- The end
end
$$;
/* Both
   lines. */
comment on function f() is
    'Spends the caller''s'
    ' credits.';
select 'this is no text for people';
"""
    assert found("sql/functions/f.sql", source) == [
        (1, "Spends credits: one entry."),
        (5, "is not a number"),
        (6, "The end"),
        (9, "Both lines."),
        (12, "Spends the caller's credits."),
    ]


def test_seeds_have_descriptions() -> None:
    assert found("sql/seeds/s.sql", "insert into t values ('credits:read', 'See the ledger');") == [
        (1, "See the ledger")
    ]


def test_protos_have_comments() -> None:
    source = 'syntax = "proto3"; // The syntax.\n// A plan.\nmessage Plan {\n  /* The name. */\n  string name = 1;\n}\n'
    assert found("protos/p.proto", source) == [(1, "The syntax."), (2, "A plan."), (4, "The name.")]


def test_python_has_docstrings_comments_and_messages() -> None:
    source = '''"""A module."""

# A comment
# of two lines.
LIMIT = 1  # noqa: S105
"""The limit."""


def f(name):
    """A function.

    Raises an error.
    """
    print("not this", "# no comment")
    raise ValueError(f"{name} is not a name")
'''
    assert found("p.py", source) == [
        (1, "A module."),
        (3, "A comment of two lines."),
        (6, "The limit."),
        (10, "A function."),
        (12, "Raises an error."),
        (14, "not this"),
        (15, "`…` is not a name"),
    ]


def test_pages_have_text_without_blocks_of_code() -> None:
    source = """# A page

It has *two*
[lines](a.md) and `code that is left`.

| name | meaning |
|---|---|
| `a` | the first |

```sql
select 'what is left';
```
"""
    assert found("docs/p.md", source) == [
        (1, "A page"),
        (3, "It has two lines and `code_that_is_left`."),
        (6, "name"),
        (6, "meaning"),
        (8, "`a`"),
        (8, "the first"),
    ]


def test_other_files_have_comments() -> None:
    assert found("Makefile", "# All targets.\nhelp: ## List the targets\n") == [
        (1, "All targets."),
        (2, "List the targets"),
    ]


def test_the_limit_is_by_area(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("Whoever reads this knows enough.\n")
    (tmp_path / "a.txt").write_text("Whoever reads this knows enough.\n")
    tallies = prose.measure(tmp_path, ["README.md", "a.txt"])
    assert tallies["docs"].rates() == {"noun clauses": 200, "long sentences": 0, "chains": 0}
    assert [(kind, sentence.path, sentence.line) for kind, sentence in tallies["docs"].finds] == [
        ("noun clauses", "README.md", 1)
    ]
    assert not any(tally.words for area, tally in tallies.items() if area != "docs")


def test_generated_and_foreign_files_are_no_prose() -> None:
    assert prose.area_of("server/tenantry/v1/credits_pb2.py") is None
    assert prose.area_of("tests/clients/node/index.js") is None
    assert prose.area_of("server/tenantry/app.py") == "server"
    assert prose.area_of("CHANGELOG.md") == "docs"
