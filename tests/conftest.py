"""What holds for all tests: none depends on how fast the machine is at the moment."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("few", settings.get_profile("patient"), max_examples=20)
settings.load_profile("patient")

_LONG = ("test_end_to_end.py", "test_rules.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: nobody waits for them at the end."""
    items.sort(key=lambda item: item.path.name not in _LONG)
