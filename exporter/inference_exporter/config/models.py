"""Sections of the file: a model, its limits. A new key is one entry here."""

from __future__ import annotations

import re

from inference_exporter.config import lines
from inference_exporter.config.calendar import CALENDAR, check_calendar
from inference_exporter.config.checks import Findings, Key, Section, expected, shaped
from inference_exporter.config.concept import concept_drift
from inference_exporter.config.conditions import conditions
from inference_exporter.config.derived import derived
from inference_exporter.config.fields import FIELDS, time_zone
from inference_exporter.config.labels import check_labels, labels
from inference_exporter.config.mapping import steps
from inference_exporter.config.origin import model_uris
from inference_exporter.config.pairs import check_order, pairs
from inference_exporter.config.presets import expanded
from inference_exporter.config.probabilities import check_outputs
from inference_exporter.config.schema import (
    STATISTIC_NAMES,
    Boundary,
    Fields,
    Limits,
    ModelConfig,
    ReferenceFile,
    Warmup,
    Window,
)
from inference_exporter.config.segments import check_segments, segments
from inference_exporter.config.thresholds import thresholds
from inference_exporter.config.values import (
    duration,
    integer,
    list_of,
    mapping_of,
    names,
    number,
    one_of,
    only_list_of,
    scalar_name,
    text,
    true_or_false,
)
from inference_exporter.config.versions import check_versions, compare_versions
from inference_exporter.config.worth import business_value
from inference_exporter.values.batch import RANKS
from inference_exporter.values.hours import SEASONS

DAY = 86400.0
RECEIVED = (
    "predictions",
    "cloudevents",
    "otlp-logs",
    "otlp-traces",
)  # the keys of receivers.RECEIVERS
_IMPORTANCE = "names of inputs, each with a number"
COMPARED = ("previous_week", "same_month_last_year")  # decisions.earlier.AGAINST
_WARMUP_ROWS = integer(10, 100_000)
_WARMUP = {"type": "object", "properties": {"warmup": _WARMUP_ROWS}, "additionalProperties": False}
_WINDOW = re.compile(r"[1-9]\d*[smhd]", re.ASCII)


@shaped({"type": "string", "pattern": f"^{_WINDOW.pattern}$"})
def _window(value: object) -> Window:
    if not isinstance(value, str) or not _WINDOW.fullmatch(value):
        raise expected("a window such as 15m, 1h or 1d", value)
    return Window(value, duration(1.0, 400 * DAY)(value))


@shaped(list_of(_window, "a list of windows"))
def _windows(value: object) -> tuple[Window, ...]:
    windows = list_of(_window, "a list of windows such as [1h, 24h]")(value)
    findings = Findings()
    for i, window in enumerate(windows):
        twin = next((w for w in windows[:i] if w.seconds == window.seconds), None)
        if twin is not None:
            findings.add(f"[{i}]", f"{window.name} is as long as {twin.name}")
    findings.raise_any()
    return windows


@shaped(only_list_of(number(1e-9, 1e6), "a list of seconds"))
def _buckets(value: object) -> tuple[float, ...]:
    bounds = only_list_of(number(1e-9, 1e6), "a list of seconds such as [0.1, 0.5, 1]")(value)
    if list(bounds) != sorted(bounds):
        raise expected("seconds in ascending order", ", ".join(f"{bound:g}" for bound in bounds))
    return bounds


_statistics = list_of(one_of(*STATISTIC_NAMES), "a list of names of statistics such as [psi, ks]")


def _warmup(value: object) -> Warmup:
    return WARMUP(value)["warmup"]  # type: ignore[no-any-return]


@shaped({"anyOf": [text, _WARMUP]})
def _reference(value: object) -> ReferenceFile | Warmup:
    if isinstance(value, str) and value.strip():
        return ReferenceFile(value)
    if isinstance(value, dict):
        return _warmup(value)
    raise expected("the path of a reference profile, or {warmup: rows}", value)


@shaped(_WARMUP_ROWS)
def _warmup_rows(value: object) -> Warmup:
    return Warmup(_WARMUP_ROWS(value))  # they are kept in memory and in the state


WARMUP = Section(
    "reference",
    dict,
    (
        Key("warmup", _warmup_rows, "a whole number", "Freeze a profile from that many first"
            " predictions.", "10000", required=True),
    ),
)  # fmt: skip

