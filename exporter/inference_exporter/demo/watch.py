"""What the exporter says at the moment, read from /metrics as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import requests
from prometheus_client.parser import text_string_to_metric_families

from inference_exporter.demo.folder import PSI_THRESHOLD, WINDOWS
from inference_exporter.demo.traffic import DRIFTING


@dataclass(frozen=True, slots=True)
class Reading:
    """A few values of the page; None where the exporter shows none (yet)."""

    requests: int = 0
    lines: int = 0
    psi: float | None = None
    recall: float | None = None
    accuracy: float | None = None

    def describe(self) -> str:
        """One line for people."""
        window = WINDOWS[0]
        parts = [f"{self.requests:,} requests"]
        if self.psi is None:
            parts.append(f"{DRIFTING}: too few values for a PSI yet")
        else:
            verdict = "drift!" if self.psi > PSI_THRESHOLD else "ok"
            parts.append(f"{DRIFTING} PSI {self.psi:.3f} ({verdict}, limit {PSI_THRESHOLD:g})")
        if self.accuracy is not None:
            parts.append(f"accuracy {self.accuracy:.2f}")
        if self.recall is not None:
            parts.append(f"recall of defaults {self.recall:.2f}")
        return " | ".join(parts) + f" [last {window}]"


def get(url: str, timeout: float = 5.0) -> requests.Response:
    """A GET on this machine, past any proxy."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=timeout)


def answers(url: str) -> bool:
    """Whether a GET succeeds."""
    try:
        return get(url).ok
    except requests.RequestException:
        return False


def read(url: str) -> Reading | None:
    """The present reading, or None while the page cannot be had."""
    try:
        response = get(url)
        response.raise_for_status()
    except requests.RequestException:
        return None
    return parse(response.text)


def parse(page: str) -> Reading:
    """A reading from the text of /metrics."""
    samples = list(_samples(page))

    def total(name: str) -> int:
        return int(sum(value for sample, _, value in samples if sample == name))

    def gauge(name: str, **labels: str) -> float | None:
        wanted = {**labels, "window": WINDOWS[0]}.items()
        found = (
            value
            for sample, own, value in samples
            if sample == name and wanted <= own.items() and "segment" not in own  # of all rows
        )
        return next(found, None)

    performance = "inference_performance"
    return Reading(
        requests=total("inference_requests_total"),
        lines=total("inference_exporter_lines_total"),
        psi=gauge("inference_feature_drift", feature=DRIFTING, statistic="psi"),
        recall=gauge(performance, metric="recall", **{"class": "default"}),
        accuracy=gauge(performance, metric="accuracy"),
    )


def _samples(page: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value
