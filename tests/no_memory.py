"""A program that reads lines while allocation after allocation fails; prints how many did.

CPython's own `_testcapi` makes them fail, for the whole process: hence a program.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from inference_exporter import _native
from native_lines import FEATURES, SHORT, model, native

_testcapi: Any = importlib.import_module("_testcapi")


def failures(work: Callable[[], object], most: int) -> int:
    """How many of the first allocations of some work are missed; each alone is made to fail."""
    failed = 0
    for at in range(most):
        _testcapi.set_nomemory(at, at + 1)
        try:
            work()
        except MemoryError:
            failed += 1
        finally:
            _testcapi.remove_mem_hooks()
    return failed


def main() -> int:
    """Fail within a reader that has room for its rows, one that has none, and a new one."""
    assert _native.MODULE is not None
    make = _native.MODULE.Reader
    description = native(model(), FEATURES)._description
    used, new = (make(description.root, description.slots) for _ in range(2))
    want = used.decode(SHORT)[0::3]
    failed = failures(lambda: used.decode(SHORT), 400)
    failed += failures(lambda: new.decode(SHORT), 400)
    failed += failures(lambda: make(description.root, description.slots), 200)
    assert used.decode(SHORT)[0::3] == new.decode(SHORT)[0::3] == want
    return failed


if __name__ == "__main__":
    print(main())  # noqa: T201
