"""What a tracker of experiments looks like to who writes to it."""

from __future__ import annotations

import hashlib
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from inference_exporter.errors import InferenceExporterError
from inference_exporter.trackers.measures import Measured


class TrackerError(InferenceExporterError):
    """Values could not be written; the message says why and what to look at."""


class Tracker(Protocol):
    """Writes values of models to where experiments are kept."""

    name: str

    def write(self, one: Measured, moment: float) -> str:
        """Write the values of a version at a time (epoch seconds); says where they are.

        Raises
        ------
        TrackerError
            They are not written; the next ones can be.
        """

    def close(self) -> None:
        """Nothing more comes."""


def public(url: str) -> str:
    """The address of a page without credentials, as others may read it.

    >>> public("http://scraper:secret@a:9469/metrics")
    'http://a:9469/metrics'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def key_of(source: str, one: Measured) -> str:
    """A name for what one exporter says of a version, the same in every process.

    >>> key_of("http://a:9469/metrics", Measured("credit", "7"))
    '04d86131164d50cb'
    """
    text = "\0".join((source, one.model, one.version))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
