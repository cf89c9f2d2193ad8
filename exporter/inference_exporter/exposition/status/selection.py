"""What a page was asked for, and the links that ask for something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

REFRESH_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of the address behind `?`; None: whatever comes first."""

    version: str | None = None
    window: str | None = None
    feature: str | None = None
    output: str | None = None
    refresh: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Selection:
        """What a request asks for; other parameters mean nothing."""
        return cls(
            query.get("version"),
            query.get("window"),
            query.get("feature"),
            query.get("output"),
            query.get("refresh") == str(REFRESH_SECONDS),
        )

    def link(self, **changes: str | bool | None) -> str:
        """The relative address of the same page with other choices.

        >>> Selection(version="7").link(window="1h")
        '?version=7&window=1h'
        """
        chosen = replace(self, **changes)  # type: ignore[arg-type]
        names = ("version", "window", "feature", "output")
        pairs = [(name, getattr(chosen, name)) for name in names]
        if chosen.refresh:
            pairs.append(("refresh", str(REFRESH_SECONDS)))
        return "?" + urlencode([pair for pair in pairs if pair[1] is not None], errors="replace")


def model_path(name: str) -> str:
    """The path of a model's page, relative to the root.

    >>> model_path("a/b c")
    'models/a%2Fb%20c'
    """
    return f"models/{quote(name, safe='', errors='replace')}"
