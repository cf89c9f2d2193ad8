"""What the program is made of, put together: configuration, references, models, sources.

`read_once` is all of it for a log that is read to its end; `app` is the sidecar around it.
"""

from __future__ import annotations

import ctypes
import gc
import platform
from collections.abc import Callable
from dataclasses import replace

from inference_exporter import __version__, reference
from inference_exporter import config as configuration
from inference_exporter._native import DECODER
from inference_exporter.clock import Clock, SystemClock
from inference_exporter.config.probabilities import with_classes
from inference_exporter.config.schema import (
    Config,
    CsvFormat,
    Fields,
    ModelConfig,
    ReferenceFile,
    Warmup,
)
from inference_exporter.config.schema_services import EventsConfig, TracesConfig
from inference_exporter.derived import Deriver
from inference_exporter.errors import ConfigError, Problem, ProfileError
from inference_exporter.exposition.published import Published
from inference_exporter.formats import Decoder, Header, Kind, hold_of, make_decoder
from inference_exporter.formats.csv_lines import TITLE
from inference_exporter.loop.feed import Feed
from inference_exporter.loop.pipeline import Pipeline
from inference_exporter.loop.telemetry import Telemetry
from inference_exporter.model import Model
from inference_exporter.receivers import pattern_of
from inference_exporter.sources import BatchSource, FileSource, Located, Source, StdinSource
from inference_exporter.sources.descriptors import share
from inference_exporter.state import MemoryStore
from inference_exporter.values.events import Teller
from inference_exporter.values.profile import NumericProfile, Reference
from inference_exporter.values.samples import Snapshot
from inference_exporter.values.spans import SendSpans

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_KEPT_BYTES = 16 << 20  # freed memory that is kept for the next block


def calm_memory() -> None:
    """Keep the garbage collector and the allocator away from the values of a block of lines.

    A block makes tens of thousands of tuples that die together without any cycle; at Python's
    default threshold the collector walks them again and again. And the C library gives freed
    memory back to the system after every block, to fetch it again for the next one.
    """
    gc.freeze()  # with the few cycles that starting left: looking for them costs more than they do
    gc.set_threshold(100_000, 20, 50)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # glibc
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)


