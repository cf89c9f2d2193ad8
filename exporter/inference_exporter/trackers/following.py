"""A metrics page, looked at again and again, and what it says handed to trackers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import requests

from inference_exporter.trackers.measures import Measured, measured
from inference_exporter.trackers.tracker import Tracker, TrackerError

logger = logging.getLogger(__name__)
_TIMEOUT = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one look: values that were written, and whether anything failed."""

    written: int
    failed: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Where values are from, and which are wanted; see `measures.measured`."""

    url: str
    models: Sequence[str]
    statistics: Sequence[str]

    def read(self) -> list[Measured]:
        """The values of all versions.

        Raises
        ------
        TrackerError
            The page cannot be had, or is none.
        """
        try:
            answer = requests.get(self.url, timeout=_TIMEOUT, headers={"Accept": "text/plain"})
            answer.raise_for_status()
            found = measured(answer.text, models=self.models, statistics=self.statistics)
        except (requests.RequestException, ValueError) as error:
            raise TrackerError(
                f"{self.url}: {error}; say with --exporter.url where the exporter's metrics are"
            ) from error
        if not found:
            who = ", ".join(self.models) or "any model"
            raise TrackerError(f"{self.url} says nothing of {who}: is it the exporter's page?")
        return found


def look(page: Page, trackers: Sequence[Tracker]) -> Outcome:
    """Read the page and write its values; what fails is in the log."""
    moment = time.time()
    try:
        found = page.read()
    except TrackerError as error:
        logger.warning("%s", error)
        return Outcome(0, failed=True)
    written, failed = 0, False
    for one in found:
        for tracker in trackers:
            try:
                where = tracker.write(one, moment)
            except TrackerError as error:
                logger.warning("%s", error)
                failed = True
                continue
            written += len(one.values)
            count = len(one.values)
            logger.info("%s %s: %d values in %s", one.model, one.version, count, where)
    return Outcome(written, failed)


def follow(page: Page, trackers: Sequence[Tracker], interval: float, stop: threading.Event) -> None:
    """Look every so many seconds until it is to stop; what fails is tried again next time."""
    while not stop.is_set():
        look(page, trackers)
        stop.wait(interval)
