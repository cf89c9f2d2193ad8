"""`docs/configuration.md`, rendered from the tables of keys that validate.

python -m inference_exporter.config.reference_doc > docs/configuration.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from inference_exporter.config.calendar import CALENDAR
from inference_exporter.config.checks import Key, Section
from inference_exporter.config.concept import CONCEPT_DRIFT
from inference_exporter.config.conditions import CONDITION
from inference_exporter.config.derived import DERIVED
from inference_exporter.config.fields import (
    DURATION,
    FEATURES,
    FIELDS,
    RANKING,
    SCORES,
    STATUS,
    TIMESTAMP,
)
from inference_exporter.config.labels import LABELS
from inference_exporter.config.models import BOUNDARY, LIMITS, MODEL
from inference_exporter.config.pairs import PAIRS, SIDE
from inference_exporter.config.segments import SEGMENT
from inference_exporter.config.services import EVENTS, PUSH, RECEIVERS, RECORD, TRACES
from inference_exporter.config.thresholds import THRESHOLDS
from inference_exporter.config.top import TOP
from inference_exporter.config.versions import COMPARE_VERSIONS

_INTRO = """\
# Configuration

<!-- Written by `python -m inference_exporter.config.reference_doc`; edit the tables of
     `inference_exporter/config/`, not this file. -->

One YAML file, given with `--config.file`. Unknown and repeated keys are errors, and all problems
are reported at once, each with its place: `inference-exporter check --config.file=config.yaml`.
`inference-exporter init sample.log` writes a first configuration for a log.

`inference-exporter config` prints what is in force: the file, its preset and every default.
`inference-exporter config --schema > inference-exporter.schema.json` writes a JSON schema with
which an editor completes and explains keys; those that use yaml-language-server (VS Code's YAML
extension, Neovim, Emacs, …) are told by a first line
`# yaml-language-server: $schema=inference-exporter.schema.json`. `check` finds more than the
schema: what does not go together.

Durations are numbers with a unit (`250ms`, `5s`, `15m`, `1h`, `30d`) or numbers of seconds.
Relative paths start at the folder of the configuration file.

```yaml
models:
  credit-risk:
    logs: [/logs/predictions*.jsonl]
    fields:
      timestamp: timestamp
      id: request_id
      version: model_version
      features: features
      prediction: prediction
      score: score
      latency: {from: latency_ms, unit: ms}
      status: status
    reference: credit-risk.reference.json
    windows: [1h, 24h]
    thresholds: {feature_psi: 0.1, accuracy_drop: 0.05}
```
"""

_PATHS = """
A path names a value in a line: `request_id`, or `request.id` for a key that is literally so, or
for `id` inside `request`. A list of paths means the first that leads to a value that is not null.
Lines of `logfmt`, `regex` and `csv` have no nesting: there a path is a key, a named group or a
column, and an empty value or `-` is a missing one.

Numbers may be written as text (`"4.9"`); `true` and `false` count as 1 and 0. Anything else where
a number belongs, NaN and infinities included, is counted as invalid, and the line still counts.
"""

_FORMS = """
Three forms of `features`:

```yaml
features: features                                   # an object of names and values
features: {from: inputs, names: [age, plan]}         # a list of values
features: {rest: true, exclude: [hostname, level]}   # the other keys of the line itself
```
"""

_SCORES = """\
Forms of `scores` in a line, all with `classes: [cat, dog, bird]`:

| in the log | |
|---|---|
| `{"cat": 0.7, "dog": 0.2, "bird": 0.1}` | an object; classes that are not in it have 0 |
| `[0.7, 0.2, 0.1]` | a list, in the order of `classes` |
| `"0.7\\|0.2\\|0.1"`, `"[0.7, 0.2, 0.1]"` | a text: the only form in `logfmt`, `regex` and `csv` |

Without `classes` they are those of the reference file, if sorting their names leaves no doubt.
Probabilities must be finite, not negative and sum to 1: to within 0.01, for they may be rounded;
then they are divided by their sum. Other vectors, and lists of another length, are counted as
invalid values of `scores`; the line still counts. With two classes the probability of the positive
one is the `score`, where no `score` is configured.
"""


def render() -> str:
    """The page."""
    return "\n".join(_parts()).rstrip() + "\n"


def _parts() -> Iterator[str]:
    yield _INTRO
    yield from _section(TOP, "Top level")
    yield from _section(MODEL, "A model")
    yield from _section(FIELDS, "fields")
    yield _PATHS
    yield from _section(TIMESTAMP, "fields.timestamp")
    yield from _section(DURATION, "fields.latency and every entry of fields.steps")
    yield from _section(STATUS, "fields.status")
    yield from _section(FEATURES, "fields.features")
    yield _FORMS
    yield from _section(SCORES, "fields.scores")
    yield _SCORES
    yield from _section(RANKING, "fields.ranking")
    yield from _section(CONDITION, "A condition, in `when` and in `pairs`")
    yield from _section(PAIRS, "pairs")
    yield from _section(SIDE, "pairs.response_lines")
    yield from _section(CALENDAR, "calendar")
    yield from _section(CONCEPT_DRIFT, "concept_drift")
    yield from _section(COMPARE_VERSIONS, "compare_versions")
    yield from _section(BOUNDARY, "boundary")
    yield from _section(DERIVED, "`derived.<name>`")
    yield from _section(LABELS, "labels")
    yield from _section(SEGMENT, "`segments.<name>`")
    yield from _section(LIMITS, "limits")
    yield from _section(RECEIVERS, "receivers")
    yield from _section(TRACES, "traces")
    yield from _section(EVENTS, "events")
    yield from _section(PUSH, "events.loki, events.otlp")
    yield from _section(RECORD, "record")
    yield from _thresholds()


def _section(section: Section, title: str) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| key | value | default | meaning | example |"
    yield "|---|---|---|---|---|"
    for key in section.keys:
        yield _row(section, key)
    yield ""


def _row(section: Section, key: Key) -> str:
    default = section.default_of(key)
    code = default if " " in default or default in ("required", "none") else f"`{default}`"
    example = f"`{key.example}`" if key.example else ""
    cells = (f"`{key.name}`", key.type, code, key.meaning, example)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _thresholds() -> Iterator[str]:
    yield "## thresholds\n"
    yield "Published as `inference_threshold`; the shipped alert rules compare with them.\n"
    yield "| name | meaning | from 0 to | default | example |"
    yield "|---|---|---|---|---|"
    for name, one in THRESHOLDS.items():
        default = "none" if one.default is None else f"`{one.default:.10g}`"
        cells = (f"`{name}`", one.meaning, f"{one.high:g}", default, f"`{one.example:.10g}`")
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.write(render())
