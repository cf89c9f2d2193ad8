r"""Lines of `key=value` pairs, values with spaces in double quotes.

    age=41 plan="pro plan" request_id=req-1 prediction=1 latency_ms=12.4

becomes, with `features: {rest: true}` and the other keys named as fields, the row `age=41.0,
plan="pro plan", prediction="1", latency=0.0124`. Text between the pairs is skipped; a line
without any pair is malformed.
"""

from __future__ import annotations

import re

from inference_exporter.config.schema import ModelConfig
from inference_exporter.formats.base import Decoded
from inference_exporter.formats.columns.flat import Flat, Lines, texts_of
from inference_exporter.formats.columns.plan import Plan

_PAIR = re.compile(r'([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?!\S)')
_ESCAPED = re.compile(r"\\(.)")
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r"}


class LogfmtDecoder:
    """Decodes logfmt lines by a Plan."""

    def __init__(self, model: ModelConfig, plan: Plan) -> None:
        self._flat = Flat(model, plan)

    def decode(self, block: bytes) -> Decoded:
        """Decode a block of lines."""
        rows: list[dict[str, str]] = []
        lines = Lines()
        for line in texts_of(block):
            row = pairs(line)
            if row:
                rows.append(row)
            elif line.strip():
                lines.bad("malformed", "not logfmt: no key=value in the line", line)
            else:
                lines.count("empty")
        names = dict.fromkeys(name for row in rows for name in row)
        return self._flat.decoded(
            lambda name: [row.get(name) for row in rows], names, len(rows), lines
        )


def pairs(line: str) -> dict[str, str]:
    r"""The pairs of a line.

    >>> pairs(r'at=info msg="said \"no\"" empty= x')
    {'at': 'info', 'msg': 'said "no"', 'empty': ''}
    """
    return {
        key: (_unescaped(quoted) if "\\" in quoted else quoted) or bare
        for key, quoted, bare in _PAIR.findall(line)
    }


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: _CONTROLS.get(match[1], match[1]), text)
