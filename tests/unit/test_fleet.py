"""The synthetic fleet that dashboards are looked at with: what it writes, and its alerts."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from dashboards.fleet import remote, rules, traffic
from dashboards.fleet.scenarios import HOURS, MOMENTS, SCENARIOS, TROUBLE

STALE = struct.pack("<Q", 0x7FF0000000000002)


class _Sent(remote.Writer):
    """A writer whose bodies are kept."""

    def __init__(self) -> None:
        super().__init__("http://nowhere")
        self.bodies: list[bytes] = []

    def _post(self, body: bytes) -> None:
        self.bodies.append(body)


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Numbers and contents of a message's fields."""
    at = 0
    while at < len(data):
        tag, at = _number(data, at)
        kind = tag & 7
        if kind == 2:
            size, at = _number(data, at)
            yield tag >> 3, data[at : at + size]
            at += size
        elif kind == 1:
            yield tag >> 3, data[at : at + 8]
            at += 8
        else:
            begin = at
            _, at = _number(data, at)
            yield tag >> 3, data[begin:at]


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value, at, shift = value | (byte & 127) << shift, at + 1, shift + 7
        if byte < 128:
            return value, at


def _read(body: bytes) -> list[tuple[dict[str, str], list[tuple[int, bytes]]]]:
    """Labels, and times with the bytes of values, of every series of a request."""
    found = []
    for _, series in _fields(body):
        parts = list(_fields(series))
        pairs = [dict(_fields(content)) for number, content in parts if number == 1]
        samples = [dict(_fields(content)) for number, content in parts if number == 2]
        labels = {pair[1].decode(): pair[2].decode() for pair in pairs}
        found.append((labels, [(_number(one[2], 0)[0], one[1]) for one in samples]))
    return found


def test_a_request_has_sorted_labels_values_and_a_marker_where_a_series_ends() -> None:
    writer, times = _Sent(), np.array([1_800_000_000_000, 1_800_000_060_000, 1_800_000_120_000])
    values = np.array([[1.5, math.nan, math.nan], [math.nan, 2.0, 3.0], [math.nan] * 3])
    names = ['b{model="x",team=""}', r'a{range="\"1\" \\ 2"}', "nothing"]
    writer.write(remote.Chunk(names, {"job": "j"}, values), times)
    (first, second) = _read(writer.bodies[0])
    assert list(first[0].items()) == [("__name__", "b"), ("job", "j"), ("model", "x")]
    assert second[0]["range"] == '"1" \\ 2'
    assert first[1] == [(times[0], struct.pack("<d", 1.5)), (times[1], STALE)]
    assert [value for _, value in second[1]] == [struct.pack("<d", one) for one in (2.0, 3.0)]
    writer.write(remote.Chunk(names, {"job": "j"}, values[:, :1]), times[:1] + 180_000)
    (_, ended) = _read(writer.bodies[1])
    assert [value for _, value in ended[1]] == [STALE], "it was there at the end of the hour before"
    assert writer.samples == 6


def test_an_alert_waits_and_stays_as_prometheus_has_it() -> None:
    rule = {"for": "2m", "keep_firing_for": "3m"}
    alert = rules._Alert()
    seen = [alert.look(rule, 60.0 * i, true) for i, true in enumerate(
        [False, True, True, True, False, True, False, False, False, True, False]
    )]  # fmt: skip
    assert seen == ["", "pending", "pending", *["firing"] * 5, "", "pending", ""]
    plain = rules._Alert()
    assert [plain.look({}, 60.0 * i, true) for i, true in enumerate([True, False])] == [
        "firing",
        "",
    ]


def test_every_scenario_is_well_then_in_trouble_then_well_again() -> None:
    begin, end = TROUBLE
    assert MOMENTS["healthy"] < begin < MOMENTS["trouble"] < end < MOMENTS["recovering"]
    assert MOMENTS["recovering"] < 60 * HOURS
    assert len(SCENARIOS["twenty"].names()) == 20
    wide, fifty = SCENARIOS["wide"], SCENARIOS["fifty"]
    assert (wide.features, wide.drifting) == (200, 40)
    assert fifty.simulated * fifty.copies == 50
    assert {one.task for one in SCENARIOS.values()} == {
        "binary", "multiclass", "regression", "ranking"
    }  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_trouble_is_in_the_rows_that_it_is_about(name: str) -> None:
    scenario = SCENARIOS[name]
    rows = {bad: traffic.Draws(scenario, 1).rows(400, bad) for bad in (False, True)}
    names = [one for one in traffic.inputs(scenario.features) if one not in ("country", "channel")]
    means = {
        bad: {one: np.mean([row["x"][one] for row in found]) for one in names}
        for bad, found in rows.items()
    }
    moved = [one for one in names if means[True][one] > 1.2 * means[False][one]]
    assert moved == names[: scenario.drifting]
    lines = list(traffic.Draws(scenario, 1).lines(50, 0.0, 60.0, trouble=True))
    assert len(lines) == (0 if scenario.stops else 50)