LIMITS = Section(
    "limits",
    Limits,
    (
        Key("line_bytes", integer(1024, 1 << 30), "a number of bytes",
            "Longer lines are skipped and counted.", "1048576"),
        Key("versions", integer(1, 10_000), "a whole number",
            "Model versions with series of their own; further ones become `__overflow__`.", "20"),
        Key("classes", integer(2, 10_000), "a whole number",
            "Classes with series of their own.", "50"),
        Key("status_codes", integer(1, 10_000), "a whole number",
            "Status values with series of their own.", "50"),
        Key("open_files", integer(1, 1_000_000), "a whole number",
            "Log files followed at the same time.", "1024"),
        Key("segments", integer(1, 1000), "a whole number",
            "Values of each segment with series of their own.", "20"),
        Key("segment_combinations", integer(1, 10_000), "a whole number",
            "Combinations of the values of all segments with series of their own.", "100"),
    ),
)  # fmt: skip

BOUNDARY = Section(
    "boundary",
    Boundary,
    (
        Key("score", number(-1e12, 1e12), "a number", "The score at which decisions change.",
            "0.5"),
        Key("margin", number(0.0, 1e12), "a number", "How far from it is close.", "0.05"),
    ),
)  # fmt: skip

MODEL = Section(
    "models.<name>",
    ModelConfig,
    (
        Key("logs", list_of(text, "a path, a glob or a list of them"),
            "a path, a glob or a list of them",
            "The logs to follow; `-` is the standard input. Relative to the configuration file.",
            "[/logs/predictions*.jsonl]"),
        Key("source", one_of("files", "batch"), "files or batch",
            "`files` are followed while they grow. `batch`: files that are complete when they"
            " appear, as exports of an object store; `**` in `logs` is any depth.", "batch"),
        Key("path_pattern", lines.pattern, "a regular expression",
            "With `format: json`: its named groups in the path of a file are fields of its lines,"
            " `$path.version`.", "'/(?P<version>v[0-9]+)/'", default="none"),
        Key("receive", only_list_of(one_of(*RECEIVED), "a list of receivers"),
            f"a list of {', '.join(RECEIVED)}",
            "What is taken by HTTP, beside `logs` or instead of them; see"
            " [receivers.md](receivers.md).", "[predictions]", default="none"),
        Key("exclude", list_of(text, "a name, a glob or a list of them"),
            "a name, a glob or a list of them",
            "Files that are not read although `logs` (or `labels.logs`) matches them: by name, or"
            " by path if there is a `/` in it.", "['*-debug.jsonl']", default="none"),
        Key("format", lines.format_name, "json, logfmt, regex, csv, or the name of a preset",
            "How a line is written, or which server writes it: a [preset](presets.md) brings"
            " settings, over which those of the model are laid.", "json", default="json"),
        Key("pattern", lines.pattern, "a regular expression",
            "With `format: regex`: its named groups are the columns.",
            "'(?P<path>\\S+) (?P<status>\\d{3})'", default="none"),
        Key("multiline", true_or_false, "true or false",
            "With `format: json`: an object may be printed over several lines.", "true",
            default="false"),
        Key("unwrap", one_of("auto", "none", "cri", "docker"), "auto, none, cri or docker",
            "What a container runtime puts around lines: Kubernetes' CRI or Docker's json-file,"
            " found by itself. Its time and stream are `$wrap.time` and `$wrap.stream`.", "none"),
        Key("records", one_of(*lines.RECORD_NAMES), " or ".join(lines.RECORD_NAMES),
            "With `format: json`: a line holds many records, of which predictions are made, or"
            " steps of requests.", "otlp-logs", default="none"),
        Key("columns", names, "a list of names",
            "With `format: csv`: the columns, in order. With `format: json`: names of the entries"
            " of lines that are lists.",
            "[time, age, plan, prediction]", default="those in the first line of the file"),
        Key("delimiter", lines.delimiter, "one character",
            "With `format: csv`: what is between two cells.", "';'",
            default="found in the header; a comma with `columns`"),
        Key("quote", lines.quote, "one character",
            "With `format: csv`: what is around cells that hold the delimiter or a line end.",
            "\"'\"", default="found in the header, else a double quote"),
        Key("decimal", one_of(".", ","), ". or ,",
            "With `format: csv`: what is in front of decimals; with a comma, `1.500,25` is a"
            " number.", "','", default="."),
        Key("fields", FIELDS, "a section, below", "Where the values of a prediction are.",
            default="none"),
        Key("decode", mapping_of(steps, "a mapping of paths to steps"),
            "paths, each with a step or a list of steps",
            "With `format: json` or `csv`: what is done to values of a line, in this order, before"
            " anything is looked up in it; [the steps](mapping.md).", "{request: [json, rows]}",
            default="none"),
        Key("explode", only_list_of(text, "a list of paths"), "a list of paths",
            "With `format: json` or `csv`: lists with an entry for every prediction of a line;"
            " paths below them lead into one entry.", "[instances, predictions]", default="none"),
        Key("pairs", pairs, "a section, below",
            "With `format: json`: requests and responses are lines of their own; see"
            " [mapping.md](mapping.md).", "{id: id, request: {kind: request}}", default="none"),
        Key("lines_of_request", duration(0.0, 3600.0), "a duration",
            "Lines that have the same `fields.id` within this time are rows of one request, which"
            " counts once; they are numbered in their order.", "10s",
            default="every line is a request"),
        Key("when", conditions, "paths, each with a value, a list of values, or a condition",
            "Only lines that have one of these values at each path, or meet the condition, are"
            " predictions.",
            "{event: prediction}", default="every line"),
        Key("requests_when", conditions,
            "paths, each with a value, a list of values, or a condition",
            "Only lines that meet this are requests; of the others, parts of requests, only steps"
            " and what they predict count.", "{parent_id: {exists: false}}", default="every line"),
        Key("start_at", one_of("beginning", "end"), "beginning or end",
            "Where to start in a log that is met for the first time.", "beginning"),
        Key("task", one_of("classification", "regression"), "classification or regression",
            "What the model predicts.", "classification", default="as in the reference"),
        Key("positive_class", scalar_name, "a class",
            "The class whose probability the score is.", "fraud"),
        Key("business_value", business_value,
            "numbers by tp, fp, fn, tn, or by predicted and then by actual class",
            "What a prediction is worth, in your unit, once its outcome is known; what is not "
            "listed is worth 0.", "{tp: 40, fp: -5, fn: -200}", default="none"),
        Key("top_k", only_list_of(integer(1, RANKS), "a list of whole numbers"),
            "a list of whole numbers, 1 to 10",
            "With `fields.scores` or `fields.ranking`: how many of the first choices count as"
            " `top_<k>_accuracy`; those below the number of classes are shown.", "[1, 3, 10]"),
        Key("reference", _reference, "a path, or {warmup: rows}",
            "What normal is: a profile made by `reference build`, or the first predictions.",
            "credit.reference.json"),
        Key("windows", _windows, "a list of spans of at most 400d",
            "The spans of time to evaluate over. Each is kept in 60 parts, however long it is: that"
            " of 90d moves on every 36 h. Where labels take months, a span should be longer.",
            "[1h, 24h]"),
        Key("calendar", CALENDAR, "a section, below",
            "Days, weeks, months and quarters to evaluate performance over, beside the windows; see"
            " [performance.md](performance.md#calendar-periods).",
            "{timezone: Europe/Paris, periods: [month, quarter]}", default="none"),
        Key("season", one_of(*SEASONS), "hour_of_day or hour_of_week",
            "What is compared with what the reference has at the same hour; see"
            " [season.md](season.md). Takes a reference that was built with it.", "hour_of_week",
            default="none: with all of the reference"),
        Key("season_timezone", time_zone, "an IANA time zone",
            "Whose clocks show those hours.", "Europe/Berlin", default="UTC"),
        Key("compare", only_list_of(one_of(*COMPARED), "a list of other times"),
            f"a list of {', '.join(COMPARED)}",
            "What windows are compared with beside the reference; see"
            " [season.md](season.md#other-times).", "[previous_week]", default="none"),
        Key("compare_versions", compare_versions, "a section, below",
            "Two versions side by side, by their labels; see [versions.md](versions.md).",
            "{champion: '7', challenger: '8', metric: accuracy}", default="none"),
        Key("lateness", duration(0.0, 30 * DAY), "a duration",
            "How old a prediction may be when it is read and still enter the windows.", "1h",
            default="1h"),
        Key("latency_buckets", _buckets, "a list of seconds, ascending",
            "Upper bounds of the latency histograms; an objective is always one of them.",
            "[0.05, 0.1, 0.25, 0.5, 1]", default="1 ms to 64 s, each 9 % above the one before; "
            "19 % for steps, 41 % for segments"),
        Key("min_samples", integer(1, 1_000_000_000), "a whole number",
            "The least evidence for a windowed value to be shown.", "500",
            default="200, or 20 per bin if that is more"),
        Key("statistics", _statistics, "a list of names of statistics",
            "The distances from the reference to publish; [what they are](statistics.md). Alarms do"
            " not depend on it.", "[psi, wasserstein]"),
        Key("thresholds", thresholds, "names of thresholds, each with a number",
            "Limits that alert rules compare with; the names are below.", "{feature_psi: 0.1}",
            default="none"),
        Key("importance", mapping_of(number(0.0, 1e12), _IMPORTANCE), _IMPORTANCE,
            "How much each input matters to the model, in any unit; one that is not named does not"
            " matter. See [references.md](references.md#importance).", "{income: 0.4, age: 0.1}",
            default="as `reference build` measured it"),
        Key("concept_drift", concept_drift, "a section, below",
            "Sequential tests on the streams of errors, residuals and latencies; off unless given.",
            "{detectors: [adwin]}", default="none"),
        Key("labels", labels, "a section, below",
            "Labels that come later than the prediction; see docs/labels.md.",
            "{id: request_id, actual: defaulted, logs: actuals.jsonl}", default="none"),
        Key("segments", segments, "a list of paths, or names, each with a path or a section, below",
            "Fields by whose values requests, predictions and performance are also counted apart;"
            " see docs/segments.md.", "[country]", default="none"),
        Key("derived", derived, "names, each with a section, below",
            "Features that are numbers made of texts and embeddings.",
            "{prompt_words: {from: prompt, as: tokens}}", default="none"),
        Key("multivariate", true_or_false, "true or false",
            "Whether predictions are compared as a whole: outlier distance, reconstruction error, "
            "share of unseen categories. Build the reference with it, too.", "true",
            default="false"),
        Key("boundary", BOUNDARY, "a section, below",
            "Where the decision boundary is, to count the scores close to it.",
            "{score: 0.5, margin: 0.05}", default="none"),
        Key("similar_inputs", integer(1, 1_000_000), "a whole number",
            "How many near-identical inputs a minute may have; more are counted as a burst. "
            "Takes `multivariate`.", "50", default="none"),
        Key("model_uri", model_uris, "a text, or versions, each with one",
            "Where a version is from, if the log does not say it (`fields.model_uri`): a run or an"
            " entry in a registry of models, as a label of `inference_model_info`; `{version}` is"
            " the version's name. See [trackers.md](trackers.md).", "'models:/credit/{version}'",
            default="none"),
        Key("limits", LIMITS, "a section, below", "What keeps memory and series bounded.",
            default="as below"),
    ),
)  # fmt: skip


