"""What holds for all tests: none depends on how fast the machine is at the moment."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
