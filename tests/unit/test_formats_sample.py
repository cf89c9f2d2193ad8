"""`check --sample` shows each line as understood, or says why not."""

from __future__ import annotations

from inference_exporter import config
from inference_exporter.config.schema import ModelConfig
from inference_exporter.formats.sample import explain


def model(fields: str, settings: str = "format: json") -> ModelConfig:
    text = f"models: {{m: {{logs: x, {settings}, fields: {{{fields}}}}}}}"
    return config.parse(text, "c.yaml").models[0]


ALL = (
    "timestamp: ts, features: features, prediction: prediction, score: score,"
    " latency: {from: latency_ms, unit: ms}, status: status, steps: {lookup: s.lookup}"
)


def test_the_page_of_a_good_and_a_bad_line() -> None:
    lines = [
        b'{"ts": "2026-05-04T09:30:01.5Z", "features": {"age": 41, "plan": "pro", "x": null}'
        b', "prediction": 1, "score": "0.87", "latency_ms": 12.4, "status": 503'
        b', "s": {"lookup": 2}}\n',
        b'{"ts": "2026-05-04T09:30:01\n',
    ]
    assert (
        explain(model(ALL), lines)
        == """\
line 1: ok
  timestamp     2026-05-04T09:30:01.500Z
  features
    age         41
    plan        pro
    x           missing
  prediction    1
  score         0.87
  latency       0.0124 s
  status        503, a failure
  steps.lookup  2 s
line 2: malformed: not JSON: Unterminated string starting at character 8

2 lines: 1 ok, 1 malformed
"""
    )


def test_features_of_the_reference_are_shown_with_what_they_lack() -> None:
    page = explain(
        model("features: features"),
        [b'{"features": {"age": "x", "plan": {}}}', b"{}", b'{"features": 1}'],
        {"age": "numeric", "plan": "categorical", "city": "categorical"},
    )
    assert "    age     INVALID\n    plan    INVALID\n    city    missing\n" in page
    assert "features  none on this line" in page
    assert "features  INVALID: not the configured object or list" in page
    assert "features that the reference knows and no line has: age, plan, city" in page


def test_unusable_values_are_shown() -> None:
    page = explain(
        model("latency: took, prediction: p, timestamp: t"),
        [b'{"took": "5 ms", "p": {}, "t": NaN}'],
    )
    assert "timestamp   INVALID: nan" in page
    assert "prediction  INVALID: an object" in page
    assert "latency     INVALID: 5 ms" in page
    assert "latency: 1 values, none usable (paths: took)" in page


def test_a_field_that_no_line_has_is_named_with_the_keys_there_are() -> None:
    page = explain(model("score: [score, proba]"), [b'{"probability": 0.5, "a": {"b": 1}}'])
    assert "score: in no line (paths tried: score, proba)" in page
    assert "keys found: probability, a, a.b" in page


def test_a_unit_that_does_not_fit_the_name_is_doubted() -> None:
    page = explain(model("latency: latency_ms"), [b'{"latency_ms": 12}'])
    assert "latency: read in s from latency_ms; should unit be ms?" in page
    good = explain(model("latency: {from: latency_ms, unit: ms}"), [b'{"latency_ms": 12}'])
    assert "should unit" not in good


def test_numbers_too_large_for_their_unit_are_doubted() -> None:
    page = explain(model("timestamp: ts"), [b'{"ts": 1777887001500}'])
    assert "timestamp  INVALID: 1777887001500" in page
    assert "numbers too large for their unit" in page


def test_filtered_and_empty_lines_say_so() -> None:
    some = model("prediction: p", "when: {event: [prediction, score]}")
    page = explain(some, [b'{"event": "start"}\n', b"\n"])
    assert "line 1: filtered: when asks for event = prediction or score" in page
    assert "line 2: empty" in page
    assert "every line was left out by `when`" in page


def test_lines_of_another_format_hint_at_init() -> None:
    page = explain(model("prediction: p"), [b"hello"])
    assert "line 1: malformed: not a JSON object: no { in the line" in page
    assert "no line was understood" in page
    assert explain(model("prediction: p"), []) == "\nno lines\n"


def test_flat_lines_show_texts_that_look_like_numbers() -> None:
    some = model("prediction: p, features: {rest: true}", "format: logfmt")
    page = explain(some, [b"p=1 age=41\n"])
    assert 'prediction  "1" (text)' in page
    assert '    age       "41" (text)' in page
    csv = model("prediction: p", "format: csv, columns: [p, q]")
    assert "line 1: header" in explain(csv, [b"p,q\n", b"a,b\n"])
    regex = model("prediction: p", "format: regex, pattern: '(?P<p>a)'")
    assert "line 1: unmatched: not matched by the pattern" in explain(regex, [b"b\n", b"a\n"])
