"""Reference profiles as files: JSON that a person can read, written whole or not at all.

    {
      "format": "inference-exporter reference",
      "format_version": 1,
      "model": "credit-risk",
      "fingerprint": "0a1b2c3d",
      …
      "features": {
        "income": {"kind": "numeric", "edges": [ … ], …},
        "country": {"kind": "categorical", "categories": ["US", "DE"], "counts": [768, 428], …}

`null` in `means` is the mean of an empty cell. A file is refused if its format is newer, if a value
has another type or shape, or if the fingerprint in it is not the one of its bins.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import numpy as np

from inference_exporter.errors import ProfileError
from inference_exporter.reference.files.codec_expectations import (
    CalibrationState,
    ClassCalibrationState,
    calibration_of,
    class_calibration_of,
    errors_of,
)
from inference_exporter.reference.files.codec_fit import FitState, fit_of
from inference_exporter.reference.files.codec_importance import ImportanceState, importance_of
from inference_exporter.reference.files.codec_losses import LossState, losses_of
from inference_exporter.reference.files.codec_performance import (
    MetricState,
    SegmentStates,
    binned_of,
    intervals_of,
    metric_states,
    segment_states,
    segments_of,
    values_of,
)
from inference_exporter.reference.files.codec_seasons import (
    SeasonsState,
    TimesState,
    seasons_of,
    times_of,
)
from inference_exporter.reference.files.fingerprint import fingerprint
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import (
    CategoricalProfile,
    FeatureProfile,
    NumericProfile,
    Reference,
    by_key,
)

FORMAT = "inference-exporter reference"
SHARD_FORMAT = f"{FORMAT} shard"
FORMAT_VERSION = 1


class _Numeric(msgspec.Struct, tag="numeric", tag_field="kind", forbid_unknown_fields=True):
    edges: list[float]
    fine_edges: list[float]
    counts: list[float]
    means: list[float | None]
    minimum: float
    maximum: float
    mean: float
    std: float
    missing: int
    invalid: int


class _Categorical(msgspec.Struct, tag="categorical", tag_field="kind", forbid_unknown_fields=True):
    categories: list[str]
    counts: list[float]
    other_count: int
    known_others: list[str]
    missing: int
    invalid: int
    overflow: int


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    format_version: int
    model: str
    fingerprint: str
    created: float
    source: str
    rows: int
    rejected: int
    task: str
    classes: list[str]
    features: dict[str, _Numeric | _Categorical]
    outputs: dict[str, _Numeric | _Categorical]
    performance_samples: int
    performance: list[MetricState]
    calibration: CalibrationState | None = None
    class_calibration: ClassCalibrationState | msgspec.UnsetType = msgspec.UNSET
    losses: LossState | None = None
    multivariate: FitState | msgspec.UnsetType = msgspec.UNSET
    centroids: dict[str, list[float]] | msgspec.UnsetType = msgspec.UNSET
    times: TimesState | msgspec.UnsetType = msgspec.UNSET
    seasons: SeasonsState | msgspec.UnsetType = msgspec.UNSET
    importance: ImportanceState | msgspec.UnsetType = msgspec.UNSET
    estimate_errors: dict[str, float] | msgspec.UnsetType = msgspec.UNSET
    segments: SegmentStates | msgspec.UnsetType = msgspec.UNSET


def dumps(reference: Reference) -> bytes:
    """The profile as JSON, one line per list of numbers."""
    file = _File(
        format=FORMAT,
        format_version=FORMAT_VERSION,
        model=reference.model,
        fingerprint=reference.fingerprint,
        created=reference.created,
        source=reference.source,
        rows=reference.rows,
        rejected=reference.rejected,
        task=reference.task,
        classes=list(reference.classes),
        features={name: _encode(one) for name, one in reference.features.items()},
        outputs={name: _encode(one) for name, one in reference.outputs.items()},
        performance_samples=reference.performance_samples,
        performance=metric_states(
            reference.performance, reference.performance_intervals, reference.performance_binned
        ),
        multivariate=FitState.of(reference.multivariate),
        centroids={name: one.tolist() for name, one in reference.centroids.items()}
        or msgspec.UNSET,
        calibration=CalibrationState.of(reference.calibration),
        class_calibration=ClassCalibrationState.of(reference.class_calibration),
        losses=LossState.of(reference.losses),
        times=TimesState.of(reference.times),
        seasons=SeasonsState.of(reference.seasons),
        importance=ImportanceState.of(reference.importance),
        estimate_errors=dict(reference.estimate_errors) or msgspec.UNSET,
        segments=segment_states(reference.segments),
    )
    return ("".join(_pretty(msgspec.to_builtins(file))) + "\n").encode()


def _encode(profile: FeatureProfile) -> _Numeric | _Categorical:
    if isinstance(profile, NumericProfile):
        means = [None if np.isnan(mean) else mean for mean in profile.means.tolist()]
        return _Numeric(
            profile.edges.tolist(), profile.fine_edges.tolist(), profile.counts.tolist(), means,
            profile.minimum, profile.maximum, profile.mean, profile.std,
            profile.missing, profile.invalid,
        )  # fmt: skip
    return _Categorical(
        list(profile.categories), profile.counts.tolist(), profile.other_count,
        sorted(profile.known_others), profile.missing, profile.invalid, profile.overflow,
    )  # fmt: skip


def _pretty(value: object, indent: str = "") -> Iterator[str]:
    deeper = f"{indent}  "
    if isinstance(value, dict) and value:
        yield "{"
        for number, (key, inner) in enumerate(value.items()):
            yield f"{',' if number else ''}\n{deeper}{json.dumps(key, ensure_ascii=False)}: "
            yield from _pretty(inner, deeper)
        yield f"\n{indent}}}"
    else:
        yield json.dumps(value, ensure_ascii=False)


def loads(data: bytes) -> Reference:
    """The profile in JSON; ValueError says what is wrong with it."""
    try:
        head = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"is not JSON: {error}") from error
    _check_head(head)
    try:
        file = msgspec.convert(head, _File)
    except msgspec.ValidationError as error:
        raise ValueError(f"is damaged: {error}") from error
    features, outputs = _decode(file.features), _decode(file.outputs)
    reference = Reference(
        model=file.model,
        rows=file.rows,
        created=file.created,
        fingerprint=file.fingerprint,
        task=file.task,
        features=features,
        outputs=outputs,
        classes=tuple(file.classes),
        performance=values_of(file.performance),
        performance_samples=file.performance_samples,
        performance_intervals=intervals_of(file.performance),
        performance_binned=binned_of(file.performance),
        source=file.source,
        rejected=file.rejected,
        multivariate=fit_of(file.multivariate),
        centroids={name: np.array(one) for name, one in (file.centroids or {}).items()},
        calibration=calibration_of(file.calibration),
        class_calibration=class_calibration_of(file.class_calibration),
        losses=losses_of(file.losses),
        times=times_of(file.times),
        seasons=seasons_of(file.seasons, by_key(features, outputs)),
        importance=importance_of(file.importance, features),
        estimate_errors=errors_of(file.estimate_errors),
        segments=segments_of(file.segments, by_key(features, outputs)),
    )
    if fingerprint(reference) != file.fingerprint:
        raise ValueError(
            f"is damaged: its bins have the fingerprint {fingerprint(reference)}, "
            f"the file says {file.fingerprint}"
        )
    return reference


def _check_head(head: object) -> None:
    if isinstance(head, dict) and head.get("format") == SHARD_FORMAT:
        raise ValueError("is a shard; make a reference of it with `reference merge`")
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError("is not a reference profile; make one with `reference build`")
    version = head.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise ValueError("is damaged: format_version is not a positive number")
    if version > FORMAT_VERSION:
        raise ValueError(
            f"has format version {version}, this program reads up to {FORMAT_VERSION}; "
            "upgrade it, or build the profile with this version"
        )


def _decode(profiles: Mapping[str, _Numeric | _Categorical]) -> dict[str, FeatureProfile]:
    found: dict[str, FeatureProfile] = {}
    for name, one in profiles.items():
        try:
            found[name] = _numeric(one) if isinstance(one, _Numeric) else _categorical(one)
        except ValueError as error:
            raise ValueError(f"is damaged: {name}: {error}") from error
    return found


def _numeric(one: _Numeric) -> NumericProfile:
    edges, fine = np.array(one.edges, dtype=np.float64), np.array(one.fine_edges, dtype=np.float64)
    counts = _counts(one.counts)
    if not len(counts) == len(one.means) == len(fine) + 1:
        raise ValueError("counts, means and fine_edges do not fit together")
    if (np.diff(fine) <= 0).any() or (np.diff(edges) <= 0).any() or not np.isin(edges, fine).all():
        raise ValueError("edges must ascend, and be among fine_edges")
    means = np.array([np.nan if mean is None else mean for mean in one.means], dtype=np.float64)
    return NumericProfile(
        edges, fine, counts, means, one.minimum, one.maximum, one.mean, one.std,
        one.missing, one.invalid,
    )  # fmt: skip


def _categorical(one: _Categorical) -> CategoricalProfile:
    counts = _counts(one.counts)
    if len(counts) != len(one.categories) or len(set(one.categories)) != len(counts):
        raise ValueError("categories and counts do not fit together")
    return CategoricalProfile(
        tuple(one.categories), counts, frozenset(one.known_others), one.other_count,
        one.missing, one.invalid, one.overflow,
    )  # fmt: skip


def _counts(values: list[float]) -> Floats:
    counts = np.array(values, dtype=np.float64)
    if (counts < 0).any():
        raise ValueError("counts must not be negative")
    return counts


def load(path: str, *, model: str | None = None) -> Reference:
    """The profile in a file; ProfileError names the file and what is wrong with it."""
    try:
        reference = loads(Path(path).read_bytes())
    except OSError as error:
        hint = "; make it with `reference build`" if isinstance(error, FileNotFoundError) else ""
        raise ProfileError(f"{path}: cannot be read: {error.strerror}{hint}") from error
    except ValueError as error:
        raise ProfileError(f"{path}: {error}") from error
    if model is not None and reference.model != model:
        raise ProfileError(
            f"{path}: is the reference of model {reference.model!r}, wanted is {model!r}; build "
            f"one with `reference build --model={model}`"
        )
    return reference


def save(reference: Reference, path: str) -> None:
    """Write the profile to a file: complete and on disk, or the file stays as it was."""
    write(dumps(reference), path)


def write(data: bytes, path: str) -> None:
    """Write a file: complete and on disk, or it stays as it was."""
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent or ".")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.chmod(0o644)  # mkstemp makes it private; the exporter may be another user
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except OSError as error:
        raise ProfileError(
            f"{path}: cannot be written: {error.strerror}; name another place with --output"
        ) from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
