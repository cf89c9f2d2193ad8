"""The pages: one module each with a function `page()`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dashboards.board.parts import Page
from dashboards.pages import drift, exporter, latency, model, overview, quality

PAGES: Mapping[str, Callable[[], Page]] = {
    "inference-overview": overview.page,
    "inference-model": model.page,
    "inference-drift": drift.page,
    "inference-quality": quality.page,
    "inference-latency": latency.page,
    "inference-exporter": exporter.page,
}
