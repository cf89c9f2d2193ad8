"""What to open and what to watch for, in words."""

from __future__ import annotations

import math
import textwrap
import time
from collections.abc import Iterator

from inference_exporter.demo.folder import PSI_THRESHOLD, WINDOWS
from inference_exporter.demo.prometheus import QUERIES
from inference_exporter.demo.traffic import DRIFTING, FACTOR

_WINDOW = 120.0  # seconds of the shorter of WINDOWS: full ones are decided on
_ALERT_AFTER = 20.0  # seconds from its end: late rows, a scrape, an evaluation
_NEVER = 86400.0  # a drift so late is no drift


def pages(exporter: str, prometheus: str, alerts: str) -> Iterator[str]:
    """Addresses to open, with their titles."""
    yield _page("status page: start here", f"{exporter}/")
    yield _page("its metrics", f"{exporter}/metrics")
    if prometheus:
        for query in QUERIES:
            yield _page(query.title, query.address(prometheus))
        yield _page("alerts", alerts)


def _page(title: str, address: str) -> str:
    return f"    {title:<27}{address}"


def what_to_watch(drift_after: float, now: float, labels: float, alerts: bool = False) -> str:
    """What will happen, and how it will show."""
    if drift_after >= _NEVER:
        return "Nothing drifts this time: all that moves is chance. Ctrl-C ends all of it."
    at = time.strftime("%H:%M:%S", time.localtime(now + drift_after))
    cause = (
        f"At about {at} the {DRIFTING} begins to arrive {FACTOR} times too large, as if somebody "
        f"upstream had changed a unit. Its PSI passes {PSI_THRESHOLD:g} a little over a minute "
        f"later, while the window (the last {WINDOWS[0]}) fills with it."
    )
    effect = (
        "The accuracy hardly moves. What falls is the recall: the model believes the larger income "
        "and overlooks people who will not pay back."
        if labels > 0
        else "No outcome is known here, so nothing else could tell."
    )
    if alerts:
        effect += (
            f" The alert InferenceFeatureDrift follows the decision on the full {WINDOWS[0]}, at "
            f"about {_alarm(now + drift_after)}."
        )
    text = f"{cause} {effect} Values that rest on too little evidence are left out."
    return f"{textwrap.fill(text, 88)}\n\nCtrl-C ends all of it."


def _alarm(drift: float) -> str:
    """When the first window ends of which at least half has drifted, and a little."""
    end = math.ceil((drift + _WINDOW / 2) / _WINDOW) * _WINDOW
    return time.strftime("%H:%M:%S", time.localtime(end + _ALERT_AFTER))


def drift_begins() -> str:
    """Said when it does."""
    return f"from about now on, the {DRIFTING} is {FACTOR} times too large"
