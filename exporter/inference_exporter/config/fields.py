"""Checks of the `fields:` section: where each value of a prediction is found in a line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from inference_exporter.config.checks import (
    Check,
    Findings,
    Key,
    Section,
    Wrong,
    expected,
    shaped,
    wrong,
)
from inference_exporter.config.conditions import conditions
from inference_exporter.config.mapping import steps
from inference_exporter.config.schema import (
    DurationField,
    FeaturesField,
    Field,
    Fields,
    StatusField,
    TimestampField,
)
from inference_exporter.config.values import (
    list_of,
    mapping_of,
    names,
    one_of,
    only_list_of,
    paths,
    scalar_name,
    text,
)
from inference_exporter.config.vector_fields import RankingField, ScoresField

_RANGE = re.compile(r"-?\d+\.\.-?\d+", re.ASCII)

PATH = "a path or a list of paths"


@shaped(text)
def time_zone(value: object) -> str:
    """The name of a zone that is known here."""
    try:
        return ZoneInfo(text(value)).key
    except (Wrong, KeyError, ValueError, OSError) as error:
        raise expected("an IANA time zone such as Europe/Berlin or UTC", value) from error


@shaped(list_of(scalar_name, "values and ranges"))
def _ok_values(value: object) -> tuple[str, ...]:
    entries = value if isinstance(value, list) else [value]
    if not entries:
        raise wrong("expected values or ranges such as 200..399, got an empty list")
    findings = Findings()
    good = [findings.take(f"[{i}]", _ok_value, entry) for i, entry in enumerate(entries)]
    findings.raise_any()
    return tuple(entry for entry in good if entry is not None)


def _ok_value(value: object) -> str:
    entry = scalar_name(value)
    if ".." not in entry:
        return entry
    if not _RANGE.fullmatch(entry):
        raise expected("a range of numbers such as 200..399", value)
    low, high = (int(end) for end in entry.split(".."))
    if low > high:
        raise wrong(f"the range {entry} is empty: its ends are the wrong way round")
    return entry


@shaped(scalar_name)
def _scalar_value(value: object) -> object:
    scalar_name(value)
    return value


FROM = Key("from", paths, PATH, "Where the value is.", required=True)
AS = Key(
    "as", steps, "a step or a list of steps",
    "How what is written becomes what is meant; [the steps](mapping.md).", "percent",
    default="as it is written",
)  # fmt: skip
CONST = Key(
    "const", _scalar_value, "a value", "Instead of `from`: the same value for every line.", "v3",
)  # fmt: skip
SINCE = Key(
    "since", paths, PATH,
    "Where the start is: then both are points in time, and the duration is what lies between.",
    "startTime", default="none",
)  # fmt: skip
ONLY_WHEN = Key(
    "when", conditions, "paths, each with a value, a list of values, or a condition",
    "Only lines that meet this have it: where every step is a line of its own.",
    "{name: feature_lookup}", default="every line",
)  # fmt: skip
UNIT = Key(
    "unit", one_of("s", "ms", "us", "ns"), "s, ms, us or ns",
    "The unit the value is logged in.", "ms", default="s",
)  # fmt: skip
TIMEZONE = Key(
    "timezone", time_zone, "an IANA time zone",
    "The zone of texts that do not name one, as `datetime.now().isoformat()` writes them.",
    "Europe/Berlin", default="UTC",
)  # fmt: skip
OK = Key(
    "ok", _ok_values, "a list of values and ranges",
    "What counts as a success; ranges of numbers include both ends.", '["200..399", success]',
    default=", ".join(StatusField(()).ok),
)  # fmt: skip


@shaped(text)
def _between(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise expected("a text such as ; or a space", value)
    return value


CLASSES = Key(
    "classes", only_list_of(scalar_name, "a list of classes"), "a list of classes",
    "The classes, in the order of a logged list.", "[cat, dog, bird]",
    default="those of the reference",
)  # fmt: skip
BETWEEN = Key(
    "delimiter", _between, "a text",
    "Where the list is a text and not JSON: what is between two of its entries.", "';'",
    default="|",
)  # fmt: skip


def _made_by(kind: type) -> Any:
    def make(**values: Any) -> Any:
        return kind(paths=values.pop("from", ()), convert=values.pop("as", ()), **values)

    make.__doc__ = kind.__doc__
    return make


def _short(section: Section) -> Check[Any]:
    """A path alone stands for `{from: path}`."""

    @shaped({"anyOf": [paths, section]})
    def check(value: object) -> Any:
        # Checked here so that a bad path is reported under the field, not under an unwritten `from`
        return section(value if isinstance(value, Mapping) else {"from": list(paths(value))})

    return check


FIELD = Section(
    "A field", _made_by(Field), (replace(FROM, required=False, default="required"), AS, CONST)
)
DURATION = Section("A duration", _made_by(DurationField), (FROM, UNIT, AS, SINCE, ONLY_WHEN))
TIMESTAMP = Section("timestamp", _made_by(TimestampField), (FROM, UNIT, TIMEZONE, AS))
STATUS = Section("status", _made_by(StatusField), (FROM, OK, AS))

SCORES = Section("scores", _made_by(ScoresField), (FROM, CLASSES, BETWEEN, AS))
RANKING = Section("ranking", _made_by(RankingField), (FROM, BETWEEN, AS))

duration, timestamp, status = map(_short, (DURATION, TIMESTAMP, STATUS))
scores, ranking = map(_short, (SCORES, RANKING))
_field = _short(FIELD)


@shaped(_field)
def field(value: object) -> Field:
    """A path, a path with steps, or a value for all lines."""
    found: Field = _field(value)
    if bool(found.paths) == (found.const is not None):
        raise wrong("expected either from or const")
    return found


@shaped({"enum": [True]})
def _rest(value: object) -> bool:
    if value is not True:
        raise expected("true", value)
    return value


@shaped({"anyOf": [{"enum": ["auto"]}, names]})
def _names(value: object) -> tuple[str, ...]:
    return () if value == "auto" else names(value)


FEATURES = Section(
    "features",
    dict,
    (
        Key("from", paths, PATH, "Where the object, or with `names` the list, of inputs is.",
            "features"),
        Key("names", _names, "a list of names, or auto",
            "The names of the inputs, in the order of the logged list; `auto`: objects as they are,"
            " and x0, x1, … for lists.", "[age, plan]"),
        Key("rest", _rest, "true",
            "Every key that no other field uses is an input: of the line, or of the object at"
            " `from`.",
            "true"),
        Key("exclude", names, "a list of names", "Keys that are not inputs.",
            "[hostname]"),
        Key("only", names, "a list of names", "The only inputs that are looked at.", "[age, plan]",
            default="all"),
        Key("numeric", names, "a list of names",
            "Inputs that are numbers, whatever their values look like.", "[age]"),
        Key("categorical", names, "a list of names",
            "Inputs that are categories although they look like numbers.", "[postcode]"),
        Key("as", mapping_of(steps, "a mapping of inputs to steps"), "inputs, each with steps",
            "Inputs that are not written as they are meant; [the steps](mapping.md).",
            "{amount: {number: {thousands: ','}}}"),
    ),
)  # fmt: skip


@shaped({"anyOf": [paths, FEATURES]})
def features(value: object) -> FeaturesField:
    """The inputs of the model, in one of their three forms."""
    if not isinstance(value, Mapping):
        return FeaturesField("object", paths=paths(value))
    findings = Findings()
    given: dict[str, Any] = FEATURES.read(value, findings)
    rest = "rest" in value
    given.pop("rest", None)
    given["convert"] = given.pop("as", {})
    given["unused"] = rest and "from" in value
    if not rest and "from" not in value:
        findings.add("", "expected either from or rest: true")
    if rest and "names" in given:
        findings.add("names", "belongs to the list form: use it with from")
    if given.get("names") and "exclude" in given:
        findings.add("exclude", "does not go with names: leave it out of them")
    _check_kinds(given | {"as": given["convert"]}, findings)
    findings.raise_any()
    form = "rest" if rest and not given["unused"] else "list" if given.get("names") else "object"
    form = "any" if given.get("names") == () else form
    return FeaturesField(form=form, paths=given.pop("from", ()), **given)  # type: ignore[arg-type]


def _check_kinds(given: Mapping[str, tuple[str, ...]], findings: Findings) -> None:
    listed = given.get("names") or None
    for name in given.get("categorical", ()):
        if name in given.get("numeric", ()):
            findings.add("categorical", f"{name} is also listed as numeric")
    for kind in ("numeric", "categorical", "as"):
        for name in given.get(kind, ()):
            if listed is not None and name not in listed:
                findings.add(kind, f"{name} is not one of names")


FIELDS = Section(
    "fields",
    Fields,
    (
        Key("timestamp", timestamp, f"{PATH}, or {{from, unit, timezone}}",
            "When the prediction was made: ISO 8601, a web server's `[day/Mon/year:time zone]`, or"
            " a number since the epoch in `unit`. Without it, the time of reading is used.",
            "{from: ts, unit: ms}"),
        Key("id", field, PATH, "The identity of a prediction, to which late labels refer.",
            "request_id"),
        Key("version", field, PATH, "The version of the model.", "model_version"),
        Key("features", features, f"{PATH}, or {{from, names}}, or {{rest: true, exclude}}",
            "The inputs of the model.", "features"),
        Key("prediction", field, PATH, "The predicted class or value.", "prediction"),
        Key("score", field, PATH, "The probability of the positive or predicted class.",
            "probability"),
        Key("scores", scores, f"{PATH}, or {{from, classes, delimiter}}",
            "The probabilities of all classes; without `prediction` the most probable one is"
            " predicted.", "{from: probabilities, classes: [cat, dog, bird]}"),
        Key("ranking", ranking, f"{PATH}, or {{from, delimiter}}",
            "Classes or items, best first, where there are no probabilities; without `prediction`"
            " the first one is predicted.", "recommended"),
        Key("latency", duration, f"{PATH}, or {{from, unit}}",
            "How long the request took, end to end.", "{from: latency_ms, unit: ms}"),
        Key("status", status, f"{PATH}, or {{from, ok}}", "The outcome of the request.",
            "status"),
        Key("trace_id", field, PATH, "The id of the request's trace, or a `traceparent` header.",
            "trace_id"),
        Key("span_id", field, PATH, "The id of the span in which the line was written: the parent"
            " of those that the exporter sends.", "span_id"),
        Key("actual", field, PATH, "The true class or value, where it is on the same line.",
            "actual"),
        Key("weight", field, PATH, "How many predictions this one stands for, where only a sample"
            " of them is logged.", "weight"),
        Key("row", field, PATH, "The row in the request, counted from 0, where one id stands for"
            " several predictions.", "row"),
        Key("entity", field, PATH, "Who or what asked: a customer, a device, a session. Rows of one"
            " are no independent rows, and decisions know by how much; see docs/alarms.md.",
            "customer_id"),
        Key("model_uri", field, PATH, "Where the model that answered is from: the URI of its run or"
            " its entry in a registry. The last one of each version is a label of"
            " `inference_model_info`.", "model_uri"),
        Key("steps", mapping_of(duration, "a mapping of step names to fields"),
            f"names, each with {PATH}, or {{from, unit}}", "How long each step took.",
            "{feature_lookup: {from: stages.lookup_ms, unit: ms}}", default="none"),
    ),
)  # fmt: skip
