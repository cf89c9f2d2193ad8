"""Samples with times of the past, written to Prometheus by its remote-write protocol (1.0).

https://prometheus.io/docs/specs/prw/remote_write_spec/. Snappy allows a body that is one literal:
nothing is compressed on loopback. Where a series ends a staleness marker is written, as a scrape or
a rule would do.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import requests

from inference_exporter.values.batch import Floats, Ints

_STALE = np.frombuffer(struct.pack("<Q", 0x7FF0000000000002), "<f8")[0]
_PAIR = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_SAMPLE = np.dtype([("head", "S3"), ("value", "<f8"), ("tag", "u1"), ("time", "S6")])
_HEAD = b"\x12\x10\x09"  # a sample of 16 bytes, whose value comes first
_TIME_TAG = 0x10
_BODY = 4 << 20
_UNESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Values (series, steps) of series as they are on a page; NaN is absent."""

    series: Sequence[str]
    labels: Mapping[str, str]
    values: Floats


@dataclass(slots=True)
class Writer:
    """Writes to one Prometheus and remembers which series are there."""

    url: str
    samples: int = 0
    _live: dict[bytes, bool] = field(default_factory=dict)
    _plain: dict[str, dict[str, str]] = field(default_factory=dict)

    def write(self, chunk: Chunk, times: Ints) -> None:
        """All samples of the chunk; `times` (steps,) are epoch milliseconds."""
        body, size = [], 0
        stamps = np.array([_varint(int(time)) for time in times], "S6")
        for text, values in zip(chunk.series, chunk.values, strict=True):
            series = self._series(encoded({**self._labels(text), **chunk.labels}), values, stamps)
            body.append(series)
            size += len(series)
            if size > _BODY:
                self._post(b"".join(body))
                body, size = [], 0
        if body:
            self._post(b"".join(body))

    def _labels(self, text: str) -> dict[str, str]:
        found = self._plain.get(text)
        if found is None:
            found = self._plain[text] = labels_of(text)
        return found

    def _series(self, labels: bytes, values: Floats, stamps: Ints) -> bytes:
        known = ~np.isnan(values)
        before = np.concatenate([[self._live.get(labels, False)], known[:-1]])
        kept = known | before
        if not kept.any():
            return b""
        self._live[labels] = bool(known[-1])
        found = np.empty(int(kept.sum()), _SAMPLE)
        found["head"], found["tag"] = _HEAD, _TIME_TAG
        found["value"], found["time"] = np.where(known, values, _STALE)[kept], stamps[kept]
        self.samples += len(found)
        message = labels + found.tobytes()
        return b"\x0a" + _varint(len(message)) + message

    def _post(self, body: bytes) -> None:
        literal = b"\xfc" + struct.pack("<I", len(body) - 1) + body
        answer = requests.post(
            f"{self.url}/api/v1/write", data=_varint(len(body)) + literal, timeout=900,
            headers={"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf",
                     "X-Prometheus-Remote-Write-Version": "0.1.0"},
        )  # fmt: skip
        if not answer.ok:
            raise RuntimeError(f"Prometheus took nothing: {answer.text}")


def labels_of(text: str) -> dict[str, str]:
    r"""Name and labels of a series as on a page; empty ones are no labels.

    >>> labels_of('up{job="a",team=""}')
    {'__name__': 'up', 'job': 'a'}
    """
    name, _, rest = text.partition("{")
    pairs = {key: _plain(value) for key, value in _PAIR.findall(rest)}
    return {"__name__": name} | {key: value for key, value in pairs.items() if value}


def text_of(name: str, labels: Mapping[str, str]) -> str:
    r"""A series as it would be on a page: what `labels_of` reads.

    >>> text_of("up", {"job": "a", "path": '"x"'})
    'up{job="a",path="\\"x\\""}'
    """
    pairs = ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items())
    return f"{name}{{{pairs}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _plain(text: str) -> str:
    return re.sub(r"\\[\\\"n]", lambda found: _UNESCAPED[found[0]], text)


def encoded(labels: Mapping[str, str]) -> bytes:
    """Labels of a time series as the message has them, sorted by name."""
    return b"".join(_field(b"\x0a", _label(name, labels[name])) for name in sorted(labels))


def _label(name: str, value: str) -> bytes:
    return _field(b"\x0a", name.encode()) + _field(b"\x12", value.encode())


def _field(tag: bytes, content: bytes) -> bytes:
    return tag + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    return bytes(_sevens(number))


def _sevens(number: int) -> Iterator[int]:
    while number > 127:
        yield number & 127 | 128
        number >>= 7
    yield number
