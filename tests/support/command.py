"""The `tenantry` command in a separate process, forked from one that has imported it already: the import takes longer
than most commands."""

import multiprocessing
import os
import pkgutil
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Self, TextIO

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tenantry.cli"])


class Forked:
    """A run of `tenantry`, with the members of subprocess.Popen that tests use.

    constants: new values of module constants, by their full names. errors: the connection for stderr; the same as
    `stdout` if not given.
    """

    def __init__(
        self,
        *arguments: str,
        environment: Mapping[str, str],
        constants: Mapping[str, float] | None = None,
        errors: Connection | None = None,
    ) -> None:
        reader, writer = _forks.Pipe(duplex=False)
        self._process = _forks.Process(
            target=_main, args=(arguments, dict(environment), constants or {}, writer, errors or writer)
        )
        self._process.start()
        writer.close()
        self.stdout = _text(reader)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()
        self.stdout.close()

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("tenantry", timeout or 0)
        return self.returncode

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `tenantry` to its end; its output must fit into a pipe."""
    reader, writer = _forks.Pipe(duplex=False)
    forked = Forked(*arguments, environment=os.environ | environment, errors=writer)
    writer.close()
    try:
        forked.wait(60)
    finally:
        forked.kill()
    with forked, _text(reader) as errors:
        return subprocess.CompletedProcess(arguments, forked.wait(), forked.stdout.read(), errors.read())


def _text(reader: Connection) -> TextIO:
    return os.fdopen(os.dup(reader.fileno()), encoding="utf-8")


def _main(
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    constants: Mapping[str, float],
    output: Connection,
    errors: Connection,
) -> None:
    os.dup2(output.fileno(), sys.stdout.fileno())
    os.dup2(errors.fileno(), sys.stderr.fileno())
    output.close()
    errors.close()
    os.environ.clear()
    os.environ.update(environment)
    for name, value in constants.items():
        owner, _, constant = name.rpartition(".")
        setattr(pkgutil.resolve_name(owner), constant, value)
    sys.argv = ["tenantry", *arguments]
    from tenantry.cli import main

    main()
