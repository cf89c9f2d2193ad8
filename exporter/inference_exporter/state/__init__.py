"""The committed state: one SQLite database, one transaction per commit."""

from __future__ import annotations

from inference_exporter.state.copy import StateCopy, copied
from inference_exporter.state.memory import MemoryStore
from inference_exporter.state.store import Store

__all__ = ["MemoryStore", "StateCopy", "Store", "copied"]
