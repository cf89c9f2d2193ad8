"""Lines of servers whose formats are known: the pattern that reads them and the fields in it.

None of them carries features or predictions. The most telling pattern comes first; lines of other
kinds in the same log stay unmatched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Access:
    """A kind of line. `fields` are YAML texts by field, `steps` YAML texts by step."""

    name: str
    pattern: str
    fields: dict[str, str]
    steps: dict[str, str] = field(default_factory=dict)
    note: str = ""


_MS = "{from: ms, unit: ms}"
_REQUEST = r'"(?P<method>[A-Z]+) (?P<path>\S+)[^"]*" (?P<status>\d{3})'
_COMBINED = rf"\S+ \S+ \S+ \[(?P<time>[^\]]+)\] {_REQUEST} (?P<bytes>\d+|-)"

ACCESS: tuple[Access, ...] = (
    Access(
        "KServe's per-request latencies",
        r"^(?P<time>\S+ \S+) \d+ kserve\.trace requestId: (?P<id>[^,]+)"
        r", preprocess_ms: (?P<preprocess>[\d.e-]+), explain_ms: (?P<explain>[\d.e-]+)"
        r", predict_ms: (?P<predict>[\d.e-]+), postprocess_ms: (?P<postprocess>[\d.e-]+)",
        {"timestamp": "time", "id": "id"},
        {
            "preprocess": "{from: preprocess, unit: ms}",
            "inference": "{from: predict, unit: ms}",
            "postprocess": "{from: postprocess, unit: ms}",
        },
        "the lines with http_status hold the outcome, but not under the same id",
    ),
    Access(
        "BentoML's access log",
        r"^(?P<time>\S+) \[\w+\] \[[^\]]*\] \S+ \(scheme=[^)]*path=(?P<path>[^,)]*)[^)]*\)"
        r" \(status=(?P<status>\d{3})[^)]*\) (?P<ms>[\d.]+)ms"
        r" \(trace=(?P<trace>[0-9a-f]*),span=(?P<span>[0-9a-f]*)",
        {
            "timestamp": "time", "id": "span", "latency": _MS, "status": "status",
            "trace_id": "trace",
        },
    ),
    Access(
        "Ray Serve's text log",
        r"^\w+ (?P<time>\S+ \S+) \S+ \S+ (?P<id>\S+) -- (?P<method>[A-Z]+) (?P<path>\S+)"
        r" (?P<status>\w+) (?P<ms>[\d.]+)ms$",
        {"timestamp": "time", "id": "id", "latency": _MS, "status": "status"},
        note="a request is in the log of its replica and in that of the proxy: follow only one",
    ),
    Access(
        "TorchServe's access log",
        rf"^(?P<time>\d{{4}}-\S+(?: [\d:,.]+)?) .*?- \S+ {_REQUEST} (?P<ms>\d+)$",
        {"timestamp": "time", "latency": _MS, "status": "status"},
    ),
    Access(
        "nginx with $request_time",
        rf"^{_COMBINED}.*? rt=(?P<rt>[\d.]+)(?:.*? rid=(?P<rid>\S+))?",
        {"timestamp": "time", "id": "rid", "latency": "rt", "status": "status"},
    ),
    Access(
        "the combined format of nginx, Apache, gunicorn and hypercorn",
        _COMBINED,
        {"timestamp": "time", "status": "status"},
        note="the default format has no latency; nginx logs it as $request_time, gunicorn as %(D)s",
    ),
    Access(
        "uvicorn's access log behind a timestamp",
        rf"^(?P<time>\d{{4}}-\d\d-\d\d[T ]\S+) .*{_REQUEST}",
        {"timestamp": "time", "status": "status"},
        note="uvicorn logs no latency: measure it in a middleware",
    ),
    Access(
        "uvicorn's access log",
        _REQUEST,
        {"status": "status"},
        note="uvicorn logs neither time nor latency by default",
    ),
)  # fmt: skip


def known(lines: Sequence[str]) -> Access | None:
    """The first kind that matches any of the lines."""
    for access in ACCESS:
        pattern = re.compile(access.pattern)
        if any(pattern.search(line) for line in lines):
            return access
    return None
