"""The least that any Python program must do with the log: decode each line into a typed value.

    python bench/bare_loop.py lines predictions.jsonl     line by line
    python bench/bare_loop.py blocks predictions.jsonl    blocks of 128 KiB with decode_lines

Decodes the fields that the exporter uses, counts lines, does nothing else. Prints the count.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

BLOCK = 128 * 1024


class Features(msgspec.Struct):
    """The inputs of the model."""

    annual_income: float
    age: float
    debt_ratio: float
    loan_amount: float
    months_employed: float
    utilisation: float
    segment: str
    country: str


class Line(msgspec.Struct):
    """A prediction."""

    timestamp: str
    request_id: str
    model_version: str
    features: Features
    prediction: int
    score: float
    latency_ms: float
    status: int


def by_line(path: Path) -> int:
    decode = msgspec.json.Decoder(Line).decode
    lines = 0
    with path.open("rb") as file:
        for line in file:
            decode(line)
            lines += 1
    return lines


def by_block(path: Path) -> int:
    decode = msgspec.json.Decoder(Line).decode_lines
    lines, rest = 0, b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            whole, _, tail = (rest + block).rpartition(b"\n")
            lines += len(decode(whole))
            rest = tail
    return lines + len(decode(rest))


if __name__ == "__main__":
    print({"lines": by_line, "blocks": by_block}[sys.argv[1]](Path(sys.argv[2])))
