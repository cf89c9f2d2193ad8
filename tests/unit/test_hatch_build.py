"""A wheel is built without a compiler, too: then it is of Python alone, and that is said."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
INTERFACE = "hatchling.builders.hooks.plugin.interface"


class Hook:
    """Hatchling's own, as far as ours uses it: it is only there while something is built."""

    def __init__(self) -> None:
        self.root, self.warnings = str(ROOT), list[str]()
        self.app = SimpleNamespace(display_warning=self.warnings.append)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Any:
    parts = INTERFACE.split(".")
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr(sys.modules[INTERFACE], "BuildHookInterface", Hook, raising=False)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.NativeHook()


def test_a_compiler_that_fails_makes_a_wheel_of_python_alone(
    hook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "/bin/false")
    built: dict[str, Any] = {"force_include": {}, "pure_python": True}
    hook.initialize("standard", built)
    assert built == {"force_include": {}, "pure_python": True}
    (warning,) = hook.warnings
    assert "no compiled reader, the wheel is pure Python" in warning


def test_who_wants_python_alone_is_asked_for_no_compiler(
    hook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFERENCE_EXPORTER_BUILD", "python")
    built: dict[str, Any] = {"force_include": {}}
    hook.initialize("standard", built)
    assert built == {"force_include": {}}
    assert hook.warnings == []
