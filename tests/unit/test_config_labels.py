"""The `labels:` section: what is wrong with it is said with its place."""

from __future__ import annotations

import pytest

from inference_exporter import config
from inference_exporter.config.labels import label_lines
from inference_exporter.config.schema import CsvFormat, LabelsConfig
from inference_exporter.errors import ConfigError

MODEL = "models: {{m: {{logs: log, fields: {{id: id, prediction: p}}, {more}labels: {labels}}}}}"


def read(labels: str, more: str = "") -> LabelsConfig:
    (model,) = config.parse(MODEL.format(labels=labels, more=more), "/etc/config.yaml").models
    assert model.labels is not None
    return model.labels


def test_the_shortest_section() -> None:
    labels = read("{id: id, actual: y}")
    assert (labels.wait, labels.max_pending, labels.update) == (30 * 86400.0, 1_000_000, "first")
    assert (labels.logs, labels.shared, labels.coverage) == ((), False, 0.0)


def test_logs_start_at_the_folder_of_the_file_and_may_be_csv() -> None:
    labels = read("{id: id, actual: y, logs: a.csv, format: csv, columns: [id, y], delimiter: ';'}")
    assert labels.logs == ("/etc/a.csv",)
    assert labels.format == CsvFormat(("id", "y"), ";")


def test_label_lines_have_only_the_fields_of_labels() -> None:
    text = MODEL.format(labels="{id: key, actual: y, same_log: true, when: {kind: label}}",
                        more="when: {kind: prediction}, ")  # fmt: skip
    (model,) = config.parse(text, "config.yaml").models
    lines = label_lines(model, same_log=True)
    assert lines.fields.prediction is None
    assert lines.fields.id is not None
    assert (lines.fields.id.paths, lines.when) == (("key",), {"kind": ("label",)})


@pytest.mark.parametrize(
    ("labels", "more", "place", "message"),
    [
        ("{actual: y}", "", "labels.id", "missing"),
        ("{id: id}", "", "labels.actual", "missing"),
        ("{id: id, actual: y, wait: soon}", "", "labels.wait", "expected a duration"),
        ("{id: id, actual: y, update: best}", "", "labels.update", "one of first, last"),
        ("{id: id, actual: y, shared: 1}", "", "labels.shared", "true or false"),
        ("{id: id, actual: y, coverage: 2}", "", "labels.coverage", "0 to 1"),
        ("{id: id, actual: y, max_pending: 5}", "", "labels.max_pending", "1000 to"),
        ("{id: id, actual: y, format: csv, columns: [id, z]}", "", "labels.actual", "no column"),
        ("{id: id, actual: y, same_log: true}", "", "labels.when", "missing"),
        ("{id: id, actual: y, same_log: true, when: {k: l}}", "", "when", "missing"),
        ("{id: id, actual: y}", "reference: {warmup: 100}, ", "task", "missing"),
        ("{id: id, actual: y, unknown: 1}", "", "labels.unknown", "unknown key"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    labels: str, more: str, place: str, message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        read(labels, more)
    found = {problem.key: problem.message for problem in error.value.problems}
    assert message in found[f"models.m.{place}"]
