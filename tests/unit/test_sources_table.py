"""The table of sources is the folder of sources."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from inference_exporter import sources
from inference_exporter.sources import SOURCES
from inference_exporter.sources.base import Source

CONTRACT = {name for name, _ in inspect.getmembers(Source, inspect.isfunction) if name[0] != "_"}


def modules_that_define_a_source() -> dict[str, type]:
    found = {}
    for module in pkgutil.iter_modules(sources.__path__):
        loaded = importlib.import_module(f"{sources.__name__}.{module.name}")
        for name, value in inspect.getmembers(loaded, inspect.isclass):
            if name.endswith("Source") and name != "Source" and value.__module__ == loaded.__name__:
                found[module.name] = value
    return found


def test_every_module_that_defines_a_source_is_in_the_table() -> None:
    assert modules_that_define_a_source() == SOURCES


def test_every_source_keeps_the_contract() -> None:
    assert {"poll", "checkpoint", "restore", "take_facts", "idle", "finish", "close"} <= CONTRACT
    for source in SOURCES.values():
        for name in CONTRACT:
            expected = list(inspect.signature(getattr(Source, name)).parameters)
            assert list(inspect.signature(getattr(source, name)).parameters) == expected
