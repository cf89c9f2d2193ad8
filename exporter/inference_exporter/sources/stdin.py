"""Lines from a pipe: what is written to it while we run, and nothing twice."""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Iterator

from inference_exporter.sources.base import Block, FileStatus, SourceFacts
from inference_exporter.sources.facts import Counts
from inference_exporter.sources.framing import Framer
from inference_exporter.sources.holding import Hold, HoldingFramer

_NAME = "<stdin>"


class StdinSource:
    """Reads a descriptor (a pipe, a terminal, a redirected file) to its end; cannot be resumed.

    A pipe keeps nothing, so a checkpoint is empty and a restart goes on with what comes then. With
    `wait` a look lasts until the writer has written or is gone.
    """

    def __init__(
        self,
        fd: int = 0,
        *,
        wait: bool = False,
        line_bytes: int = 1 << 20,
        block_bytes: int = 1 << 17,
        turn_bytes: int = 8 << 20,
        hold: Hold | None = None,
    ) -> None:
        self._fd = fd
        self._timeout = None if wait else 0
        self._framer = HoldingFramer(line_bytes, hold=hold) if hold else Framer(line_bytes)
        self._chunk = min(block_bytes, line_bytes)
        self._turn_bytes = turn_bytes
        self._counts = Counts()
        self._offset = 0
        self._ended = False
        self._found = False
        self._more = False
        self._error = ""

    def poll(self, now: float, monotonic: float) -> Iterator[Block]:  # noqa: ARG002 - the contract
        """See `Source.poll`. Waits for the writer only when told to."""
        self._found = self._more = False
        budget = self._turn_bytes
        while budget > 0 and not self._ended and self._ready():
            data = self._read()
            budget -= len(data)
            if data:
                yield from self._take(data)
        self._more = budget <= 0 and not self._ended

    def _ready(self) -> bool:
        poll = select.poll()  # select() takes no descriptor above 1023
        poll.register(self._fd, select.POLLIN)
        found = poll.poll(self._timeout)
        if any(event & select.POLLNVAL for _, event in found):  # closed
            self._ended = True
            return False
        return bool(found)

    def _read(self) -> bytes:
        try:
            data = os.read(self._fd, self._chunk)
        except BlockingIOError:
            return b""
        except OSError as error:
            self._error = errno.errorcode.get(error.errno or 0, "io")
            self._counts.open_errors["io"] += 1
            data = b""
        self._ended = not data
        return data

    def _take(self, data: bytes) -> Iterator[Block]:
        self._found = True
        self._offset += len(data)
        self._counts.bytes_read += len(data)
        frame = self._framer.feed(data)
        self._counts.too_long += frame.too_long
        if frame.lines:
            yield Block(frame.lines, _NAME)

    @property
    def ended(self) -> bool:
        """Whether the writer has closed the pipe."""
        return self._ended

    def checkpoint(self) -> bytes:
        """See `Source.checkpoint`: there is nothing to go back to."""
        return b""

    def restore(self, checkpoint: bytes) -> None:
        """See `Source.restore`."""
        if checkpoint:
            raise ValueError("unusable checkpoint: standard input has none")

    def take_facts(self) -> SourceFacts:
        """See `Source.take_facts`."""
        counts, self._counts = self._counts, Counts()
        return SourceFacts(
            bytes_read=counts.bytes_read,
            open_errors=dict(counts.open_errors),
            too_long=counts.too_long,
            partials_flushed=counts.partials_flushed,
            files_watched=1,
            files_open=int(not self._ended),
            catching_up=self._more,
            up=not self._ended,
            files=(FileStatus(_NAME, self._offset, self._offset, self._error),),
        )

    def idle(self) -> bool:
        """See `Source.idle`."""
        return not self._found

    def finish(self) -> Iterator[Block]:
        """See `Source.finish`: reads what has arrived by now, to the end if the writer is gone."""
        while True:
            yield from self.poll(0.0, 0.0)
            if self.idle():
                break
        line = self._framer.flush()
        if line:
            self._counts.partials_flushed += 1
            yield Block(line, _NAME)

    def close(self) -> None:
        """See `Source.close`: the descriptor is not ours to close."""