@shaped(MODEL)
def model(value: object) -> ModelConfig:
    """A model without its name."""
    findings = Findings()
    value, preset = expanded(value)
    values = MODEL.read(value, findings)
    if values.get("format") == "regex" and isinstance(value, dict) and not value.get("pattern"):
        findings.add("pattern", "missing; format: regex needs a regular expression")
    if isinstance(value, dict) and value.get("logs") is None and not value.get("receive"):
        findings.add("logs", "missing; expected a path, a glob or a list of them, or receive")
    if values.get("receive") and "-" in values.get("logs", ()):
        findings.add("receive", "does not go with the standard input")
    if values.get("source") == "batch" and (values.get("receive") or "-" in values.get("logs", ())):
        findings.add("source", "batch is for files alone: no receive, no standard input")
    values.setdefault("logs", ())
    line = lines.line_format(values, findings)
    if line is not None:
        fields = values["fields"] = lines.without_used(values.get("fields") or Fields())
        nested = bool(values.get("decode") or values.get("explode"))
        lines.check_paths(line, fields, tuple(values.get("when", ())), findings, nested=nested)
        lines.check_mapping(line, values, findings)
    if values.get("lines_of_request") is not None and not getattr(values.get("fields"), "id", None):
        findings.add("lines_of_request", "needs fields.id: what the lines have in common")
    check_order(values, findings)
    check_labels(values, findings)
    check_calendar(values, findings)
    check_segments(values, None if line is None else lines.columns_of(line), findings)
    check_outputs(values, findings)
    check_versions(values, findings)
    findings.raise_any()
    return ModelConfig(name="", format=line, preset=preset, **values)  # type: ignore[arg-type]  # raised above
