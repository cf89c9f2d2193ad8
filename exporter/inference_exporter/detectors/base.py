"""What a detector is: values in, the offsets at which the stream changed out. State, no clock.

A detector follows one stream (errors 0/1, residuals, latencies) from its last restart, and
restarts itself after every detection: the next value is the first of a new stream, which is how
`river` behaves and what the numbers of `docs/detectors.md` are measured with. A detector is its
own saved state, a msgspec Struct of bounded size: at most 8 kB, whatever the traffic.

Detections do not depend on how the stream is cut into blocks, nor on restarts of the process.
"""

from __future__ import annotations

import zlib
from typing import ClassVar, Final, Literal, Protocol, Self

import msgspec
import numpy as np

from inference_exporter.values.batch import Floats

Level = Literal[0, 1, 2]
Input = Literal["binary", "real"]

STABLE: Final = 0
WARNING: Final = 1
DRIFT: Final = 2

_LARGEST = 1e100  # squares of values up to here can be added without overflow; larger are clipped
_CHECKSUM_BYTES = 4


class Detector(Protocol):
    """A sequential test on one stream.

    `name` and `help` say what it is, `inputs` which streams it understands: `binary` is 0 and 1
    (1 is an error), `real` is any finite number. `level` is the verdict at the last value (0
    stable, 1 warning, 2 drift), `detections` counts the drifts since the stream began.
    """

    name: ClassVar[str]
    help: ClassVar[str]
    inputs: ClassVar[frozenset[Input]]
    level: Level
    detections: int

    def update_many(self, values: Floats) -> list[int]:
        """Follow a block of values; the offsets in it at which drift was detected.

        Values are finite, and 0 or 1 for a detector of `binary` only; otherwise ValueError, and
        nothing has changed.
        """

    def to_bytes(self) -> bytes:
        """Everything it knows, parameters included."""

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The detector that was saved; ValueError if `data` is damaged or another detector's."""


class RestartingTest(msgspec.Struct, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """What all detectors share: blocks, the restart after a detection, and saving.

    A detector has its parameters and state as fields with defaults, and says in `_first_drift`
    how values are followed up to the first detection. It need not store anything about the values
    of a segment with a detection, since `_restart` follows.
    """

    name: ClassVar[str]
    help: ClassVar[str]
    inputs: ClassVar[frozenset[Input]]
    segment: ClassVar[int] = 1024  # values prepared at once: wasted when a detection comes early

    level: Level = STABLE
    detections: int = 0

    def update_many(self, values: Floats) -> list[int]:
        """Follow a block of values; the offsets in it at which drift was detected."""
        values = self._checked(values)
        found: list[int] = []
        start = 0
        while start < len(values):
            if self.level == DRIFT:
                self.level = STABLE
            segment = values[start : start + self.segment]
            drift = self._first_drift(segment)
            if drift is None:
                start += len(segment)
            else:
                start += drift + 1
                found.append(start - 1)
                self._restart()
                self.level = DRIFT
        self.detections += len(found)
        return found

    def to_bytes(self) -> bytes:
        """Everything it knows, parameters included."""
        body = msgspec.msgpack.encode(self)
        return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "big") + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The detector that was saved; ValueError if `data` is damaged or another detector's."""
        body = data[_CHECKSUM_BYTES:]
        if zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "big") != data[:_CHECKSUM_BYTES]:
            raise ValueError(f"damaged {cls.name} detector: wrong checksum")
        try:
            return msgspec.msgpack.decode(body, type=cls)
        except msgspec.MsgspecError as error:
            raise ValueError(f"damaged {cls.name} detector: {error}") from error

    def _checked(self, values: Floats) -> Floats:
        if "real" not in self.inputs:
            if not ((values == 0) | (values == 1)).all():
                raise ValueError(f"{self.name} follows only zeros and ones")
            return values
        if not np.isfinite(values).all():
            raise ValueError(f"{self.name} follows only finite numbers")
        return np.clip(values, -_LARGEST, _LARGEST)

    def _first_drift(self, values: Floats) -> int | None:
        """Follow `values`; the offset of the first detection, None if there is none."""
        raise NotImplementedError

    def _restart(self) -> None:
        """Forget the stream; keep the parameters."""
        raise NotImplementedError


def proportion(name: str, value: float) -> None:
    """Raise ValueError unless the parameter lies strictly between 0 and 1."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {value}")
