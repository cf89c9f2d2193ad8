"""What commands share: what they are added to, the first lines of a file, a bar for long work."""

from __future__ import annotations

import argparse
import gzip
import logging
import os
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from inference_exporter.errors import UsageError

log = logging.getLogger("inference_exporter")

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def first_lines(path: str, count: int) -> list[bytes]:
    """The first lines of a file, or of the standard input for `-`."""
    try:
        with _opened(path) as stream:
            lines = [stream.readline(1 << 20) for _ in range(count)]
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{path}: {reason}; name a log that is there and readable, or - for standard input"
        ) from error
    return [line for line in lines if line]


def _opened(path: str) -> AbstractContextManager[IO[bytes]]:
    if path == "-":
        return nullcontext(sys.stdin.buffer)
    if path.lower().endswith(".gz"):
        return gzip.open(path)  # type: ignore[return-value]  # a GzipFile is binary input
    return Path(path).open("rb")


def say(text: str) -> None:
    """Words for who reads the terminal."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def is_coloured(stream: IO[str]) -> bool:
    """Whether to use colour: on a terminal, unless who sits there wants none (no-color.org)."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and stream.isatty()


_STYLES = {"bad": "31", "warn": "33", "ok": "32", "unknown": "2", "bold": "1", "dim": "2"}


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line; `style` is one of `_STYLES`, and means nothing that the text does not."""

    words: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a screen."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, *parts: str | Span) -> Line:
        """A line of pieces, each without control characters of what it shows."""
        spans = (part if isinstance(part, Span) else Span(part) for part in parts)
        return cls(tuple(Span(harmless(one.words), one.style) for one in spans))

    def text(self, width: int = sys.maxsize, *, colour: bool = False) -> str:
        """The line, cut to a width."""
        cut = sum(len(one.words) for one in self.spans) > width
        left, shown = width - 1 if cut else width, []
        for one in self.spans:
            words = one.words[:left]
            left -= len(words)
            styled = colour and one.style and words
            shown.append(f"\x1b[{_STYLES[one.style]}m{words}\x1b[0m" if styled else words)
        return "".join(shown).rstrip() + ("…" if cut else "")


def harmless(words: str) -> str:
    r"""Words that cannot steer a terminal: names are from logs, and anyone may write these.

    >>> print(harmless("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    if words.isprintable():
        return words
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in words)


class Progress:
    """How far long work is: a bar on a terminal, elsewhere a line of the log now and then.

    Silent for the first second, and where there is no terminal for the first ten.
    """

    _WIDTH = 32
    _LINES = 10.0  # seconds between two lines of the log

    def __init__(self, stream: IO[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._terminal = stream.isatty()
        self._started = self._shown = clock()
        self._drawn = False

    def __enter__(self) -> Progress:
        return self

    def show(self, done: int, total: int) -> None:
        """Say how many bytes of how many are done, at most ten times a second."""
        now = self._clock()
        wait = self._LINES if not self._terminal else 0.1 if self._drawn else 1.0
        if now - self._shown < wait:
            return
        self._shown = now
        share = min(1.0, done / total) if total else 0.0
        text = _pace(done, share, now - self._started)
        if self._terminal:
            bar = "█" * round(share * self._WIDTH)
            self._stream.write(f"\r{bar:░<{self._WIDTH}} {text}\x1b[K")
            self._stream.flush()
            self._drawn = True
        else:
            log.info("%s", text)

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def _pace(done: int, share: float, seconds: float) -> str:
    """How far, how fast, and how long it will take if it goes on so.

    >>> _pace(50_000_000, 0.25, 10.0)
    ' 25 %  50 MB  5.0 MB/s  30 s left'
    """
    rate = done / seconds / 1e6 if seconds else 0.0
    left = f"{seconds * (1 - share) / share:.0f} s left" if share else "time left unknown"
    return f"{100 * share:3.0f} %  {done / 1e6:,.0f} MB  {rate:,.1f} MB/s  {left}"
