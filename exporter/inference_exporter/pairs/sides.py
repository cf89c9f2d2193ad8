"""Lines of one side of pairs that have a format of their own, such as an access log's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from inference_exporter.config.schema import RegexFormat, SideLines
from inference_exporter.formats.columns.flat import NOTHING, texts_of
from inference_exporter.formats.logfmt_lines import pairs
from inference_exporter.formats.paths import scalar, walker
from inference_exporter.formats.steps import function_of


class TextSide:
    """Finds in lines what they hold, by name, and their id."""

    def __init__(self, lines: SideLines) -> None:
        self._read: Callable[[str], Mapping[str, str | None] | None] = pairs
        if isinstance(lines.format, RegexFormat):
            search = re.compile(lines.format.pattern).search
            self._read = lambda text: match.groupdict() if (match := search(text)) else None
        self._find, self._convert = walker(lines.id.paths), function_of(lines.id.convert)

    def id(self, found: Mapping[str, object]) -> object:
        """The id in what a line holds: a scalar, UNUSABLE or None."""
        return scalar(self._convert(self._find(found)))

    def values(self, line: bytes) -> dict[str, object] | None:
        """What a line holds; None if it is none of this side."""
        found = self._read("".join(texts_of(line)[:1]))
        if not found:
            return None
        return {name: text for name, text in found.items() if text not in NOTHING}
