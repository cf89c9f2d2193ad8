"""One detector on one stream: scale, restart after a detection, and when it last detected.

Detections do not depend on how the stream is cut into blocks: after one, scale and detector begin
with the very next value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from inference_exporter.concept.scale import Scale
from inference_exporter.detectors import Detector
from inference_exporter.values.batch import Floats


class StoredFollower(msgspec.Struct, array_like=True):
    """A follower as it is committed."""

    detector: bytes
    scale: Scale | None
    detections: int
    detected: float | None  # epoch seconds
    values: int


class Follower:
    """A detector of `kind` with `parameters`, following `signal`.

    `absolute` detectors have thresholds in the unit of the values, and get errors scaled as well.
    """

    def __init__(self, kind: type[Detector], parameters: Mapping[str, Any], signal: str) -> None:
        self._kind = kind
        self.detector = kind(**parameters)
        absolute = "threshold" in getattr(kind, "__struct_fields__", ())
        self._scale: Scale | None = None
        if signal != "error":
            self._scale = Scale()
        elif absolute:
            self._scale = Scale(center=False)
        self.detections = 0
        self.detected = -math.inf
        self.values = 0

    def follow(self, values: Floats, now: float) -> None:
        """Take in the next values of the stream."""
        self.values += len(values)
        while len(values):
            values = self._up_to_detection(values, now)

    def _up_to_detection(self, values: Floats, now: float) -> Floats:
        """Follow up to the first detection; what is left after it."""
        scaled = values if self._scale is None else self._scale.apply(values)
        before = self.detector.to_bytes()
        found = self.detector.update_many(scaled) if len(scaled) else []
        if not found:
            return values[len(values) :]
        if self._scale is None:
            self._note(len(found), now)
            return values[len(values) :]
        self.detector = self._kind.from_bytes(before)  # the rest is on a scale yet to be learned
        self.detector.update_many(scaled[: found[0] + 1])
        self._scale.restart()
        self._note(1, now)
        return values[len(values) - len(scaled) + found[0] + 1 :]

    def _note(self, detections: int, now: float) -> None:
        self.detections += detections
        self.detected = now

    def level(self, now: float, hold: float) -> int:
        """2 for `hold` seconds from a detection on, else 1 while the detector warns, else 0."""
        if now - self.detected < hold:
            return 2
        return 1 if self.detector.level == 1 else 0

    def to_stored(self) -> StoredFollower:
        """Everything to be committed."""
        detected = None if math.isinf(self.detected) else self.detected
        data = self.detector.to_bytes()
        return StoredFollower(data, self._scale, self.detections, detected, self.values)

    def restore(self, stored: StoredFollower, *, same: bool) -> None:
        """Go on from what was committed; with other parameters only the count goes on."""
        self.detections = stored.detections
        self.detected = -math.inf if stored.detected is None else stored.detected
        if same:
            self.detector = self._kind.from_bytes(stored.detector)
            self._scale, self.values = stored.scale, stored.values
