"""The exporter's own log: what readers of logfmt and JSON get, and that it never floods."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from inference_exporter.cli.own_log import INTERVAL, MOST, AtMost, JsonLines, Logfmt
from inference_exporter.formats.logfmt_lines import pairs


def record(
    text: str, *values: object, at: float = 1795168800.25, **more: object
) -> logging.LogRecord:
    level = int(str(more.pop("level", logging.INFO)))
    made = logging.LogRecord("exporter.x", level, "", 0, text, values, None)
    made.created = at
    if more:
        made.fields = more
    return made


def test_logfmt_is_read_back_by_a_reader_of_logfmt() -> None:
    line = Logfmt().format(record('%s said "no"\nand more', "it", model="credit risk", rows=3))
    assert "\n" not in line
    assert pairs(line) == {
        "ts": "2026-11-20T10:00:00.250Z", "level": "info", "logger": "exporter.x",
        "msg": 'it said "no"\nand more', "model": "credit risk", "rows": "3",
    }  # fmt: skip


def test_json_is_an_object_a_line_with_fields_of_the_message() -> None:
    line = JsonLines().format(record("é\n", model="m", drifted=True, p=0.5))
    assert "\n" not in line
    assert json.loads(line) == {
        "ts": "2026-11-20T10:00:00.250Z", "level": "info", "logger": "exporter.x", "msg": "é\n",
        "model": "m", "drifted": True, "p": 0.5,
    }  # fmt: skip


@pytest.mark.parametrize("formatter", [Logfmt(), JsonLines()])
def test_a_traceback_stays_in_one_line(formatter: logging.Formatter) -> None:
    one = record("failed")
    try:
        raise ValueError("x")
    except ValueError:
        one.exc_info = sys.exc_info()
    line = formatter.format(one)
    assert "\n" not in line
    assert "ValueError: x" in line


def test_a_flood_is_held_back_and_said() -> None:
    keeper = AtMost()
    passed = [keeper.filter(record("%s is odd", at, at=100.0 + at / 10)) for at in range(50)]
    assert passed.count(True) == MOST
    assert keeper.filter(record("another", at=105.0))
    later = record("%s is odd", 1, at=100.0 + INTERVAL)
    assert keeper.filter(later)
    assert later.fields == {"held_back": 50 - MOST}  # type: ignore[attr-defined]
    quiet = record("%s is odd", 2, at=100.0 + 3 * INTERVAL)
    assert keeper.filter(quiet)
    assert not hasattr(quiet, "fields")


def test_who_asked_for_debug_gets_all_of_it() -> None:
    keeper = AtMost()
    debug = [keeper.filter(record("x", level=logging.DEBUG)) for _ in range(5 * MOST)]
    assert all(debug)
