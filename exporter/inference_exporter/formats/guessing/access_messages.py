"""A web server's records as JSON: the request and its status are in the text of the message."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from inference_exporter.formats.guessing.choose import by_name
from inference_exporter.formats.guessing.yaml_text import quoted

_STATUS = r' HTTP/[0-9.]+"? (\d{3})\b'
_TELLING = frozenset((
    "prediction", "score", "scores", "ranking", "features", "latency", "status", "steps",
))  # fmt: skip


def access_in(
    values: Mapping[str, Sequence[object]], fields: Mapping[str, object]
) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """The status as a field, and the setting that leaves other lines out; where nothing else is."""
    if _TELLING & fields.keys():
        return {}, ()
    for path in by_name(values, ("message", "msg", "event", "log")):
        if any(re.search(_STATUS, str(one)) for one in values[path]):
            status = f"status: {{from: {quoted(path)}, as: {{regex: '{_STATUS}'}}}}"
            when = f"when: {{{quoted(path)}: {{matches: '{_STATUS}'}}}}"
            said = "  # guessed: what a web server says of a request"
            return {"status": [status + said]}, (f"{when}  # guessed: no other line is one",)
    return {}, ()
