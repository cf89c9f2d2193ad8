"""Checks of the `labels:` section: where labels that come later are, and what to do with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from inference_exporter.config import lines
from inference_exporter.config.checks import Findings, Key, Section, closest, shaped, show
from inference_exporter.config.conditions import conditions
from inference_exporter.config.fields import PATH, field, timestamp
from inference_exporter.config.mapping import steps
from inference_exporter.config.schema import LabelsConfig, ModelConfig, Warmup
from inference_exporter.config.values import (
    duration,
    integer,
    list_of,
    mapping_of,
    names,
    number,
    one_of,
    only_list_of,
    text,
    true_or_false,
)

DAY = 86400.0


LABELS = Section(
    "labels",
    LabelsConfig,
    (
        Key("id", field, PATH, "The identity of the prediction a label belongs to.", "request_id",
            required=True),
        Key("actual", field, PATH, "The true class or value.", "defaulted", required=True),
        Key("logs", list_of(text, "a path, a glob or a list of them"),
            "a path, a glob or a list of them",
            "Logs of labels. Without them labels come by `POST /api/v1/labels`, or in the same "
            "log.",
            "[/logs/actuals*.jsonl]"),
        Key("same_log", true_or_false, "true or false",
            "Labels are lines of the model's own log; the model's `when` and the one here say"
            " which line is what.", "true", default="false"),
        Key("format", one_of("json", "csv"), "json or csv", "How a line of `logs` is written.",
            "csv", default="json"),
        Key("columns", names, "a list of names", "With `format: csv`: the columns, in order.",
            "[request_id, defaulted]", default="those in the first line of the file"),
        Key("delimiter", lines.delimiter, "one character",
            "With `format: csv`: what is between two cells.", "';'",
            default="found in the header; a comma with `columns`"),
        Key("quote", lines.quote, "one character",
            "With `format: csv`: what is around cells that hold the delimiter or a line end.",
            "\"'\"", default="found in the header, else a double quote"),
        Key("decode", mapping_of(steps, "a mapping of paths to steps"),
            "paths, each with a step or a list of steps",
            "As `decode` of the model, for lines of labels.", "{groundTruthData: [encoded, rows]}",
            default="none"),
        Key("explode", only_list_of(text, "a list of paths"), "a list of paths",
            "As `explode` of the model, for lines of labels.", "[groundTruthData]",
            default="none"),
        Key("row", field, PATH, "The row in the request, where one id stands for several"
            " predictions; counted from 0, as `fields.row`.", "row"),
        Key("timestamp", timestamp, f"{PATH}, or {{from, unit, timezone}}",
            "When the outcome was known; without it, when the label is read.", "labelled_at"),
        Key("when", conditions, "paths, each with a value, a list of values, or a condition",
            "Only lines that have one of these values at each path are labels.",
            "{kind: label}", default="every line"),
        Key("wait", duration(1.0, 400 * DAY), "a duration",
            "How long a prediction waits for its label, from when it was read.", "90d",
            default="30d"),
        Key("max_pending", integer(1000, 1_000_000_000), "a whole number",
            "Predictions that are remembered; the oldest go first. About 60 bytes of disk each.",
            "1000000"),
        Key("ahead", duration(0.0, 30 * DAY), "a duration",
            "How long a label waits for its prediction, should it come first.", "1h",
            default="1h"),
        Key("update", one_of("first", "last"), "first or last",
            "Which label of a prediction counts, if there are several.", "last"),
        Key("shared", true_or_false, "true or false",
            "Several exporters read the same labels: those without a prediction here are `foreign`,"
            " not `unmatched`.", "true", default="false"),
        Key("coverage", number(0.0, 1.0), "a number, 0 to 1",
            "Performance of a window is absent while a smaller share of its predictions has a"
            " label.", "0.5"),
        Key("selection", one_of("hide", "show"), "hide or show",
            "Performance of a window while the labelled predictions are a selection"
            " (docs/labels.md): `show` where that is known and meant.", "show", default="hide"),
    ),
)  # fmt: skip


@shaped(LABELS)
def labels(value: object) -> LabelsConfig:
    """The section, with its line format put together."""
    findings = Findings()
    values = LABELS.read(value, findings)
    line = lines.line_format(values | {"pattern": None}, findings)
    for key in ("format", "columns", "delimiter", "quote"):
        values.pop(key, None)
    columns = None if line is None else lines.columns_of(line)
    for key in ("id", "actual", "row", "timestamp"):
        where = values.get(key)
        if columns is not None and where and not any(path in columns for path in where.paths):
            path = where.paths[0]
            findings.add(key, f"no column is called {show(path)}; {closest(path, columns)}")
    if values.get("same_log") and not values.get("when"):
        findings.add("when", "missing; same_log: true needs it to tell labels from predictions")
    if line is not None:
        lines.check_mapping(line, values, findings)
    findings.raise_any()
    return LabelsConfig(format=line, **values)  # type: ignore[arg-type]  # raised above


def check_labels(values: dict[str, object], findings: Findings) -> None:
    """What the rest of the model must have for labels to be joined."""
    one, fields = values.get("labels"), values.get("fields")
    if not isinstance(one, LabelsConfig):
        return
    if getattr(fields, "id", None) is None:
        findings.add("fields.id", "missing; labels refer to it")
    if not getattr(fields, "predicts", False):
        findings.add("fields.prediction", "missing; labels are compared with it")
    if isinstance(values.get("reference"), Warmup) and values.get("task") is None:
        findings.add("task", "missing; until the warm-up is complete only this tells how to join")
    if one.same_log and not values.get("when"):
        findings.add("when", "missing; labels.same_log: true needs it to tell the lines apart")


def resolved(one: LabelsConfig, folder: Path) -> LabelsConfig:
    """With the logs starting where the file is."""
    return replace(one, logs=tuple(str(folder / log) for log in one.logs))


def label_lines(model: ModelConfig, *, same_log: bool = False) -> ModelConfig:
    """The model as whoever decodes its label lines needs it: only the fields of labels."""
    one = model.labels
    assert one is not None
    fields = replace(
        type(model.fields)(), id=one.id, actual=one.actual, row=one.row, timestamp=one.timestamp
    )
    line = model.format if same_log else one.format
    return replace(
        model, fields=fields, when=one.when, format=line, decode=one.decode, explode=one.explode
    )
