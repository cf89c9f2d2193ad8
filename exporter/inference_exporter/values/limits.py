"""Limits that those who decide and those who tell why share."""

from __future__ import annotations

LEAST_EFFECTIVE = 8.0  # independent rows' worth of evidence that a cell needs on average
