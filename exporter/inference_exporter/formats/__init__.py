"""Lines in, columns out. `FORMATS` is the table of line formats; a new one is one entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from inference_exporter.config.schema import (
    CsvFormat,
    JsonFormat,
    LineFormat,
    LogfmtFormat,
    ModelConfig,
    RegexFormat,
)
from inference_exporter.formats.base import LINE_RESULTS, Decoded, Decoder, Read
from inference_exporter.formats.columns.plan import Kind, Plan, make_plan
from inference_exporter.formats.csv_lines import QUOTE, TITLE, CsvDecoder, Header
from inference_exporter.formats.csv_lines import held as csv_held
from inference_exporter.formats.json_lines import JsonDecoder
from inference_exporter.formats.logfmt_lines import LogfmtDecoder
from inference_exporter.formats.mapping.decoder import MappedDecoder
from inference_exporter.formats.peeling import Peel, multiline, peel_of, wrappers
from inference_exporter.formats.regex_lines import RegexDecoder

__all__ = [
    "FORMATS",
    "LINE_RESULTS",
    "Decoded",
    "Decoder",
    "Header",
    "Kind",
    "Read",
    "hold_of",
    "make_decoder",
    "peel_of",
]

FORMATS: Mapping[str, Callable[[ModelConfig, Plan], Decoder]] = {
    "json": JsonDecoder,
    "logfmt": LogfmtDecoder,
    "regex": RegexDecoder,
    "csv": CsvDecoder,
}
_NAMES: Mapping[type[LineFormat], str] = {
    JsonFormat: "json",
    LogfmtFormat: "logfmt",
    RegexFormat: "regex",
    CsvFormat: "csv",
}


def make_decoder(
    model: ModelConfig,
    features: Mapping[str, Kind] | None = None,
    *,
    collect: bool = False,
    header: Header | None = None,
) -> Decoder:
    """A decoder for the log of a model.

    `features` are the inputs that the reference knows, in its order. Without them the inputs are
    not decoded, or, to `collect` a reference, handed over as they are in `Batch.raw_features`.
    `header` is what is known of CSV from another decoder of the same lines.
    """
    plan = make_plan(model, features, collect)
    json = isinstance(model.format, JsonFormat)
    return Peeling(peel_of(model), _decoder(model, plan, header), json=json)


def _decoder(model: ModelConfig, plan: Plan, header: Header | None) -> Decoder:
    mapped = model.decode or model.explode or model.pairs
    if isinstance(model.format, CsvFormat):
        inside = MappedDecoder(model, plan) if mapped else None
        return CsvDecoder(model, plan, header, inside)
    if mapped:
        return MappedDecoder(model, plan)
    return FORMATS[_NAMES[type(model.format)]](model, plan)


class Peeling:
    """A decoder of lines without what is around them."""

    def __init__(self, peel: Peel, decoder: Decoder, *, json: bool) -> None:
        self._peel, self._decoder, self._json = peel, decoder, json
        self._thorough = False  # once it has helped

    def decode(self, block: bytes) -> Decoded:
        """See `Decoder.decode`."""
        lines = self._peeled(block)
        decoded = self._decoder.decode(lines)
        if not self._json or self._thorough or not decoded.results.get("malformed"):
            return decoded
        looked = self._peel(block, arrays=True)  # at every line: perhaps arrays, or text behind
        if looked == lines:
            return decoded
        self._thorough = True
        return self._decoder.decode(looked)

    def _peeled(self, block: bytes) -> bytes:
        """The lines inside; the first line of a file that stands in front of them is peeled too."""
        if not block.startswith(TITLE):
            return self._peel(block, arrays=self._thorough)
        title, _, lines = block.partition(b"\n")
        return TITLE + self._peel(title.removeprefix(TITLE) + b"\n") + self._peel(lines)


def hold_of(model: ModelConfig) -> Callable[[bytes], int] | None:
    """What a source is to hold back of whole lines, because more belongs to them; see `sources`."""
    inside = None
    if isinstance(model.format, JsonFormat) and model.format.multiline:
        inside = multiline.held
    if isinstance(model.format, CsvFormat):
        quote = (model.format.quote or QUOTE).encode()
        inside = partial(csv_held, quote=quote)
    if model.unwrap == "none":
        return inside
    return lambda lines: wrappers.held(lines, inside)
