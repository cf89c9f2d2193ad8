"""How each source stands, collected from its facts for the status page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from inference_exporter.sources import SourceFacts
from inference_exporter.values.status_facts import BadLine, FileState, SourceState


class SourceStates:
    """The newest state of every source, by name. Belongs to the writer thread."""

    def __init__(self) -> None:
        self._states: dict[str, SourceState] = {}

    def note(self, name: str, facts: SourceFacts) -> None:
        """Take the state of things now; the last bad line stays."""
        files = tuple(FileState(f.path, f.offset, f.size, f.error) for f in facts.files)
        known = self._of(name)
        self._states[name] = replace(known, files=files, waiting_for=facts.waiting_for)

    def note_bad_line(self, name: str, now: float, reason: str, excerpt: str) -> None:
        """Remember the newest line that was not understood; the excerpt carries no values."""
        self._states[name] = replace(self._of(name), bad_line=BadLine(now, reason, excerpt))

    @property
    def states(self) -> tuple[SourceState, ...]:
        """All of them, immutable."""
        return tuple(self._states.values())

    def files(self) -> Iterator[FileState]:
        """The files of all sources."""
        return (file for state in self._states.values() for file in state.files)

    def amount(self) -> tuple[int, int]:
        """Bytes that are read of these files, and that there are."""
        files = list(self.files())
        return sum(one.offset for one in files), sum(max(one.size, one.offset) for one in files)

    def _of(self, name: str) -> SourceState:
        return self._states.get(name, SourceState(name))
