"""Which statuses are successes: what the `ok` entries of a status field mean."""

from __future__ import annotations

import re
from collections.abc import Iterable

_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)", re.ASCII)


class Success:
    """Tells whether a status, by its name, is among the entries.

    >>> good = Success(("200..399", "ok"))
    >>> good("204"), good("OK"), good("299.0"), good("500"), good("timeout")
    (True, True, True, False, False)
    """

    def __init__(self, entries: Iterable[str]) -> None:
        matches = [(_RANGE.fullmatch(entry), entry) for entry in entries]
        self._ranges = [(int(match[1]), int(match[2])) for match, _ in matches if match]
        self._names = {entry.lower() for match, entry in matches if not match}

    def __call__(self, name: str) -> bool:
        """Whether the status of that name is a success."""
        if name.lower() in self._names:
            return True
        try:
            number = float(name)
        except ValueError:
            return False
        return any(low <= number <= high for low, high in self._ranges)
