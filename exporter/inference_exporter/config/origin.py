"""Checks of `model_uri`: where a version of a model is from."""

from __future__ import annotations

from collections.abc import Mapping

from inference_exporter.config.checks import expected, shaped
from inference_exporter.config.schema import ModelUris
from inference_exporter.config.values import mapping_of, text

_WANTED = "a text such as models:/credit/{version}, or versions, each with one"

_by_version = mapping_of(text, _WANTED)


@shaped({"anyOf": [text, _by_version]})
def model_uris(value: object) -> ModelUris:
    """One text for all versions, in which {version} stands for the version, or one for each."""
    if isinstance(value, str) and value.strip():
        return ModelUris(every=value)
    if isinstance(value, dict):
        # YAML reads the version 7 as a number.
        named: Mapping[str, str] = _by_version({str(name): uri for name, uri in value.items()})
        return ModelUris(by_version=named)
    raise expected(_WANTED, value)
