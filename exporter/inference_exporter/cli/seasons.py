"""Whether the inputs of a log follow the hour: what `init` says below what it writes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from inference_exporter.errors import InferenceExporterError

if TYPE_CHECKING:
    from inference_exporter.values.profile import Reference

_MOST_BYTES = 32 << 20  # a longer log is left to `reference build`, which reads it anyway


def season_of(text: str, paths: Sequence[str]) -> str:
    """Lines of comment with the season to set; empty where hours do not matter, or nobody knows."""
    from inference_exporter import reference

    built = _reference(text, paths)
    found = reference.suggested(built.times) if built and built.times else None
    if built is None or found is None:
        return ""
    kind, swings = found
    names = ", ".join(key.partition("/")[2] for key in list(swings)[:3])
    more = f" and {len(swings) - 3} more" if len(swings) > 3 else ""
    what = kind.replace("_", " ")
    return (
        f"    # {names}{more}: not the same at every {what.replace('hour of', 'hour of the')}. "
        "Compare with the same hours:\n"
        f"    # season: {kind}\n"
    )


def _reference(text: str, paths: Sequence[str]) -> Reference | None:
    """A profile of the log by the configuration that was written for it."""
    from inference_exporter import config as configuration
    from inference_exporter import reference

    try:
        if "-" in paths or sum(Path(path).stat().st_size for path in paths) > _MOST_BYTES:
            return None
        with TemporaryDirectory() as folder:
            written = Path(folder) / "config.yaml"
            written.write_text(text, encoding="utf-8")
            (model,) = configuration.load(str(written)).models
        if model.fields.features is None or model.fields.timestamp is None:
            return None
        return reference.build(list(paths), model, now=time.time())
    except (InferenceExporterError, OSError, ValueError):
        return None  # it is a hint; `check` says what is wrong with the lines
