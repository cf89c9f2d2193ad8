"""What becomes of one line, step by step: `check --explain`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from inference_exporter.config.schema import LineFormat, ModelConfig
from inference_exporter.formats.json_lines import parse
from inference_exporter.formats.keys import raw_values
from inference_exporter.formats.mapping.reshape import Reshape, UnevenError
from inference_exporter.formats.peeling import peel_of
from inference_exporter.formats.peeling.wrappers import wrapper_of

_LENGTH = 400


def steps_of(model: ModelConfig, line: bytes) -> Iterator[str]:
    """Headed texts: as written, without what is around it, parsed, decoded, as rows."""
    yield f"as written: {_cut(line)}"
    wrapper = wrapper_of(line) if model.unwrap == "auto" else None
    peeled = peel_of(model)(line.rstrip(b"\r\n") + b"\n", arrays=True)
    if peeled.rstrip() != line.rstrip():
        yield f"inside{f' its {wrapper} wrapper' if wrapper else ''}: {_cut(peeled)}"
    for one in peeled.splitlines()[:3]:
        yield from _parsed(model, one)


def _parsed(model: ModelConfig, line: bytes) -> Iterator[str]:
    formats: list[LineFormat] = [model.format]
    if model.pairs is not None:
        sides = (model.pairs.request_lines, model.pairs.response_lines)
        formats += [side.format for side in sides if side is not None]
    read = (raw_values(one, line) for one in formats)
    found = next((one for one in read if one is not None), None)
    if found is None:
        yield "parsed: no; see below why"
        return
    yield f"parsed: {_cut(_json(found))}"
    if not (model.decode or model.explode) or model.pairs is not None:
        return
    row = parse(line)
    assert row is not None
    reshape = Reshape(model.decode, model.explode)
    rows = reshape.begin()
    try:
        reshape.add(row, rows)
    except UnevenError as error:
        yield f"lists of different lengths: {error}"
        return
    if model.decode:
        yield f"decoded: {_cut(_json(rows.lines[0]))}"
    for path, entries in zip(model.explode, rows.entries, strict=True):
        yield f"{rows.counts[0]} entries at {path}, the first: {_cut(_json(entries[0]))}"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace")


def _cut(data: bytes) -> str:
    plain = data.decode("utf-8", "replace").strip()
    shown = "".join(char if char.isprintable() else "?" for char in plain)
    return shown if len(shown) <= _LENGTH else f"{shown[: _LENGTH - 1]}…"
