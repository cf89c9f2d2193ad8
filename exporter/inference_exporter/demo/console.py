"""What the demo says to the person at the terminal."""

from __future__ import annotations

import sys


class Console:
    """Sentences and numbered steps, shown at once even into a pipe.

    `closed` once nobody reads any more (`| head`): it then falls silent instead of failing, because
    the children still have to be ended.
    """

    def __init__(self) -> None:
        self._step = 0
        self.closed = False

    def say(self, text: str = "") -> None:
        """A line."""
        if self.closed:
            return
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except OSError:
            self.closed = True

    def step(self, text: str) -> None:
        """The next of the numbered lines."""
        self._step += 1
        self.say(f"{self._step:2d}  {text}")
