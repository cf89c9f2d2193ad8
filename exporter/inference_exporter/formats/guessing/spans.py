"""The steps of requests, where a log is one of spans: by the names of those within requests."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from inference_exporter.formats.guessing.yaml_text import quoted, remark
from inference_exporter.formats.peeling.records import otlp_traces

STEPS = 12  # the most frequent ones
_OTHER = re.compile(r"\W+")


def steps_of(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """The lines of `fields.steps`; none where no span is within another."""
    counts = Counter(name for name in map(_name, _spans(rows)) if name)
    lines: dict[str, str] = {}
    for name, _ in counts.most_common(STEPS):
        key = _OTHER.sub("_", name).strip("_") or "step"
        if key not in lines:
            lines[key] = f"{{from: duration, unit: ns, when: {{name: {quoted(name)}}}}}"
    if not lines:
        return []
    question = remark("steps", ["keep those that explain where the time goes"])
    return [f"steps:{question}", *(f"  {quoted(key)}: {text}" for key, text in lines.items())]


def _spans(rows: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
    block = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    return [json.loads(line) for line in otlp_traces(block).splitlines()]


def _name(span: Mapping[str, Any]) -> str | None:
    name = span.get("name")
    return name if isinstance(name, str) and span.get("request") is False else None
