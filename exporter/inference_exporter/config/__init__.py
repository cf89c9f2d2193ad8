"""Text in, a valid `Config` out, or one `ConfigError` with every problem found.

`models.py` and `fields.py` are the tables of keys; `reference_doc.py` renders them as
documentation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference_exporter.config import derived, document
from inference_exporter.config import labels as label_section
from inference_exporter.config.checks import Findings, Wrong
from inference_exporter.config.schema import Config, ModelConfig, ReferenceFile
from inference_exporter.config.top import TOP
from inference_exporter.errors import ConfigError, Problem

__all__ = ["Config", "load", "parse"]


def load(path: str, *, overrides: Mapping[str, object] | None = None) -> Config:
    """Read a configuration file.

    `overrides` has the shape of the file and is laid over it before anything is checked.
    """
    try:
        text = document.read(path)
    except Wrong as error:
        raise _config_error(path, error) from error
    return parse(text, path, overrides=overrides)


def parse(text: str, path: str, *, overrides: Mapping[str, object] | None = None) -> Config:
    """Check the text of a configuration that was, or could have been, in the file `path`.

    Relative paths of logs and references start at the folder of that file.
    """
    folder = Path(path).parent
    try:
        checked = _check(text, overrides or {})
        owner = checked.get("labels", {})
        models = tuple(
            _resolved(replace(model, name=name, owner=owner), folder)
            for name, model in checked.pop("models").items()
        )
    except Wrong as error:
        raise _config_error(path, error) from error
    events = checked.get("events")
    if events is not None and events.file is not None:
        checked["events"] = replace(events, file=str(folder / events.file))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return Config(path=path, models=models, digest=digest, **checked)


def _check(text: str, overrides: Mapping[str, object]) -> dict[str, Any]:
    findings = Findings()
    checked = TOP.read(_overlaid(document.values(text), overrides), findings)
    findings.raise_any()
    return checked


def _overlaid(base: object, over: object) -> object:
    if not isinstance(base, dict) or not isinstance(over, Mapping):
        return over if not isinstance(over, Mapping) or over else base
    return base | {key: _overlaid(base.get(key, {}), value) for key, value in over.items()}


def _resolved(model: ModelConfig, folder: Path) -> ModelConfig:
    """The model with its relative paths starting where the file is."""
    logs = tuple(log if log == "-" else str(folder / log) for log in model.logs)
    excluded = tuple(str(folder / one) if "/" in one else one for one in model.exclude)
    model = replace(model, exclude=excluded)
    if model.labels is not None:
        model = replace(model, labels=label_section.resolved(model.labels, folder))
    if model.derived:
        model = replace(model, derived=derived.resolved(model.derived, folder, model.name))
    if isinstance(model.reference, ReferenceFile):
        reference = ReferenceFile(str(folder / model.reference.path))
        return replace(model, logs=logs, reference=reference)
    return replace(model, logs=logs)


def _config_error(path: str, error: Wrong) -> ConfigError:
    return ConfigError([Problem(path, key, message) for key, message in error.found])
