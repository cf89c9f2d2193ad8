"""Sequential change detectors, one per file; `DETECTORS` is the table of all of them by name.

`DEFAULT` are the two that stay quiet on streams without drift: see `docs/detectors.md` for the
measured false alarms and delays of each. `ConceptRunner` runs them on the streams of a model.
"""

from __future__ import annotations

from inference_exporter.detectors.base import Detector, Level
from inference_exporter.detectors.runner import ConceptRunner
from inference_exporter.detectors.table import DEFAULT, DETECTORS

__all__ = ["DEFAULT", "DETECTORS", "ConceptRunner", "Detector", "Level"]
