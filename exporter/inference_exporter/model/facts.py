"""What a model says about a block of lines; the loop makes metrics of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from inference_exporter.formats import Decoded
from inference_exporter.values.profile import Reference
from inference_exporter.windows import Placement


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """What became of one block of lines."""

    decoded: Decoded
    placement: Placement | None = None
    newest: float = math.nan
    frozen: Reference | None = None  # a warm-up reference that is now complete
    labels: Decoded | None = None  # the same lines, read as labels
