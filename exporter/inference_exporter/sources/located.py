r"""Blocks that say which file they are from: a line in front of them, for whoever asks for it.

    b'\x1f{"$path.version":"v3"}\n{"age": 41}\n…'

The groups of a pattern that the path of the file matches; a path that it does not match has none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from inference_exporter.sources.base import Block, Source, SourceFacts

MARK = b"\x1f"


class Located:
    """A source whose blocks begin with what their paths say. See `Source`."""

    def __init__(self, source: Source, pattern: str) -> None:
        self._source, self._search = source, re.compile(pattern).search
        self._lines: dict[str, bytes] = {}

    def _block(self, block: Block) -> Block:
        line = self._lines.get(block.path)
        if line is None:
            match = self._search(block.path)
            groups = match.groupdict() if match else {}
            facts = {f"$path.{name}": value for name, value in groups.items() if value is not None}
            line = MARK + json.dumps(facts).encode() + b"\n" if facts else b""
            if len(self._lines) > 1000:  # files come and go
                self._lines.clear()
            self._lines[block.path] = line
        return Block(line + block.data, block.path) if line else block

    def poll(self, now: float, monotonic: float) -> Iterator[Block]:
        """See `Source.poll`."""
        return map(self._block, self._source.poll(now, monotonic))

    def finish(self) -> Iterator[Block]:
        """See `Source.finish`."""
        return map(self._block, self._source.finish())

    def checkpoint(self) -> bytes:
        """See `Source.checkpoint`."""
        return self._source.checkpoint()

    def restore(self, checkpoint: bytes) -> None:
        """See `Source.restore`."""
        self._source.restore(checkpoint)

    def take_facts(self) -> SourceFacts:
        """See `Source.take_facts`."""
        return self._source.take_facts()

    def idle(self) -> bool:
        """See `Source.idle`."""
        return self._source.idle()

    def close(self) -> None:
        """See `Source.close`."""
        self._source.close()
