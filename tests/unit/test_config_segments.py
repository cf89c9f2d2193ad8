"""The `segments:` section: short and long form; what is wrong is said with its place."""

from __future__ import annotations

import pytest

from inference_exporter import config
from inference_exporter.config.schema import Segment
from inference_exporter.config.segments import segment_paths
from inference_exporter.errors import ConfigError

MODEL = "models: {{m: {{logs: log, fields: {{prediction: p}}, {more}segments: {segments}}}}}"


def read(segments: str, more: str = "") -> tuple[Segment, ...]:
    text = MODEL.format(segments=segments, more=more)
    (model,) = config.parse(text, "c.yaml").models
    return model.segments


def test_a_path_is_called_by_its_last_part() -> None:
    assert read("[country, user.device]") == (
        Segment("country", ("country",)),
        Segment("device", ("user.device",)),
    )
    assert read("country") == (Segment("country", ("country",)),)


def test_a_mapping_says_where_and_how() -> None:
    text = "{a: x.y, b: {bins: [1, 2.5]}, c: {from: [p, q], values: [1, true]}, d: {}}"
    assert read(text) == (
        Segment("a", ("x.y",)),
        Segment("b", ("b",), bins=(1.0, 2.5)),
        Segment("c", ("p", "q"), values=("1", "true")),
        Segment("d", ("d",)),
    )


def test_without_segments_there_are_none() -> None:
    (model,) = config.parse("models: {m: {logs: log}}", "c.yaml").models
    assert model.segments == ()


@pytest.mark.parametrize(
    ("segments", "more", "place", "message"),
    [
        ("[version]", "", "segments[0]", "version is a label already"),
        ("[job]", "", "segments[0]", "use another name: {my_job: job}"),
        ("[le]", "", "segments[0]", "a label already"),
        ("['user country']", "", "segments[0]", "cannot be the name of a label"),
        ("[__name__]", "", "segments[0]", "cannot be the name of a label"),
        ("{1a: x}", "", "segments.1a", "cannot be the name of a label"),
        ("[a.x, b.x]", "", "segments", "two segments have one name"),
        ("[a, b, c, d, e, f]", "", "segments", "expected 1 to 5 segments, got 6"),
        ("[]", "", "segments", "empty list"),
        ("{}", "", "segments", "expected 1 to 5 segments, got 0"),
        ("7", "", "segments", "expected a path or a list of paths, got 7"),
        ("{a: {bins: [2, 1]}}", "", "segments.a.bins", "in ascending order"),
        ("{a: {bins: [1], values: [x]}}", "", "segments.a.values", "belongs to categories"),
        ("{a: {protect: true}}", "", "segments.a.protect", "did you mean protected?"),
        ("{a: {protected: yes please}}", "", "segments.a.protected", "true or false"),
        ("{a: {protected: true}}", "", "positive_class", "missing; the selection rate by a"),
        ("{a: {protected: true}}", "task: regression, ", "segments", "not a regression"),
        ("[c]", "format: csv, columns: [p, country], ", "segments.c", "no column is called 'c'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(
    segments: str, more: str, place: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(segments, more)
    assert f"models.m.{place}: " in str(caught.value)
    assert message in str(caught.value)


def test_a_path_into_the_inputs_is_looked_for_among_them() -> None:
    one, inside = segment_paths(Segment("a", ("features.a", "b", "c.d")), ("features",))
    assert (one.paths, inside) == (("b", "c.d"), ("a", "b"))
    one, inside = segment_paths(Segment("a", ("features.a",)), ())
    assert (one.paths, inside) == (("features.a",), ())
