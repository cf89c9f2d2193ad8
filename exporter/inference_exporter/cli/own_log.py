"""The exporter's own log: logfmt or JSON on standard error, a line a message, never a flood.

    ts=2026-11-28T08:15:00.250Z level=info logger=inference_exporter msg="configuration reloaded"
    {"ts":"2026-11-28T08:15:00.250Z","level":"info","logger":"inference_exporter","msg":"…"}

A message may have fields of its own (`extra={"fields": {…}}`), which stand behind the others.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from inference_exporter.values.allowance import Allowance

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("logfmt", "json")
MOST, INTERVAL = 10, 60.0  # messages of one kind in so many seconds

EVENTS = "inference_exporter.events"

_BARE = re.compile(r"[^\s\"=\\\x00-\x1f\x7f]+")


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--log.level` and `--log.format`."""
    parser.add_argument(
        "--log.level", dest="log_level", choices=LEVELS, default="info", help="default: info"
    )
    parser.add_argument(
        "--log.format", dest="log_format", choices=FORMATS, default="logfmt", help="default: logfmt"
    )


def set_up(options: argparse.Namespace) -> None:
    """Have messages written as the options say."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if options.log_format == "json" else Logfmt())
    handler.addFilter(AtMost())
    logging.basicConfig(level=options.log_level.upper(), handlers=[handler])


class Logfmt(logging.Formatter):
    """`key=value` pairs, quoted where they must be."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a message."""
        return " ".join(f"{key}={_quoted(value)}" for key, value in _pairs(self, record).items())


class JsonLines(logging.Formatter):
    """An object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a message."""
        pairs = _pairs(self, record)
        return json.dumps(pairs, ensure_ascii=False, separators=(",", ":"), default=str)


class AtMost(logging.Filter):
    """Lets `MOST` messages of a kind through in `INTERVAL`, and then says how many it did not.

    A kind is a logger and a text before values are put in. Below `info` nothing is held back, and
    no events, which have limits of their own.
    """

    def __init__(self) -> None:
        super().__init__()
        self._allowance = Allowance(MOST, INTERVAL)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write the message."""
        if record.levelno < logging.INFO or record.name == EVENTS:
            return True
        held_back = self._allowance.take((record.name, str(record.msg)), record.created)
        if held_back:
            record.fields = {**getattr(record, "fields", {}), "held_back": held_back}
        return held_back is not None


def _pairs(formatter: logging.Formatter, record: logging.LogRecord) -> Mapping[str, object]:
    moment = datetime.fromtimestamp(record.created, UTC)
    pairs: dict[str, object] = {
        "ts": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "level": record.levelname.lower(),
        "logger": record.name,
        "msg": record.getMessage(),
    }
    pairs |= getattr(record, "fields", {})
    if record.exc_info:
        pairs["error"] = formatter.formatException(record.exc_info)
    return pairs


def _quoted(value: object) -> str:
    r"""As logfmt readers understand it.

    >>> print(_quoted("ready"), _quoted('said "no"'), _quoted(""), _quoted(0.5), _quoted(True))
    ready "said \"no\"" "" 0.5 true
    """
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)
