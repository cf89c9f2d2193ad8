"""Time as an argument: whatever ages asks a clock that it was given, so tests never wait."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> float:
        """Seconds since the Unix epoch; may step back when the machine's clock is corrected."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never steps back. For intervals."""

    def sleep(self, seconds: float) -> None:
        """Wait; the only place where the program waits."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """See `Clock.now`."""
        return time.time()

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        time.sleep(seconds)


@dataclass(slots=True)
class ManualClock:
    """A clock that moves only when told to; ships with the product so that users can test too.

    >>> clock = ManualClock(100.0)
    >>> clock.advance(5)
    >>> clock.now()
    105.0
    """

    seconds: float = 0.0

    def now(self) -> float:
        """See `Clock.now`."""
        return self.seconds

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Advance instead of waiting."""
        self.seconds += seconds

    def advance(self, seconds: float) -> None:
        """Move the clock; a negative number steps it back."""
        self.seconds += seconds
