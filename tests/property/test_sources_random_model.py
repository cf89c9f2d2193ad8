"""A random world of logs against a model that knows every line, its copies, and what may be lost.

The world writes lines and halves of lines, renames, copies and cuts, deletes and re-creates files,
writes to renamed files, and crashes the reader back to one of its last checkpoints. Every line is
unique. Required at the end, of what was delivered and not rolled back:

- no line twice, none that was never written (garbled);
- every line that still existed somewhere in reach when it was needed. A line may be missing only if
  its last copy was destroyed (cut or deleted, with no copy, and no descriptor of the reader on
  it) while it was not delivered, or was delivered after the checkpoint a crash fell back to. The
  model computes that set line by line (`World.lost`); nothing else is excused.

In reach are the names that the pattern covers and `<path>.<n>` beside them. Time is virtual:
modification times are set from the same clock that the reader is given.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from inference_exporter.sources import FileSource

CHUNKS, SEEDS = 20, 100
NEVER = 1e9  # seconds: a grace period longer than any run


@dataclass(eq=False)
class Log:
    """One physical file. `lines` are the texts in it that are to be delivered from it."""

    fd: int
    path: Path | None
    size: int = 0
    lines: set[str] = field(default_factory=set)
    half: str = ""  # an unfinished line at its end
    known: bool = False  # the reader has surely seen it under a name, and holds it
    seen: bool = False  # the reader has surely seen it, and knows it even after a crash


class World:
    """The file system, the program under test, and the truth about every line."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.base = folder / "pred.jsonl"
        self.inside = self.random.random() < 0.5  # whether the pattern covers rotated names
        self.append = self.random.random() < 0.7  # whether the writer appends or leaves holes
        # With fewer descriptors than files, one that loses its last name in the pattern may not be
        # open at that moment.
        self.max_open = 2 if self.inside and self.random.random() < 0.3 else 1024
        self.now = 1_700_000_000.0
        self.count = 0
        self.suffix = 0
        self.logs: list[Log] = []
        self.current: Log | None = None
        self.written: set[str] = set()
        self.lost: set[str] = set()
        self.delivered: list[str] = []
        self.source = self.new_source()
        self.checkpoints: list[tuple[bytes, int]] = []
        self.last_poll = 0.0
        self.poll(0.0)  # what was rotated out of the pattern before the first look is not ours
        self.commit()

    def new_source(self) -> FileSource:
        pattern = f"{self.base}*" if self.inside else str(self.base)
        return FileSource(
            [pattern],
            start_at="beginning",
            rotate_grace=NEVER,
            grace_limit=2 * NEVER,
            line_bytes=4096,
            block_bytes=self.random.choice([16, 64, 1024, 4096]),
            max_open_files=self.max_open,
        )

    # -- the truth --------------------------------------------------------------------------------

    def in_reach(self, text: str) -> bool:
        return any(text in log.lines and (log.path is not None or log.known) for log in self.logs)

    def destroyed(self, texts: set[str]) -> None:
        """Some bytes are gone: what was not delivered and exists nowhere else is lost."""
        delivered = set(self.delivered)
        self.lost |= {t for t in texts if t not in delivered and not self.in_reach(t)}

    # -- what happens to files --------------------------------------------------------------------

    def open(self) -> Log:
        if self.current is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | (os.O_APPEND if self.append else 0)
            self.current = Log(os.open(self.base, flags, 0o644), self.base)
            self.logs.append(self.current)
        return self.current

    def put(self, log: Log, text: str) -> None:
        os.write(log.fd, text.encode())
        self.stamp(log)

    def stamp(self, log: Log) -> None:
        nanoseconds = int(self.now * 1e9)
        os.utime(log.fd, ns=(nanoseconds, nanoseconds))

    def text(self) -> str:
        self.count += 1
        return f"{self.count:05d}|{'x' * self.random.randrange(60)}|end"

    def write_lines(self, log: Log) -> None:
        texts = [self.text() for _ in range(self.random.randrange(1, 5))]
        self.finish_half(log)
        log.lines.update(texts)
        self.written.update(texts)
        self.put(log, "".join(text + "\n" for text in texts))

    def write_half(self, log: Log) -> None:
        self.finish_half(log)
        whole = self.text()
        log.half = whole[: self.random.randrange(6, len(whole))]
        log.lines.add(log.half)
        self.written.add(log.half)
        self.put(log, log.half)

    def finish_half(self, log: Log) -> None:
        """The rest of a line arrives: its first half is no line of its own any more."""
        if log.half:
            rest = "+" + self.text()
            log.lines.discard(log.half)
            if not any(log.half in other.lines for other in self.logs):
                self.written.discard(log.half)
            log.lines.add(log.half + rest)
            self.written.add(log.half + rest)
            self.put(log, rest + "\n")
            log.half = ""

    def rotated_name(self) -> Path:
        self.suffix += 1
        return self.base.with_name(f"pred.jsonl.{self.suffix}")

    def rename(self) -> None:
        log = self.open()
        assert log.path is not None
        log.path = log.path.rename(self.rotated_name())
        self.current = None
        if self.random.random() < 0.7 or not log.seen:
            self.open()  # what left the pattern unseen is only found by the name it had

    def late_write(self) -> None:
        late = [log for log in self.logs if log is not self.current and self.may_write_late(log)]
        if late:
            log = self.random.choice(late)
            self.random.choice([self.write_lines, self.write_half])(log)

    def may_write_late(self, log: Log) -> bool:
        """Still open in the writer, and not to a file that left the pattern before it was seen."""
        return log.fd >= 0 and (log.path is not None or log.known) and (log.seen or self.inside)

    def copy(self, log: Log, path: Path | None = None) -> Log:
        path = path or self.rotated_name()
        assert log.path is not None
        shutil.copyfile(log.path, path)
        for other in self.logs:
            if other.path == path:
                other.path = None  # overwritten
                self.destroyed(other.lines)
        copied = Log(-1, path, lines=set(log.lines), half=log.half)
        nanoseconds = int(self.now * 1e9)
        os.utime(path, ns=(nanoseconds, nanoseconds))
        self.logs.append(copied)
        return copied

    def copytruncate(self) -> None:
        log = self.open()
        watched = self.random.random() < 0.4
        if watched:
            self.poll(1.0)  # two small new files with the same bytes count as two, see `backup`
        copied = self.copy(log)
        if watched:
            self.poll()
        late = self.random.random() < 0.2 and not log.half
        if late:
            self.write_lines(log)  # too late for the copy, and cut at once
            if watched:
                self.poll()
        self.cut(log)
        if late:
            self.poll(1.0)  # a crash before the next sweep: see the limits in `files`
        elif self.random.random() < 0.2:
            self.poll()
        self.go_on(log, copied)

    def go_on(self, log: Log, copied: Log) -> None:
        if self.random.random() < 0.2:
            self.remove(copied)
        if self.random.random() < 0.5:
            self.write_lines(log)

    def cut(self, log: Log) -> None:
        os.ftruncate(log.fd, 0)
        self.stamp(log)
        gone, log.lines, log.half = log.lines, set(), ""
        log.seen = log.known
        self.destroyed(gone)

    def remove(self, log: Log) -> None:
        assert log.path is not None
        log.path.unlink()
        log.path = None
        self.destroyed(log.lines)

    def delete(self) -> None:
        log = self.open()
        assert log.path is not None
        log.path.unlink()
        log.path = None
        if not log.known:
            os.close(log.fd)  # lets the inode be used again at once
            log.fd = -1
        self.destroyed(log.lines)
        self.current = None
        if self.random.random() < 0.7 or not log.seen:
            self.write_lines(self.open())  # see `rename`

    def delete_rotated(self) -> None:
        old = [log for log in self.logs if log.path is not None and log is not self.current]
        if old:
            self.remove(self.random.choice(old))

    def backup(self) -> None:
        """A plain copy; looked at before anything else happens (see the limits in `files`).

        It is large: two small new files with the same bytes count as two logs, not as a copy. And
        where the pattern does not cover rotated names it is not called like one: a file that is
        called so, is new, and is not what we remember has to be taken for a rotated log.
        """
        log = self.open()
        while os.fstat(log.fd).st_size < 1100 or log.half:
            self.write_lines(log)
        if self.inside:
            self.copy(log)
        else:
            self.copy(log, self.base.with_name("pred.jsonl.copy")).lines.clear()  # out of reach
        self.poll(1.0)

    # -- what happens to the reader ---------------------------------------------------------------

    def poll(self, step: float | None = None) -> None:
        self.now += self.random.choice([0.05, 0.25, 1.0, 5.0]) if step is None else step
        for block in self.source.poll(self.now, self.now):
            self.take(block.data)
        surely_swept = self.now - self.last_poll >= 1.0
        self.last_poll = self.now
        if surely_swept:
            for log in self.logs:
                log.seen = log.seen or self.is_visible(log.path)
                log.known = log.known or (self.max_open > 2 and self.is_visible(log.path))

    def is_visible(self, path: Path | None) -> bool:
        return path is not None and (self.inside or path == self.base)

    def take(self, data: bytes) -> None:
        assert data.endswith(b"\n")
        self.delivered += data[:-1].decode().split("\n")

    def commit(self) -> None:
        self.checkpoints = [
            *self.checkpoints[-2:],
            (self.source.checkpoint(), len(self.delivered)),
        ]

    def crash(self) -> None:
        self.source.close()
        index = self.random.randrange(len(self.checkpoints))
        checkpoint, count = self.checkpoints[index]
        self.checkpoints = self.checkpoints[: index + 1]
        undone = set(self.delivered[count:])
        del self.delivered[count:]
        for log in self.logs:
            log.known = False
            if log.path is None and log.fd >= 0:
                os.close(log.fd)
                log.fd = -1
        self.destroyed(undone | self.written)
        for _ in range(self.random.randrange(3)):
            self.random.choice([self.step_of_writer, self.rename, self.copytruncate_while_down])()
        for log in self.logs:
            log.seen = bool(log.lines)  # there is something to know it by again
        self.source = self.new_source()
        self.source.restore(checkpoint)
        self.last_poll = 0.0

    def copytruncate_while_down(self) -> None:
        log = self.open()
        self.copy(log)
        os.ftruncate(log.fd, 0)
        self.stamp(log)
        log.lines, log.half = set(), ""
        self.write_lines(log)

    def step_of_writer(self) -> None:
        self.random.choice([self.write_lines, self.write_half])(self.open())

    def end(self) -> None:
        for step in (1.0, 1.0, 1.0, 1.0):
            self.poll(step)
        for block in self.source.finish():
            self.take(block.data)
        self.source.close()
        for log in self.logs:
            if log.fd >= 0:
                os.close(log.fd)

    # -- the run ----------------------------------------------------------------------------------

    def run(self) -> None:
        steps = [
            (self.step_of_writer, 30),
            (self.poll, 20),
            (self.late_write, 8),
            (self.rename, 7),
            (self.copytruncate, 7),
            (self.commit, 8),
            (self.delete, 4),
            (self.delete_rotated, 3),
            (self.backup, 2),
            (self.crash, 3),
        ]
        actions, weights = zip(*steps, strict=True)
        for _ in range(self.random.randrange(60, 81)):
            self.now += 0.03
            self.random.choices(actions, weights)[0]()
        self.end()

    def complaints(self) -> list[str]:
        count = Counter(self.delivered)
        missing = self.written - count.keys() - self.lost
        return [
            *(f"twice: {text}" for text, times in count.items() if times > 1),
            *(f"never written: {text}" for text in count.keys() - self.written),
            *(f"missing: {text}" for text in missing),
        ]


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_line_is_delivered_once_whatever_happens_to_the_files(
    tmp_path: Path, chunk: int
) -> None:
    for seed in range(chunk * SEEDS, (chunk + 1) * SEEDS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        world = World(folder, seed)
        world.run()
        assert not world.complaints(), f"seed {seed}"
        shutil.rmtree(folder)
