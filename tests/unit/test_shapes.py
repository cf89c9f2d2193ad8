"""Lines in, metrics out: every preset, and every shape that `init` alone must read in full."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from handwritten import HANDWRITTEN
from inference_exporter import config
from inference_exporter.cli import main
from inference_exporter.config import presets
from inference_exporter.reference.reading.logs import log_blocks
from other_answers import OTHER_ANSWERS
from shapes import OTHERS, PRESETS, Shape

SHAPES = PRESETS | OTHERS | HANDWRITTEN | OTHER_ANSWERS


def page_of(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> str:
    capsysbinary.readouterr()
    assert main(["once", f"--config.file={folder / 'config.yaml'}"]) == 0
    return capsysbinary.readouterr().out.decode()


def total(page: str, family: str, labels: str) -> float:
    lines = [
        line for line in page.splitlines() if line.startswith(f"{family}{{") and labels in line
    ]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def check(folder: Path, shape: Shape, page: str) -> None:
    for (family, labels), value in shape.expected.items():
        assert total(page, family, labels) == pytest.approx(value), (family, labels)
    (model,) = config.load(str(folder / "config.yaml")).models
    found: set[str] = set()
    for block in log_blocks(str(folder / "log"), model, lambda _: None):
        found |= {
            name for name, column in block.features.items() if any(v is not None for v in column)
        }
    optional = {name for name in shape.features if name in ("plan",)}
    assert found | optional == set(shape.features)


def write(folder: Path, shape: Shape) -> None:
    (folder / "log").write_text("".join(f"{line}\n" for line in shape.lines))


def test_every_preset_has_a_case() -> None:
    assert set(PRESETS) == set(presets.names())


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_reads_what_its_server_writes(
    tmp_path: Path, name: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    shape = PRESETS[name]
    write(tmp_path, shape)
    model = {"logs": ["log"], "start_at": "beginning", "format": name, **shape.settings}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"models": {"m": model}}))
    check(tmp_path, shape, page_of(tmp_path, capsysbinary))


@pytest.mark.parametrize("name", SHAPES)
def test_init_alone_reads_it_in_full(
    tmp_path: Path, name: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    shape = SHAPES[name]
    write(tmp_path, shape)
    assert main(["init", str(tmp_path / "log"), f"--output={tmp_path / 'config.yaml'}"]) == 0
    check(tmp_path, shape, page_of(tmp_path, capsysbinary))


def test_init_reads_a_folder_with_data_and_schema(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = tmp_path / "monitoring"
    for name in ("data", "schema"):
        (folder / name).mkdir(parents=True)
    lines = [json.loads(line) | {"probs": [0.25, 0.75]} for line in PRESETS["bentoml"].lines]
    (folder / "data" / "data.1.log").write_text("".join(json.dumps(one) + "\n" for one in lines))
    columns = [
        {"name": "sepal length", "role": "feature", "type": "numerical"},
        {"name": "pred", "role": "prediction", "type": "categorical"},
        {"name": "probs", "role": "prediction", "type": "numerical_sequence"},
    ]
    schema = json.dumps({"meta_data": {"bento_name": "Iris"}, "columns": columns})
    (folder / "schema" / "schema.1.log").write_text(f"{schema}\n")
    assert main(["init", str(folder), f"--output={tmp_path / 'config.yaml'}"]) == 0
    (model,) = config.load(str(tmp_path / "config.yaml")).models
    assert model.logs == (str(folder / "data" / "data.1.log"),)
    assert model.fields.features is not None
    assert model.fields.features.only == ("sepal length",)
    assert model.fields.scores is not None
    assert model.fields.prediction is not None
    page = page_of(tmp_path, capsysbinary)
    assert total(page, "inference_predictions_total", 'prediction="setosa"') == 3


def test_init_joins_a_monitoring_log_with_its_access_log(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    shape = PRESETS["bentoml-requests"]
    data = tmp_path / "monitoring" / "data" / "data.1.log"
    data.parent.mkdir(parents=True)
    data.write_text("".join(f"{line}\n" for line in shape.lines if line.startswith("{")))
    access = tmp_path / "access.log"
    access.write_text("".join(f"{line}\n" for line in shape.lines if not line.startswith("{")))
    given = [str(tmp_path / "monitoring"), str(access)]
    assert main(["init", *given, f"--output={tmp_path / 'config.yaml'}"]) == 0
    (model,) = config.load(str(tmp_path / "config.yaml")).models
    assert (model.logs, model.preset) == ((str(data), str(access)), "bentoml-requests")
    page = page_of(tmp_path, capsysbinary)
    for (family, labels), value in shape.expected.items():
        assert total(page, family, labels) == pytest.approx(value), (family, labels)
    samples = [f"--sample={data}", f"--sample={access}"]
    assert main(["check", f"--config.file={tmp_path / 'config.yaml'}", *samples]) == 0
    assert b"4 requests, 5 predictions" in capsysbinary.readouterr().out
    arguments = [f"--config.file={tmp_path / 'config.yaml'}", samples[1], "--explain=1"]
    assert main(["check", *arguments]) == 0
    assert b"the response 4000000000000001; its other half" in capsysbinary.readouterr().out


def test_init_reads_requests_and_responses_in_two_files(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    shape = PRESETS["azureml"]
    for kind in ("inputs", "outputs"):
        lines = [line for line in shape.lines if kind in line]
        (tmp_path / f"{kind}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    files = [str(tmp_path / "inputs.jsonl"), str(tmp_path / "outputs.jsonl")]
    assert main(["init", *files, f"--output={tmp_path / 'config.yaml'}"]) == 0
    page = page_of(tmp_path, capsysbinary)
    assert total(page, "inference_predictions_total", 'prediction="a"') == 1


@pytest.mark.parametrize("name", ["labels.csv", "labels.jsonl"])
def test_init_tells_a_file_of_labels_from_a_log(
    tmp_path: Path, name: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    rows = [{"request_id": f"q{i}", "features": {"n": i % 5}, "prediction": "u"} for i in range(9)]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    labels = [f"q{i},uv"[: -1 if i % 3 else None] for i in range(9)]
    if name.endswith(".csv"):
        text = "request_id,actual\n" + "".join(f"{one}\n" for one in labels)
    else:
        pairs = [dict(zip(("request_id", "actual"), one.split(","), strict=True)) for one in labels]
        text = "".join(json.dumps(pair) + "\n" for pair in pairs)
    (tmp_path / name).write_text(text)
    files = [str(tmp_path / "p.jsonl"), str(tmp_path / name)]
    for given in (files, files[::-1]):
        assert main(["init", *given, f"--output={tmp_path / 'config.yaml'}", "--force"]) == 0
        page = page_of(tmp_path, capsysbinary)
        assert total(page, "inference_requests_total", "") == 9
        assert total(page, "inference_labels_total", 'result="matched"') == 9
        assert total(page, "inference_outcomes_total", 'predicted="u",actual="u"') == 6


def test_the_order_of_day_and_month_is_asked_for_where_it_cannot_be_told(tmp_path: Path) -> None:
    lines = ["day,age,pred", "03/04/2026 10:00:00,4,a", "05/06/2026 11:00:00,5,b"]
    (tmp_path / "log.csv").write_text("\n".join(lines) + "\n")
    assert main(["init", str(tmp_path / "log.csv"), f"--output={tmp_path / 'c.yaml'}"]) == 0
    text = (tmp_path / "c.yaml").read_text()
    assert "      timestamp:" not in text  # `day` is no name of a time
    assert "no key looks like a time" in text
    (tmp_path / "log.csv").write_text("\n".join(lines).replace("day", "timestamp") + "\n")
    assert (
        main(["init", str(tmp_path / "log.csv"), f"--output={tmp_path / 'c.yaml'}", "--force"]) == 0
    )
    text = (tmp_path / "c.yaml").read_text()
    assert "the order of day and month cannot be told from these lines" in text
    assert "or is it %m/%d/%Y %H:%M:%S?" in text
