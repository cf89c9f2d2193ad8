"""All detectors by name."""

from __future__ import annotations

from inference_exporter.detectors.adwin import Adwin
from inference_exporter.detectors.base import Detector
from inference_exporter.detectors.ddm import Ddm
from inference_exporter.detectors.eddm import Eddm
from inference_exporter.detectors.hddm_a import HddmA
from inference_exporter.detectors.kswin import Kswin
from inference_exporter.detectors.page_hinkley import PageHinkley

DETECTORS: dict[str, type[Detector]] = {
    "adwin": Adwin,
    "ddm": Ddm,
    "eddm": Eddm,
    "hddm_a": HddmA,
    "kswin": Kswin,
    "page_hinkley": PageHinkley,
}

DEFAULT = ("adwin", "page_hinkley")
