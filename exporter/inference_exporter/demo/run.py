"""The demo from beginning to end: prepare, start, watch, stop. Read `Demo.run` first."""

from __future__ import annotations

import argparse
import importlib.util
import math
import pickle
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

import requests

from inference_exporter.demo import guide, watch
from inference_exporter.demo.console import Console
from inference_exporter.demo.data import Model, train, write_reference
from inference_exporter.demo.folder import WorkFolder
from inference_exporter.demo.launch import EXPORTER, SERVER, STOP_ORDER, TRAFFIC, Launcher
from inference_exporter.demo.processes import ChildDiedError, Children
from inference_exporter.errors import UsageError

_STATUS_EVERY = 10.0  # seconds between two status lines
_COUNT_PATIENCE = 15.0  # seconds the exporter has to read the end of the log
_LOOK_EVERY = 0.25  # seconds between two looks at the children


class _StoppedError(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


def main(options: argparse.Namespace) -> int:
    """Run the demo; 0 when it was asked to end, 1 when something in it failed."""
    if importlib.util.find_spec("sklearn") is None:
        raise UsageError("the demo needs scikit-learn: pip install 'inference-exporter[demo]'")
    return Demo(options, Console()).run()


class Demo:
    """One run."""

    def __init__(self, options: argparse.Namespace, console: Console) -> None:
        self._options, self._console = options, console
        self._folder = WorkFolder(options.folder)
        self._children = Children(self._folder.logs)
        self._launcher = Launcher(options, self._folder, self._children, console, self._look)
        self._asked_to_stop = False

    def run(self) -> int:
        """Prepare, start, watch until asked to stop, stop."""
        self._folder.open()
        self._handle_signals()
        code = 0
        try:
            self._console.say(f"Everything stays on this machine, files in {self._folder.path}\n")
            self._prepare()
            self._launcher.start()
            self._explain()
            self._watch()
        except _StoppedError:
            self._console.say("\nStopping.")
        except ChildDiedError as error:
            self._console.say(f"\n{error}\n\nStopping the rest.")
            code = 1
        finally:
            agreed = self._stop(compare=code == 0)
            self._folder.close()
        self._console.say(f"The files are still there: {self._folder.path}")
        return code if agreed else 1

    # -- before -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self._console.step(
            "A model of who will not pay back a loan: scikit-learn, 8,000 applicants"
        )
        pipeline = train()
        self._folder.model.write_bytes(pickle.dumps(pipeline))
        self._heed_stop()
        self._console.step(
            "A reference from 5,000 applicants the model has not seen: what normal is"
        )
        write_reference(self._folder.reference_csv, Model(pipeline))
        self._launcher.build_reference()
        self._heed_stop()

    def _explain(self) -> None:
        launched, given = self._launcher, self._options
        self._console.say("\nOpen in a browser:")
        for page in guide.pages(launched.exporter, launched.prometheus, launched.alerts):
            self._console.say(page)
        words = guide.what_to_watch(
            given.drift_after, time.time(), given.labels, launched.alerts_soon
        )
        self._console.say(f"\n{words}\n")

    # -- meanwhile --------------------------------------------------------------------------------

    def _watch(self) -> None:
        given = self._options
        started = time.monotonic()
        notes = [
            _Note(given.drift_after, guide.drift_begins),
            _Note(_STATUS_EVERY, self._status, every=_STATUS_EVERY),
        ]
        sending = True
        while True:
            self._look()
            elapsed = time.monotonic() - started
            if given.duration is not None and elapsed >= given.duration:
                self._console.say(f"{given.duration:g} seconds are over.")
                return
            if sending and not self._sending():
                sending = False
                self._console.say(f"All {given.requests} requests are sent; the rest runs on.")
            for note in notes:
                note.tell(elapsed, self._console)
            time.sleep(_LOOK_EVERY)

    def _sending(self) -> bool:
        return any(one.name == TRAFFIC and one.process.poll() is None for one in self._children)

    def _status(self) -> str:
        reading = watch.read(f"{self._launcher.exporter}/metrics")
        return reading.describe() if reading else "the exporter did not answer in time"

    def _look(self) -> None:
        self._heed_stop()
        self._children.check()

    # -- after ------------------------------------------------------------------------------------

    def _stop(self, *, compare: bool) -> bool:
        """End all children in order; says whether the exporter has counted every logged line."""
        self._end(TRAFFIC)
        agreed = self._compare() if compare else True
        for name in STOP_ORDER[1:]:
            self._end(name)
        return agreed

    def _end(self, name: str) -> None:
        for child, how in self._children.stop([name]):
            self._console.say(f"    {child.name} (process {child.pid}) {how}")

    def _compare(self) -> bool:
        """The end of the story: no line lost, none counted twice. Nobody writes any more."""
        running = {child.name for child in self._children}
        if not {SERVER, EXPORTER} <= running:
            return True
        try:
            logged = int(watch.get(f"{self._launcher.server}/health").json()["lines_logged"])
        except (requests.RequestException, ValueError, KeyError):
            return True
        counted, deadline = -1, time.monotonic() + _COUNT_PATIENCE
        while counted != logged and time.monotonic() < deadline:
            reading = watch.read(f"{self._launcher.exporter}/metrics")
            counted = reading.lines if reading else counted
            time.sleep(_LOOK_EVERY if counted != logged else 0.0)
        self._console.say(
            f"    the model server logged {logged:,} lines, the exporter counted {counted:,}"
        )
        if counted != logged:
            self._console.say(
                "    These should be equal. Please report it, with the files of this run."
            )
        return counted == logged

    def _handle_signals(self) -> None:
        """Note the wish to stop; it is heeded between two steps, and in the end only once."""

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self._asked_to_stop = True

        for wish in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(wish, stop)

    def _heed_stop(self) -> None:
        if self._asked_to_stop or self._console.closed:
            raise _StoppedError


@dataclass(slots=True)
class _Note:
    """Something to say at a time, once or every so many seconds."""

    due: float
    text: Callable[[], str]
    every: float = math.inf

    def tell(self, elapsed: float, console: Console) -> None:
        if elapsed >= self.due:
            minutes, seconds = divmod(int(elapsed), 60)
            console.say(f"{minutes:3d}:{seconds:02d}  {self.text()}")
            self.due += self.every