def forget_the_past() -> None:
    """Give back what is no longer used, and let the collector pass over the rest from now on.

    What a reload replaces refers to itself: only a collection of everything frees it, and that does
    not come by itself for days.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def load_reference(model: ModelConfig) -> Reference | None:
    """The profile the model is compared with, if it is in a file."""
    if isinstance(model.reference, ReferenceFile):
        return reference.load(model.reference.path, model=model.name)
    return None


def load_all(path: str) -> tuple[Config, dict[str, Reference | None]]:
    """A configuration and its references; one ConfigError with everything wrong in either."""
    config = configuration.load(path)
    problems: list[Problem] = []
    references: dict[str, Reference | None] = {}
    models: list[ModelConfig] = []
    for model in config.models:
        try:
            known = references[model.name] = load_reference(model)
            problems += _strangers(path, model, known)
            models.append(_with_classes(model, known))
        except ProfileError as error:
            problems.append(Problem(path, f"models.{model.name}.reference", str(error)))
        except ValueError as error:
            problems.append(Problem(path, f"models.{model.name}.fields.scores", str(error)))
    if problems:
        raise ConfigError(problems)
    return replace(config, models=tuple(models)), references


def _strangers(path: str, model: ModelConfig, known: Reference | None) -> list[Problem]:
    """Inputs that are said to be important, and that the reference does not have."""
    strange = [] if known is None else [n for n in model.importance if n not in known.features]
    place = f"models.{model.name}.importance"
    return [Problem(path, f"{place}.{n}", "the reference has no such feature") for n in strange]


def _with_classes(model: ModelConfig, known: Reference | None) -> ModelConfig:
    return model if known is None else with_classes(model, known.classes)


def feature_kinds(profile: Reference | None) -> dict[str, Kind] | None:
    """The features a decoder must find, with their kinds; None while there is no reference."""
    if profile is None:
        return None
    return {
        name: "numeric" if isinstance(one, NumericProfile) else "categorical"
        for name, one in profile.features.items()
    }


def decoded_kinds(config: ModelConfig, profile: Reference | None) -> dict[str, Kind] | None:
    """As `feature_kinds`, with what derived features are made of in their place."""
    kinds = feature_kinds(profile)
    if kinds is None or not config.derived:
        return kinds
    deriver = Deriver(config.derived)
    found = {name: kind for name, kind in kinds.items() if name not in config.derived}
    for source in sorted(deriver.sources):
        found[source] = "vector" if source in deriver.vectors else "categorical"
    return found


def make_model(
    config: ModelConfig,
    profile: Reference | None,
    *,
    event_time: bool = False,
    created_series: bool = False,
    traces: tuple[TracesConfig, SendSpans] | None = None,
    events: tuple[EventsConfig, Teller] | None = None,
) -> Model:
    """A model with its decoder."""
    config = _with_classes(config, profile)

    header = Header()

    def decoder(current: Reference | None) -> Decoder:
        collect = current is None and isinstance(config.reference, Warmup)
        kinds = decoded_kinds(config, current)
        return make_decoder(config, kinds, collect=collect, header=header)

    return Model(
        config,
        profile,
        decoder,
        event_time=event_time,
        created_series=created_series,
        make_sampler=lambda: make_decoder(
            _only_features(config), None, collect=True, header=header
        ),
        traces=traces,
        events=events,
    )


def _only_features(config: ModelConfig) -> ModelConfig:
    """The model as whoever looks at nothing but features needs it."""
    features = config.fields.features
    if features is None or features.form == "rest":
        return config  # which keys are features follows from the other fields
    return replace(config, fields=Fields(features=features), segments=())


def make_source(
    config: Config, model: ModelConfig, start_at: str, *, wait: bool = False, storage: str = ""
) -> Source:
    """Where the model's lines come from; `wait` for whoever writes to the standard input.

    With a `storage` folder these are also the lines that were received for the model.
    """
    source = _source(config, model, start_at, wait=wait, storage=storage)
    return source if model.path_pattern is None else Located(source, model.path_pattern)


def _source(
    config: Config, model: ModelConfig, start_at: str, *, wait: bool, storage: str
) -> Source:
    hold = hold_of(model)
    if model.logs == ("-",):
        return StdinSource(line_bytes=model.limits.line_bytes, wait=wait, hold=hold)
    title = TITLE if isinstance(model.format, CsvFormat) and not model.format.columns else b""
    if model.source == "batch":
        return BatchSource(
            model.logs,
            exclude=model.exclude,
            start_at="beginning" if start_at == "beginning" else "end",
            line_bytes=model.limits.line_bytes,
            hold=hold,
            title=title,
        )
    received = (pattern_of(storage, model.name),) if storage and model.receive else ()
    return FileSource(
        (*model.logs, *received),
        exclude=model.exclude,
        start_at="beginning" if start_at == "beginning" else "end",
        rotate_grace=config.rotate_grace,
        line_bytes=model.limits.line_bytes,
        max_open_files=share(model.limits.open_files, _sources_of(config)),
        hold=hold,
        title=title,
    )


def _sources_of(config: Config) -> int:
    labelled = sum(model.labels is not None and bool(model.labels.logs) for model in config.models)
    return len(config.models) + labelled


def make_label_source(config: Config, model: ModelConfig, start_at: str) -> Source | None:
    """Where the model's late labels come from, if they are in a log of their own."""
    if model.labels is None or not model.labels.logs:
        return None
    logs, line = model.labels.logs, model.labels.format
    own = replace(model, logs=logs, format=line, receive=(), source="files", path_pattern=None)
    return make_source(config, own, start_at)


def read_once(
    config_file: str,
    clock: Clock | None = None,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Snapshot:
    """Read all logs from their beginning to their end; what the page would show then.

    `tell` is told of the bytes that are read, and of how many.
    """
    config, references = load_all(config_file)
    published = Published()
    feeds = [
        Feed(
            make_model(model, references[model.name], event_time=True),
            make_source(config, model, "beginning", wait=True),
            labels=make_label_source(config, model, "beginning"),
        )
        for model in config.models
    ]
    pipeline = Pipeline(
        feeds,
        store=MemoryStore(),
        publish=published.publish,
        telemetry=new_telemetry(),
        clock=clock or SystemClock(),
    )
    pipeline.restore()
    calm_memory()
    pipeline.drain(tell)
    pipeline.close()
    assert published.snapshot is not None  # drain() ends with a commit, which publishes
    return published.snapshot


def new_telemetry() -> Telemetry:
    """Telemetry that knows which program it is about."""
    telemetry = Telemetry()
    facts = (__version__, platform.python_version(), DECODER)
    telemetry.set("inference_exporter_build_info", *facts, value=1.0)
    return telemetry
