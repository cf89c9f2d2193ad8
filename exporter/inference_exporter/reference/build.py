"""`reference build`: files of training or validation data to a Reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from inference_exporter.config.schema import ModelConfig
from inference_exporter.errors import ProfileError
from inference_exporter.outputs import Choices
from inference_exporter.reference.files.shard import Shard
from inference_exporter.reference.profiling.passes import shard_from
from inference_exporter.reference.reading.columns import numeric
from inference_exporter.reference.reading.roles import Block, with_choices
from inference_exporter.reference.reading.tables import blocks
from inference_exporter.values.batch import category_name
from inference_exporter.values.profile import Reference
from inference_exporter.values.vectors import parsed

_PASSES = 2
_PASSES_WHOLE = 4  # with a fit of rows as a whole, and their distribution


def build(
    paths: Sequence[str],
    model: ModelConfig,
    *,
    now: float,
    progress: Callable[[int, int], None] | None = None,
    bins: Reference | None = None,
) -> Reference:
    """Read the files twice, in constant memory, and profile them as one table.

    `progress` is called with the bytes done and the bytes there are, both passes counted. With
    `bins`, kinds and edges are those of that reference where it has them.
    """
    return build_shard(paths, model, now=now, progress=progress, bins=bins).reference


def build_shard(
    paths: Sequence[str],
    model: ModelConfig,
    *,
    now: float,
    progress: Callable[[int, int], None] | None = None,
    bins: Reference | None = None,
) -> Shard:
    """As `build`, with what merging the profile with those of other files takes."""
    sizes = [_size(path) for path in paths]
    model = with_named_classes(with_label_column(model), paths)
    choices = Choices(model)
    passes = _PASSES_WHOLE if model.multivariate else _PASSES
    vectors = any(one.kind == "centroid_distance" for one in model.derived.values())
    passes += any(one.drift for one in model.segments)
    total = (passes + (vectors and bins is None)) * sum(sizes)
    done = 0

    weights: set[float] = set()

    def read() -> Iterator[Block]:
        nonlocal done
        for path, size in zip(paths, sizes, strict=True):
            before = done

            def report(position: int, before: int = before) -> None:
                if progress:
                    progress(before + position, total)

            for block in blocks(path, model, report):
                _refuse_weights(path, block, weights)
                yield with_choices(block, choices)
            done = before + size
            report(size)

    return shard_from(read, model, now=now, source=_source(paths), bins=bins)


def _refuse_weights(path: str, block: Block, seen: set[float]) -> None:
    """Each row of a reference counts once: with other weights it is another distribution.

    `seen` are the weights so far, 1 where a row has none.
    """
    if block.weight is None:
        return
    seen.update(np.unique(np.nan_to_num(numeric(block.weight).values, nan=1.0)).tolist()[:2])
    if len(seen) > 1:
        one, other = sorted(seen)[:2]
        raise ProfileError(
            f"{path}: rows have different weights (fields.weight), such as {one:g} and {other:g}, "
            "and every row of a reference counts once; give data that is not sampled, or sampled "
            "with equal weights"
        )


def with_label_column(model: ModelConfig) -> ModelConfig:
    """The model as a table with its labels in it looks: late labels are a column there.

    Without this the column of the label would be taken for a feature.
    """
    if model.labels is None or model.fields.actual is not None:
        return model
    return replace(model, fields=replace(model.fields, actual=model.labels.actual))


def with_named_classes(model: ModelConfig, paths: Sequence[str]) -> ModelConfig:
    """The model with the classes that its probabilities are of; objects in the files name them."""
    scores = model.fields.scores
    if scores is None or scores.classes:
        return model
    known: set[str] = set()
    for path in paths:
        for block in blocks(path, model, lambda _: None):
            known |= _named(block.raw.get("scores", ()), scores.delimiter)
    if not 2 <= len(known) <= model.limits.classes:
        raise ProfileError(
            f"{paths[0]}: the probabilities are of {len(known)} classes; 2 to "
            f"{model.limits.classes} (limits.classes) are possible, and where they are lists the "
            "classes must be in fields.scores.classes"
        )
    fields = replace(model.fields, scores=replace(scores, classes=tuple(sorted(known))))
    return replace(model, fields=fields)


def _named(cells: Sequence[object], delimiter: str) -> set[str]:
    objects = (one for one in parsed(cells, delimiter) if isinstance(one, dict))
    return {category_name(name) for one in objects for name in one}


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read: {error.strerror}") from error


def _source(paths: Sequence[str]) -> str:
    if not paths:
        raise ProfileError("no file of reference data is given")
    name = Path(paths[0]).name
    return name if len(paths) == 1 else f"{name} and {len(paths) - 1} more"
