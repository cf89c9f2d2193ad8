"""What the loop needs of the place where state is kept; `state.Store` is one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol


class Store(Protocol):
    """Where the state is kept; see `state.Store`."""

    persistent: bool
    load_errors: int
    volatile: bool

    @property
    def tables(self) -> sqlite3.Connection | None:
        """For reading the tables of pending predictions."""

    @property
    def size_bytes(self) -> int:
        """Size of what is kept."""

    def load(self) -> dict[str, bytes]:
        """Everything that is kept."""

    def commit(
        self,
        puts: Mapping[str, bytes],
        deletes: Iterable[str] = (),
        extra: Callable[[sqlite3.Connection], None] | None = None,
    ) -> bool:
        """Keep changes, and what `extra` writes; False if they are not on disk."""
