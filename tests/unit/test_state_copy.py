"""A state is looked at while its exporter has it open."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference_exporter.clock import ManualClock
from inference_exporter.errors import StateError
from inference_exporter.state import Store, copied


def test_a_copy_is_what_was_committed_last(tmp_path: Path) -> None:
    store, clock = Store.open(str(tmp_path), 0.0), ManualClock()
    for number in range(50):
        assert store.commit({"key": b"%d" % number, f"k{number}": bytes(2000)})
        copy = copied(tmp_path, clock)
        assert copy.load()["key"] == b"%d" % number
        assert len(copy.load()) == number + 2
        assert not copy.commit({"key": b"x"})
        copy.close()
    assert store.load()["key"] == b"49"
    store.close()
    after = copied(tmp_path, clock)
    assert after.load()["key"] == b"49"
    after.close()


def test_a_state_that_always_changes_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inference_exporter.state import copy as module

    store, clock = Store.open(str(tmp_path), 0.0), ManualClock()
    real = module._copy

    def busy(*arguments: object) -> None:
        real(*arguments)  # type: ignore[arg-type]
        store.commit({"key": bytes(100)})

    store.commit({"key": b""})
    monkeypatch.setattr(module, "_copy", busy)
    with pytest.raises(StateError, match="changes all the time"):
        copied(tmp_path, clock)
    store.close()


def test_a_folder_without_a_state_is_said(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="has no state"):
        copied(tmp_path, ManualClock())
