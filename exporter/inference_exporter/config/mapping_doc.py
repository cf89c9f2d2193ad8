"""`docs/mapping.md`, rendered from the table of steps that validates."""

from __future__ import annotations

from inference_exporter.config.mapping import STEPS

_INTRO = """\
# From what a server writes to predictions

<!-- Written by `python -m scripts.docs`; edit `inference_exporter/config/mapping_doc.py` and the
     table of steps in `inference_exporter/config/mapping.py`, not this file. -->

Many logs do not hold a prediction as it is meant: the request is JSON inside a text, one line has
the answers to four rows, `amount` is written `"1,500.25"`. Three keys say what is meant. They are
a small closed language: steps by name, no expressions, no code.

## `as`: one value

A field, or an input by its name, with the steps that convert it:

```yaml
fields:
  latency: {from: took, as: duration}                       # took=29.6ms
  score: {from: confidence, as: percent}                    # 87.5% or 87.5
  timestamp: {from: day, as: {strptime: "%d/%m/%Y %H:%M"}, timezone: Europe/Berlin}
  features: {from: features, as: {amount: {number: {thousands: ","}}}}
  version: {const: v3}                                      # the same for every line
```

This works in every `format`. A list of steps is applied in order. A value that a step cannot read
is counted as an invalid value of its field, and the line still counts.

A duration that a log has as two points in time is their difference:

```yaml
fields:
  latency: {from: endTime, since: startTime}
  steps: {first_token: {from: completionStartTime, since: startTime}}
```

## `decode`: a value that holds others

With `format: json` or `csv`. Paths, each with steps that are applied before anything is looked up
in the line; the paths of fields then lead into what came out.

```yaml
# {"request": "{\\"instances\\": [[6.1, 2.8]]}", "response": "{\\"predictions\\": [1]}"}
decode: {request: [json, rows], response: [json, rows]}
```

A path may have places in lists: `response.choices[0].text`.

## `explode`: a line that is several predictions

With `format: json` or `csv`. Lists that have an entry for every row of a request; what a path finds
below them, it finds in each entry:

```yaml
# {"id": "q1", "ms": 2.4, "instances": [{"x": 1}, {"x": 2}],
#  "predictions": [{"class": "A", "p": 0.9}, {"class": "B", "p": 0.6}]}
explode: [instances, predictions]
fields:
  id: id
  latency: {from: ms, unit: ms}
  features: instances
  prediction: predictions.class
  score: predictions.p
```

is two predictions of one request: the request, its status, its latency and its steps count once,
features, predictions, scores and labels count in each row. All other fields of the line are those
of every row. The rows are numbered from 0; late labels name the row (`labels.row`), or are for
row 0. A list that is not there (a failed request has no predictions) is missing in every row. Where
two lists have different lengths nothing tells which entry belongs to which: the line is counted as
`malformed`, with the lengths in the log message. A line without any row is a request without
predictions.

## `path_pattern`: what the path of a file says

With `format: json`. The named groups of a regular expression that the path of the file matches are
fields of all its lines:

```yaml
# /captures/endpoint/v3/2026/11/20/10/7f1c.jsonl
path_pattern: "/(?P<version>v[0-9]+)/"
fields: {version: $path.version}
```

## `pairs`: requests and responses that are lines of their own

With `format: json`. Two lines with one id, in one file or in two (both in `logs`), become one:

```yaml
# {"id": "7", "type": "request", "time": "…:00.100Z", "data": {"instances": [[6.1, 2.8]]}}
# {"id": "7", "type": "response", "time": "…:00.350Z", "data": {"predictions": [0]}}
pairs: {id: id, request: {type: request}, response: {type: response}}
decode: {request.data: rows, response.data: rows}
explode: [request.data, response.data]
fields:
  timestamp: request.time
  latency: {from: response.time, since: request.time}
  status: {from: pair, ok: answered}
  features: {from: request.data, names: auto}
  prediction: response.data
```

The joined line has the keys `request` and `response` with what was in the two lines, and `pair`,
which is `answered`, `unanswered` (no response came within `within`: a server that logs only
successes says so that it failed) or `unasked` (a response without a request). The halves may come
in any order. They wait in the committed state, so a pair counts once over crashes; a half that
comes twice is a `duplicate`. `once` gives up what still waits at the end of the logs. Lines count
in `inference_exporter_lines_total{result="half"}`, pairs in `inference_pairs_total{result}`. The
joined line has their `id` too.

Where a payload log has a line for every row, and an access log the status and the latency of the
request, `rows: true` joins them: `request` is the list of all lines with the id, in their order.
One side may have a format of its own, a regular expression, logfmt or a preset of these
(`request_lines`, `response_lines`); conditions are those of its groups:

```yaml
# logs: [monitoring/data.*.log, access.log]
pairs:
  id: {from: request_id, as: {hex: 16}}   # in the rows
  rows: true
  response_lines: {format: bentoml-access}  # its id is `span`
  response: {path: {unless: /healthz}}
explode: [request]
fields:
  id: id
  timestamp: [request.timestamp, response.time]
  features: {from: request, rest: true, exclude: [request_id, trace_id]}
  prediction: request.pred
  latency: {from: response.ms, unit: ms}
  status: {from: [response.status, pair], ok: ["200..399"]}
```

Nothing in a line says how many rows a request has, so such a pair is whole `settle` after its last
line was read. A row that comes later still counts as `duplicate`, not as a request of its own.
`max_waiting` is then a number of lines; beyond it the oldest request that has its answer is given
out before one that has not. `check --sample=… --sample=…` takes both files.

Where requests and responses have nothing in common, their order in one file is all there is:

```yaml
# {"kind": "request", "body": {"dataframe_split": …}}
# {"kind": "response", "status": 200, "body": {"predictions": […]}}
pairs: {by: order, request: {kind: request}, response: {kind: response}}
decode: {request.body: rows, response.body: rows}
explode: [request.body, response.body]
fields: {features: {from: request.body, names: auto}, prediction: response.body.label}
```

A response is that of the request right before it, which is sound only for a server that answers
one request at a time and logs to one file, and so `logs` must name one. Where two requests are open
at a time, nothing tells whose response comes first: none of them is joined, until no request is
open any more. They are counted, not guessed: `inference_pairs_total{result="ambiguous"}`, and
`check --sample` says how many there are. A request without a response (a crash, a server that logs
only successes) is open until `within` is over, and makes those behind it ambiguous as long. If that
counter grows, log an id with both lines.

## `lines_of_request`: a request that is several lines

In every format: lines with the same `fields.id` that are read within this time are rows of one
request. It counts once, with the latency of its first line; the rows are numbered from 0 for late
labels. The ids are in the committed state, so a request counts once over crashes.

```yaml
lines_of_request: 10s
fields: {id: request_id}
```

## `requests_when`: lines that are parts of requests

In every format. Some services log a line for every step of a request, and one for the request:

```yaml
# {"event": "step", "step": "feature_lookup", "ms": 7.2, "trace": "0af7…"}
# {"event": "request", "ms": 28.8, "status": 200, "trace": "0af7…"}
requests_when: {event: request}
fields:
  latency: {from: ms, unit: ms}
  steps:
    feature_lookup: {from: ms, unit: ms, when: {step: feature_lookup}}
    inference: {from: ms, unit: ms, when: {step: inference}}
```

A line that does not meet the condition counts in `inference_exporter_lines_total{result="part"}`:
neither as a request nor with a latency or status, but its steps do, and so does a prediction that
it holds. Spans of OpenTelemetry are read in the same way (`format: otlp-traces`).

## Steps
"""

