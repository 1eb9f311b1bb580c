"""Installations that are made once and then kept, by processes that test side by side."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def once(folder: Path) -> Iterator[bool]:
    """Whether the folder still has to be filled. One process fills it within the `with`, while the others wait; after a
    failure the next process tries again."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "installed"
        yield not done.exists()
        done.touch()
