"""State that ends with the process: for reading logs once, and for tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping


class MemoryStore:
    """The interface of `Store` without a disk. `commit` never says that anything was kept."""

    def __init__(self) -> None:
        self.persistent = False
        self.load_errors = 0
        self._values: dict[str, bytes] = {}
        self._tables = sqlite3.connect(":memory:", isolation_level=None)

    volatile = True  # what `extra` writes is there at once, whatever `commit` says

    @property
    def tables(self) -> sqlite3.Connection | None:
        """For reading the tables that `extra` writes."""
        return self._tables

    def load(self) -> dict[str, bytes]:
        """All that was committed to this object."""
        return dict(self._values)

    def commit(
        self,
        puts: Mapping[str, bytes],
        deletes: Iterable[str] = (),
        extra: Callable[[sqlite3.Connection], None] | None = None,
    ) -> bool:
        """Remember; False because nothing reaches a disk."""
        for key in deletes:
            self._values.pop(key, None)
        self._values.update(puts)
        if extra is not None:
            extra(self._tables)
        return False

    @property
    def size_bytes(self) -> int:
        """Nothing is on disk."""
        return 0

    def close(self) -> None:
        """Forget everything."""
        self._values.clear()
        self._tables.close()
