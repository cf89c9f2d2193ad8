"""Lines that are all as they are expected: only what is configured is built of them.

Whatever is unusual, an object where a text is expected, lists of different lengths, a line that is
no JSON, is for `Reshape`, which takes any line apart; where both can, they give the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from inference_exporter.config.step import Steps
from inference_exporter.formats.columns.compiled import ANY, Routes, first_of
from inference_exporter.formats.mapping.reshape import Paths, Reshape, Rows
from inference_exporter.formats.paths import routes
from inference_exporter.formats.steps import function_of


class Quick:
    """Decodes and explodes whole blocks."""

    def __init__(
        self,
        reshape: Reshape,
        decode: Mapping[str, Steps],
        wanted: Iterable[tuple[Paths, Any]],
    ) -> None:
        """`wanted`: paths outside of exploded lists with their types; NotCompilableError."""
        self._reshape, self._wanted = reshape, tuple(wanted)
        self._decode = [(routes(path), function_of(steps)) for path, steps in decode.items()]
        roots = dict.fromkeys((*decode, *reshape.exploded))
        self._routes = Routes([*(((root,), ANY) for root in roots), *self._wanted])

    def read(self, block: bytes) -> Rows | None:
        """The rows of a block; None if some line is unusual."""
        read = self._routes.read(block)
        if read is None:
            return None
        count, found = read
        for ways, function in self._decode:
            used = [way for way in ways if any(v is not None for v in found.get(way, ()))]
            if len(used) > 1:
                return None  # what is decoded in a line is the first that is there
            for way in used:
                found[way] = [function(value) for value in found[way]]
        lists = [first_of(found, (path,), count) for path in self._reshape.exploded]
        rows = self._reshape.begin()
        if self._reshape.explode([{}] * count, lists, rows):
            return None
        rows.known = {paths: first_of(found, paths, count) for paths, _ in self._wanted}
        return rows
