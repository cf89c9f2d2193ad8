"""The reader written in C keeps nothing, refuses nonsense, and lives without memory."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from inference_exporter import _native
from native_lines import FEATURES, LEFT, READ, encoded, model, native
from two_decoders import built

pytestmark = built

HELD = encoded(*READ, *LEFT)


def _pages() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_nothing_is_kept_of_a_block_that_was_read_ten_thousand_times() -> None:
    reader = native(model(), FEATURES)._reader
    block = HELD.replace(b"[" * 5000, b"").replace(b"]" * 5000, b"")
    constants = (None, True, False, "pro", 200)

    def read(times: int) -> None:
        for _ in range(times):
            reader.decode(block)

    read(1000)
    gc.collect()
    before, counted = _pages(), [sys.getrefcount(one) for one in constants]
    read(9000)
    gc.collect()
    assert _pages() - before < 100  # one small object kept of each block would be more
    drifts = [abs(sys.getrefcount(a) - b) for a, b in zip(constants, counted, strict=True)]
    assert max(drifts) < 1000


def test_it_says_so_when_there_is_no_memory() -> None:
    pytest.importorskip("_testcapi")
    script = str(Path(__file__).parents[1] / "no_memory.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 60


@pytest.mark.parametrize("description", [
    (), [], (0,), (5, -1, ()), (99, 0, None), (0, 5, None), (5, -1, (1,)), (5, -1, ((b"a", 1),)),
    (5, -1, (("a", (0, 0, None)),)), (0, 0, None), (5, 0, ((b"a", (0, 0, None)),)),
    (5, -1, ((b"a", (1, 0, "s")),)),
])  # fmt: skip
def test_a_description_that_is_none_is_refused(description: Any) -> None:
    assert _native.MODULE is not None
    with pytest.raises((ValueError, TypeError)):
        _native.MODULE.Reader(description, 1)


def test_a_description_has_an_end() -> None:
    assert _native.MODULE is not None
    deep: Any = (0, 0, None)
    for _ in range(40):
        deep = (5, -1, ((b"a", deep),))
    with pytest.raises(ValueError, match="too deep"):
        _native.MODULE.Reader(deep, 1)
    with pytest.raises(ValueError, match="too many"):
        _native.MODULE.Reader((5, -1, ()), 10**9)
    with pytest.raises(TypeError):
        _native.MODULE.Reader((5, -1, ()), 0).decode("text")


def test_what_a_function_raises_leaves_the_line_to_others() -> None:
    assert _native.MODULE is not None

    def raising(value: bytes) -> object:
        calls.append(value)
        if value == b"[2]":
            raise KeyError(value)
        if value == b"[3]":
            raise KeyboardInterrupt
        if value == b"[4]":
            return reader.decode(b"{}")
        return value

    calls: list[bytes] = []
    module = _native.MODULE
    reader = module.Reader((module.OBJECT, -1, ((b"a", (module.WHOLE, 0, raising)),)), 1)
    rows, columns, odd, blank = reader.decode(b'{"a":[1] }\n\n{"a": [2]}\n{"a":[4]}\n')
    assert (rows, columns, blank) == (3, ([b"[1]", None, None],), 1)
    assert [row for row, _, _ in odd] == [1, 2]  # the third is at work already
    with pytest.raises(KeyboardInterrupt):
        reader.decode(b'{"a":[1]}\n{"a":[3]}\n')
    assert reader.decode(b'{"a": [1]}')[1] == ([b"[1]"],)
