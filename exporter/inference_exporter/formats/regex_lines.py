r"""Lines that a regular expression picks apart; its named groups are the columns.

    127.0.0.1:41482 - "POST /predict HTTP/1.1" 200 12.4ms

becomes, with the pattern `" (?P<status>\d{3}) (?P<ms>[\d.]+)ms$`, the row `status="200",
latency=0.0124`. The pattern may match anywhere in the line; anchor it with ^ and $ if it should
not. Lines that it does not match are counted as `unmatched`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inference_exporter.config.schema import ModelConfig, RegexFormat
from inference_exporter.formats.base import Decoded
from inference_exporter.formats.columns.flat import Flat, Lines, texts_of
from inference_exporter.formats.columns.plan import Plan
from inference_exporter.formats.peeling.wrappers import WRAP_FACTS, wrap_facts


class RegexDecoder:
    """Decodes lines by a pattern and a Plan."""

    def __init__(self, model: ModelConfig, plan: Plan) -> None:
        assert isinstance(model.format, RegexFormat)
        self._pattern = re.compile(model.format.pattern)
        groups = self._pattern.groupindex
        self._groups = {n: i - 1 for n, i in groups.items()}
        self._groups |= {n: self._pattern.groups + i for i, n in enumerate(WRAP_FACTS)}
        self._flat = Flat(model, plan)

    def decode(self, block: bytes) -> Decoded:
        """Decode a block of lines."""
        search = self._pattern.search
        rows: list[tuple[str | None, ...]] = []
        lines = Lines()
        for line in texts_of(block):
            facts, line = wrap_facts(line)
            if match := search(line):
                rows.append((*match.groups(), *facts))
            elif line.strip():
                lines.bad("unmatched", "not matched by the pattern", line)
            else:
                lines.count("empty")
        columns = tuple(zip(*rows, strict=True))

        def column(name: str) -> Sequence[str | None] | None:
            return columns[self._groups[name]] if columns and name in self._groups else None

        return self._flat.decoded(column, self._groups, len(rows), lines)
