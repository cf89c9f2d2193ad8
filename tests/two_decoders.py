"""The reader written in C and the Python path, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from unittest import mock

import pytest

from inference_exporter import _native
from inference_exporter.config.schema import ModelConfig
from inference_exporter.formats import make_decoder
from inference_exporter.formats.base import Decoder
from inference_exporter.formats.columns.plan import Kind
from json_cases import outcome

built = pytest.mark.skipif(_native.MODULE is None, reason=f"no native reader: {_native.WHY_NOT}")


def python_decoder(
    model: ModelConfig, features: Mapping[str, Kind] | None = None, *, collect: bool = False
) -> Decoder:
    """As `make_decoder` where nothing was compiled."""
    with mock.patch.object(_native, "MODULE", None):
        return make_decoder(model, features, collect=collect)


class Both:
    """A decoder of each kind for one model."""

    def __init__(
        self, model: ModelConfig, features: Mapping[str, Kind] | None, *, collect: bool = False
    ) -> None:
        self._native = make_decoder(model, features, collect=collect)
        self._python = python_decoder(model, features, collect=collect)

    def assert_same(self, block: bytes) -> None:
        """Both say the same of a block, to the last bit."""
        assert outcome(self._native.decode(block)) == outcome(self._python.decode(block))


def assert_same(
    model: ModelConfig,
    features: Mapping[str, Kind] | None,
    block: bytes,
    *,
    collect: bool = False,
) -> None:
    """Two new decoders say the same of a block."""
    Both(model, features, collect=collect).assert_same(block)