_ROWS = """
## Payloads that `rows` knows

| payload | who writes it |
|---|---|
| `[…]` | a list is its rows |
| `{"instances": […]}`, `{"predictions": […]}` | TensorFlow Serving, KServe V1, Vertex AI, MLflow |
| `{"inputs": [{"name", "shape", "data"}, …]}`, `outputs` | Open Inference Protocol |
| `{"inputs": …}`: a list, or lists by column | MLflow |
| `{"dataframe_split": {"columns", "data"}}`, or what is in it | MLflow, Databricks |
| `{"dataframe_records": [{…}, …]}` | MLflow, Databricks |
| `{"data": {"names", "ndarray"}}`, or `tensor` with `shape` and `values` | Seldon Core |
| `{"input_data": …}`, `{"Inputs": …}`, `{"data": […]}` | Azure ML |

The rows of tensors are objects: the column of a tensor has its name, and where a row has several
values they are `name[0]`, `name[1]`, …. Anything else is one row; what says that there was an
error, `{"error": "…"}`, has none: the request failed. Inputs that are lists get their names from
`features: {from: …, names: [age, plan]}`, or with `names: auto` the names x0, x1, ….

## Limits

A line holds at most `limits.line_bytes`. What `gzip` brings out is at most 16 MiB, a line has at
most 100,000 rows, a Python literal at most 1 MiB. JSON that is nested too deeply is not read. What
is over a limit is counted as invalid, or its line as malformed; nothing stops.
"""


def render() -> str:
    """The page."""
    table = ["| step | what it does | with an option |", "|---|---|---|"]
    for name, kind in STEPS.items():
        example = f"`{kind.example}`" if kind.example else ""
        table.append(f"| `{name}` | {' '.join(kind.meaning.split())} | {example} |")
    return "\n".join([_INTRO, *table, _ROWS])
