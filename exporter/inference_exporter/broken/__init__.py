"""Broken, not drifted: gross breakage of a feature, found in minutes.

    verdict  counts of the last minutes -> which features are broken, and how
    minutes  what is counted of a version, minute by minute
    broken   all of it for one model

`docs/broken.md` tells it in plain sentences, with its measurement.
"""

from inference_exporter.broken.broken import PREFIX, Broken
from inference_exporter.broken.verdict import KINDS

__all__ = ["KINDS", "PREFIX", "Broken"]
