"""Drives a source step by step: virtual time, lines as text, no waiting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inference_exporter.sources import Source, SourceFacts

NOBODY = 65534


class Driver:
    """A source and the time that passes for it."""

    def __init__(self, source: Source, now: float = 1_700_000_000.0) -> None:
        self.source = source
        self.now = now
        self.facts = SourceFacts()

    def poll(self, seconds: float = 1.0) -> list[str]:
        """The lines of one turn, `seconds` after the last one."""
        self.now += seconds
        found: list[str] = []
        for block in self.source.poll(self.now, self.now):
            assert block.data.endswith(b"\n")
            found += texts(block.data)
        self.facts = self.source.take_facts()
        return found

    def finish(self) -> list[str]:
        return [text for block in self.source.finish() for text in texts(block.data)]

    def restarted(self, source: Source) -> Driver:
        """The same in a new process, which knows what the old one committed now."""
        checkpoint = self.source.checkpoint()
        self.source.close()
        source.restore(checkpoint)
        return Driver(source, self.now)


def texts(data: bytes) -> list[str]:
    return data[:-1].decode("utf-8", "surrogateescape").split("\n")


def write(path: Path, text: str | bytes) -> None:
    """Append and close, as a writer does that opens for each line."""
    with path.open("ab") as file:
        file.write(text.encode() if isinstance(text, str) else text)


def lines(first: int, last: int, word: str = "line") -> list[str]:
    return [f"{word} {number} of the log" for number in range(first, last + 1)]


def joined(texts: list[str]) -> str:
    return "".join(text + "\n" for text in texts)


def set_time(path: Path, seconds: float) -> None:
    os.utime(path, (seconds, seconds))


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """Permission bits mean nothing to root: become nobody, who may enter the folder."""
    if os.geteuid() != 0:
        yield
        return
    parents = [p for p in (folder, *folder.parents) if p.stat().st_mode & 0o001 == 0]
    modes = [(p, p.stat().st_mode & 0o7777) for p in parents]
    for path, mode in modes:
        path.chmod(mode | 0o011)
    folder.chmod(0o777)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        for path, mode in modes:
            path.chmod(mode)
