"""Sequential change detectors, one per file; `DETECTORS` is the table of all of them by name.

`DEFAULT` are the two that stay quiet on streams without drift: see `docs/detectors.md` for the
measured false alarms and delays of each.
"""

from __future__ import annotations

from inference_exporter.detectors.adwin import Adwin
from inference_exporter.detectors.base import Detector, Level
from inference_exporter.detectors.ddm import Ddm
from inference_exporter.detectors.eddm import Eddm
from inference_exporter.detectors.hddm_a import HddmA
from inference_exporter.detectors.kswin import Kswin
from inference_exporter.detectors.page_hinkley import PageHinkley

__all__ = ["DEFAULT", "DETECTORS", "Detector", "Level"]

DETECTORS: dict[str, type[Detector]] = {
    "adwin": Adwin,
    "ddm": Ddm,
    "eddm": Eddm,
    "hddm_a": HddmA,
    "kswin": Kswin,
    "page_hinkley": PageHinkley,
}

DEFAULT = ("adwin", "page_hinkley")
