"""Every way to rotate, with every way to write: rotations are data, one interpreter runs them.

The expectation is the same for all: each line once.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pytest

from inference_exporter.sources import FileSource
from sources_driver import Driver

Action = Callable[[Path, Path], None]


def move(log: Path, to: Path) -> None:
    log.rename(to)


def copy_and_remove(log: Path, to: Path) -> None:
    shutil.copy(log, to)
    log.unlink()


def remove(log: Path, to: Path) -> None:
    log.unlink()


def create(log: Path, to: Path) -> None:
    log.touch()


def create_from_temporary(log: Path, to: Path) -> None:
    fresh = log.with_name("fresh.tmp")
    fresh.touch()
    fresh.rename(log)


def leave(log: Path, to: Path) -> None:
    """The writer makes the new file with its next line."""


def copy_and_cut(log: Path, to: Path) -> None:
    shutil.copy(log, to)
    with log.open("r+b") as file:
        file.truncate(0)


ROTATIONS: dict[str, tuple[Action, ...]] = {
    **{
        f"{first.__name__}, {then.__name__}": (first, then)
        for first, then in itertools.product(
            (move, copy_and_remove, remove), (create, create_from_temporary, leave)
        )
    },
    "copy_and_cut": (copy_and_cut,),
}
SCRIPTS: dict[str, tuple[str, ...]] = {
    "one file": ("a.log",),
    "many files in a folder": ("a.log", "b.log", "c.log"),
    "many folders": ("x/a.log", "y/a.log"),
    "nested folders": ("x/y/a.log", "x/z/a.log"),
}
NAMES = {"rotated inside the pattern": "{name}-old.log", "outside": "{name}.log.1"}


@dataclass
class Writer:
    """Writes lines, keeping the file open or opening it for each line."""

    log: Path
    keeps_open: bool
    file: BinaryIO | None = None

    def write(self, text: str) -> None:
        if self.file is None:
            self.file = self.log.open("ab", buffering=0)
        self.file.write(f"{text}\n".encode())
        if not self.keeps_open:
            self.reopen()

    def reopen(self) -> None:
        if self.file is not None:
            self.file.close()
            self.file = None


def run(driver: Driver, writers: Iterable[Writer], rotation: Iterable[Action], name: str) -> None:
    written: list[str] = []
    found: list[str] = []

    def say(writer: Writer, word: str) -> None:
        text = f"{word} to {writer.log} number {len(written)}"
        written.append(text)
        writer.write(text)

    for turn in range(3):
        for writer in writers:
            say(writer, "first")
        found += driver.poll()
        for writer in writers:
            for action in rotation:
                old = writer.log.with_name(name.format(name=f"{writer.log.stem}{turn}"))
                action(writer.log, old)
        found += driver.poll(0.3 * turn)
        for writer in writers:
            if writer.keeps_open and writer.file is not None:
                say(writer, "late")
            writer.reopen()
            say(writer, "new")
    found += driver.poll() + driver.poll()
    assert sorted(found) == sorted(written)


@pytest.mark.parametrize("keeps_open", [True, False], ids=["keeps open", "opens each time"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("rotation", ROTATIONS)
def test_every_line_is_read_once(
    tmp_path: Path, rotation: str, script: str, name: str, keeps_open: bool
) -> None:
    logs = [tmp_path / path for path in SCRIPTS[script]]
    for log in logs:
        log.parent.mkdir(parents=True, exist_ok=True)
    patterns = {f"{log.parent}/*.log" for log in logs}
    driver = Driver(FileSource(sorted(patterns), start_at="beginning"))
    writers = [Writer(log, keeps_open) for log in logs]
    run(driver, writers, ROTATIONS[rotation], NAMES[name])
    for writer in writers:
        writer.reopen()
    driver.source.close()
