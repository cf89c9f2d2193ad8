"""What is around a line: blocks of lines in, blocks of lines out, in front of every decoder.

`peel_of` puts together what a model's lines need: the wrapper of a container runtime, the text that
a logger puts before its JSON, Python's way of writing a dict, arrays, records over several lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from inference_exporter.config.lines import all_paths
from inference_exporter.config.schema import JsonFormat, LogfmtFormat, ModelConfig
from inference_exporter.formats.peeling import located
from inference_exporter.formats.peeling.arrays import expand_arrays, expand_first_array
from inference_exporter.formats.peeling.colours import without_colours
from inference_exporter.formats.peeling.lists import named_lists
from inference_exporter.formats.peeling.literals import literals_to_json
from inference_exporter.formats.peeling.multiline import join_records
from inference_exporter.formats.peeling.prefix import splice_prefix
from inference_exporter.formats.peeling.records import RECORDS
from inference_exporter.formats.peeling.suffix import without_suffix
from inference_exporter.formats.peeling.wrappers import Style, unwrap

Step = Callable[[bytes], bytes]


class Peel(Protocol):
    """Takes off what is around lines."""

    def __call__(self, block: bytes, *, arrays: bool = False) -> bytes:
        """The lines inside; with `arrays`, every line is looked at, not only the first.

        What is looked for are arrays, and text behind objects.
        """


def peel_of(model: ModelConfig) -> Peel:
    """A function that takes off what is around the model's lines."""
    first, thorough = (list(_steps(model, *steps)) for steps in (_FIRST, _THOROUGH))

    def peel(block: bytes, *, arrays: bool = False) -> bytes:
        facts, block = located.taken_off(block) if model.path_pattern else (b"", block)
        for step in thorough if arrays else first:
            block = step(block)
        return located.put_in(facts, block)

    return peel


_FIRST: tuple[Step, ...] = (expand_first_array,)
_THOROUGH: tuple[Step, ...] = (without_suffix, expand_arrays)


def _steps(model: ModelConfig, *plain: Step) -> Iterable[Step]:
    asked = [path for path in all_paths(model) if path.startswith("$")]
    if model.unwrap != "none":
        yield _unwrapper(model, any(path.startswith("$wrap.") for path in asked))
    if not isinstance(model.format, JsonFormat):
        return
    yield without_colours
    if model.format.multiline:
        yield join_records
    if model.format.literal:
        yield literals_to_json
    if model.format.columns:
        yield named_lists(model.format.columns)
    yield from plain
    if any(path.startswith("$prefix.") for path in asked):
        yield splice_prefix
    if model.records:
        yield RECORDS[model.records]


def _unwrapper(model: ModelConfig, facts: bool) -> Step:
    style: Style = "none"
    if facts:
        kinds: dict[Any, Style] = {JsonFormat: "json", LogfmtFormat: "logfmt"}
        style = kinds.get(type(model.format), "text")
    wanted = model.unwrap
    return lambda block: unwrap(block, wanted, style)
