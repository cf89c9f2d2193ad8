"""One step of the mapping language, checked: what `config.mapping` makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """A step by its name in `config.mapping.STEPS`, with its option, if it has one."""

    name: str
    option: Any = None


Steps = tuple[Step, ...]
