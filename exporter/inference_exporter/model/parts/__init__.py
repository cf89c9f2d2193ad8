"""The capabilities of a model, in the order in which they act: a file each, and a line here."""

from __future__ import annotations

from inference_exporter.model.part import Part
from inference_exporter.model.parts.broken import BrokenPart
from inference_exporter.model.parts.calendar import CalendarPart
from inference_exporter.model.parts.concept import ConceptPart
from inference_exporter.model.parts.decided import DecidedPart
from inference_exporter.model.parts.decisions import DecisionsPart
from inference_exporter.model.parts.derived import DerivedPart
from inference_exporter.model.parts.earlier import EarlierPart
from inference_exporter.model.parts.events import EventsPart
from inference_exporter.model.parts.exemplars import ExemplarsPart
from inference_exporter.model.parts.late_labels import LateLabels
from inference_exporter.model.parts.mismatch import Mismatch
from inference_exporter.model.parts.numbers import NumbersPart
from inference_exporter.model.parts.origin import OriginPart
from inference_exporter.model.parts.outliers import Outliers
from inference_exporter.model.parts.pairs import PairsPart
from inference_exporter.model.parts.promises import PromisesPart
from inference_exporter.model.parts.repeats import RepeatsPart
from inference_exporter.model.parts.request_rows import RequestRows
from inference_exporter.model.parts.season import SeasonPart
from inference_exporter.model.parts.segment_drift import SegmentDrift
from inference_exporter.model.parts.segments import SegmentsPart
from inference_exporter.model.parts.traces import TracesPart
from inference_exporter.model.parts.versions import VersionsPart
from inference_exporter.model.parts.warmup import WarmupPart

PARTS: tuple[type[Part], ...] = (
    PairsPart,  # before anything is decoded
    RequestRows,  # before whatever counts requests
    NumbersPart,  # columns are worked out in this order: numbers, derived features, …
    DerivedPart,
    SeasonPart,  # … the hour of each row
    RepeatsPart,  # … and what tells rows apart
    Outliers,  # … of the features as they are counted
    SegmentsPart,  # before late labels, which are counted by segment too
    PromisesPart,  # before late labels, which are counted by day too
    CalendarPart,  # and by calendar period
    DecisionsPart,
    DecidedPart,  # which is told of decisions
    SegmentDrift,  # after what names segments and sets rows aside
    EarlierPart,  # which is told of decisions
    BrokenPart,
    ConceptPart,
    ExemplarsPart,
    TracesPart,
    EventsPart,
    OriginPart,
    VersionsPart,
    LateLabels,
    Mismatch,
    WarmupPart,  # last: a new reference takes the place of what all others have counted against
)

__all__ = ["PARTS"]
