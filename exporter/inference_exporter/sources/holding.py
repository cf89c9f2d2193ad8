r"""A framer that holds back what is not complete although its lines are.

A container runtime cuts a long line into pieces, a CSV cell may go on in the next line, JSON may be
printed over several. `hold` says from which byte on whole lines belong together with lines that
are still to come; they stay unfinished, so offsets in checkpoints stand before them and a crash
cannot tear them apart. What is held is bounded by the limit of a line: beyond it, it is let go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from inference_exporter.sources.framing import TAIL, Frame, Framer

Hold = Callable[[bytes], int]


@dataclass(slots=True)
class HoldingFramer(Framer):
    r"""As `Framer`, for lines of which some belong together.

    >>> def hold(lines):
    ...     return lines.rfind(b"(") if lines.rfind(b"(") > lines.rfind(b")") else len(lines)
    >>> framer = HoldingFramer(limit=64, hold=hold)
    >>> [framer.feed(chunk).lines for chunk in (b"a\n(b\n", b"c\n", b")\nd\n")]
    [b'a\n', b'', b'(b\nc\n)\nd\n']
    """

    hold: Hold = len

    def feed(self, data: bytes, start: int = 0) -> Frame:
        """See `Framer.feed`."""
        frame = self._with_held(data, start) if b"\n" in self.partial else Framer.feed(
            self, data, start
        )  # fmt: skip
        if not frame.lines or frame.too_long:
            return frame
        keep = self.hold(frame.lines)
        back = frame.lines[keep:]
        if not back or len(back) + len(self.partial) > self.limit:
            return frame
        self.partial = back + self.partial
        lines = frame.lines[:keep]
        return Frame(lines, frame.consumed - len(back), lines[-TAIL:])

    def _with_held(self, data: bytes, start: int) -> Frame:
        """New bytes behind lines that were held back."""
        whole = self.partial + data[start:]
        end = whole.rfind(b"\n") + 1
        self.partial = whole[end:]
        if len(self.partial) > self.limit:
            consumed, self.partial, self.skipping = len(whole), b"", True
            return Frame(whole[:end], consumed, whole[-TAIL:], too_long=1)
        return Frame(whole[:end], end, whole[:end][-TAIL:])

    def flush(self) -> bytes:
        """See `Framer.flush`."""
        partial, self.partial, self.skipping = self.partial, b"", False
        return partial if partial.endswith(b"\n") or not partial else partial + b"\n"
