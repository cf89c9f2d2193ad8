"""`concept_drift:` of a model: which detectors follow which streams, with which parameters.

The parameters are those of `detectors/`, which this layer does not know; a test holds the two
tables against each other.
"""

from __future__ import annotations

from collections.abc import Mapping

from inference_exporter.config.checks import (
    Check,
    Findings,
    Key,
    Section,
    closest,
    expected,
    shaped,
)
from inference_exporter.config.schema import ConceptDrift
from inference_exporter.config.values import duration, integer, list_of, number, one_of

SIGNALS = ("error", "residual", "latency")
BINARY_ONLY = ("ddm", "eddm", "hddm_a")  # detectors that understand errors, 0 and 1, and no more

_proportion = number(1e-12, 1 - 1e-12)
PARAMETERS: Mapping[str, Mapping[str, Check[float]]] = {
    "adwin": {"delta": _proportion, "clock": integer(1, 1_000_000)},
    "ddm": {
        "warm_start": integer(1, 1_000_000),
        "warning_threshold": number(1e-6, 1e6),
        "drift_threshold": number(1e-6, 1e6),
    },
    "eddm": {"warm_start": integer(1, 1_000_000), "alpha": _proportion, "beta": _proportion},
    "hddm_a": {"drift_confidence": _proportion, "warning_confidence": _proportion},
    "kswin": {
        "alpha": _proportion,
        "window_size": integer(2, 1000),
        "stat_size": integer(1, 500),
        "seed": integer(0, 2**31),
    },
    "page_hinkley": {
        "min_instances": integer(1, 1_000_000),
        "delta": number(0.0, 1e9),
        "threshold": number(1e-9, 1e12),
        "alpha": number(0.0, 1.0),
    },
}
# (detector, smaller or equal, larger, their defaults, factor): smaller * factor <= larger
_ORDERED = (
    ("ddm", "warning_threshold", "drift_threshold", 2.0, 3.0, 1),
    ("eddm", "beta", "alpha", 0.9, 0.95, 1),
    ("kswin", "stat_size", "window_size", 30, 100, 2),
)


@shaped(
    {
        "type": "object",
        "properties": {
            name: {"type": "object", "properties": dict(known), "additionalProperties": False}
            for name, known in PARAMETERS.items()
        },
        "additionalProperties": False,
    }
)
def _parameters(value: object) -> dict[str, dict[str, float]]:
    """Detectors with their parameters."""
    if not isinstance(value, Mapping):
        raise expected("a mapping of detectors to parameters", value)
    findings = Findings()
    good: dict[str, dict[str, float]] = {}
    for name, raw in value.items():
        if name not in PARAMETERS:
            findings.add(str(name), f"unknown detector; {closest(str(name), PARAMETERS)}")
        elif not isinstance(raw, Mapping):
            findings.add(name, "expected a mapping of parameters to numbers")
        else:
            good[name] = _of_one(name, raw, findings)
    _check_order(good, findings)
    findings.raise_any()
    return good


def _of_one(name: str, raw: Mapping[object, object], findings: Findings) -> dict[str, float]:
    known = PARAMETERS[name]
    good: dict[str, float] = {}
    for key, value in raw.items():
        if key not in known or not isinstance(key, str):
            findings.add(f"{name}.{key}", f"unknown parameter; {closest(str(key), known)}")
            continue
        checked = findings.take(f"{name}.{key}", known[key], value)
        if checked is not None:
            good[key] = checked
    return good


def _check_order(good: Mapping[str, Mapping[str, float]], findings: Findings) -> None:
    for name, small, large, least, most, factor in _ORDERED:
        given = good.get(name, {})
        if given.get(small, least) * factor > given.get(large, most):
            times = f"{factor} times " if factor > 1 else ""
            findings.add(name, f"{large} must be at least {times}{small}")


CONCEPT_DRIFT = Section(
    "concept_drift",
    ConceptDrift,
    (
        Key("detectors", list_of(one_of(*PARAMETERS), "a list of detectors"),
            f"names out of {', '.join(PARAMETERS)}",
            "The sequential tests to run; their measured false alarms are in "
            "[detectors.md](detectors.md).", "[adwin, page_hinkley]"),
        Key("signals", list_of(one_of(*SIGNALS), "a list of signals"),
            "names out of error, residual, latency",
            "The streams to follow, as far as the log has what they need: a label for `error` "
            "(classification) and `residual` (regression, or a score), `fields.latency`.",
            "[error]"),
        Key("parameters", _parameters, "detectors, each with parameters",
            "Parameters that are not the detector's defaults.", "{adwin: {delta: 0.0001}}",
            default="none"),
        Key("latency_rows", integer(1, 100_000), "a whole number",
            "Successive requests whose mean log latency makes one value of the stream.", "100"),
        Key("hold", duration(1.0, 30 * 86400.0), "a duration",
            "How long `inference_concept_drift` stays 2 after a detection.", "1h",
            default="1h"),
    ),
)  # fmt: skip


@shaped(CONCEPT_DRIFT)
def concept_drift(value: object) -> ConceptDrift:
    """The section; every detector must understand one of the signals."""
    found: ConceptDrift = CONCEPT_DRIFT(value)
    findings = Findings()
    for name in found.detectors:
        if name in BINARY_ONLY and "error" not in found.signals:
            findings.add("detectors", f"{name} follows only the signal error")
    findings.raise_any()
    return found
