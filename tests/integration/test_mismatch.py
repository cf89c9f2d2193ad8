"""Features that only the log, or only the reference has, are seen on the page."""

from __future__ import annotations

from pathlib import Path

from exporter_process import Series, total
from inference_exporter.cli import main
from reference_files import Rows, write_lines
from sidecar import NOW, Sidecar, line

FIELDS = "fields: {timestamp: at, features: features, prediction: prediction}\n"
MODEL = FIELDS + "reference: reference.json\nwindows: [1h]\nmin_samples: 10\n"


def _sidecar(folder: Path, features: tuple[str, ...] = ("age", "plan")) -> Sidecar:
    rows: Rows = [
        {"features": {name: float(i) for name in features}, "prediction": "a"} for i in range(50)
    ]
    data = write_lines(folder / "data.jsonl", rows)
    config = folder / "config.yaml"
    config.write_text(f"models:\n  m:\n    logs: [x]\n    {FIELDS}")
    output = f"--output={folder / 'reference.json'}"
    assert main(["reference", "build", data, f"--config.file={config}", output]) == 0
    return Sidecar(folder, MODEL)


def _lines(count: int, **features: object) -> list[bytes]:
    return [line(at=NOW, features=features, prediction="a") for _ in range(count)]


def differences(page: Series) -> dict[str, float]:
    return {
        dict(labels)["difference"]: value
        for (name, labels), value in page.items()
        if name == "inference_reference_schema_differences"
    }


def test_a_log_of_the_same_features_has_no_difference(tmp_path: Path) -> None:
    sidecar = _sidecar(tmp_path)
    sidecar.reads()
    assert differences(sidecar.page()) == {"unknown": 0}  # nothing was read: no say about absence
    sidecar.reads(*_lines(20, age=1.5, plan=3))
    assert differences(sidecar.page()) == {"unknown": 0, "absent": 0}
    assert not any(name == "inference_feature_unknown_total" for name, _ in sidecar.page())


def test_a_feature_that_appears_and_one_that_vanishes(tmp_path: Path) -> None:
    sidecar = _sidecar(tmp_path)
    sidecar.reads(*_lines(20, age=1.5, plan=3))
    sidecar.clock.advance(7200)
    now = sidecar.clock.now()
    sidecar.reads(*(line(at=now, features={"age": 1, "zip": 7}, prediction="a") for _ in range(5)))
    sidecar.reads(line(at=now, features={"age": 1, "zip": 7, "b": {"c": 1}}, prediction="a"))
    page = sidecar.page()
    assert differences(page) == {"unknown": 2, "absent": 1}
    assert total(page, "inference_feature_unknown_total", feature="zip") == 2  # of two blocks
    assert total(page, "inference_feature_unknown_total", feature="b") == 1
    assert total(page, "inference_feature_missing_total", feature="plan") == 6


def test_a_null_is_no_absence_once_there_is_a_value(tmp_path: Path) -> None:
    sidecar = _sidecar(tmp_path)
    sidecar.reads(*_lines(20, age=None, plan="x"))
    assert differences(sidecar.page()) == {"unknown": 0, "absent": 1}
    sidecar.reads(*_lines(1, age=2.0))
    assert differences(sidecar.page()) == {"unknown": 0, "absent": 0}  # an invalid value is there


def test_names_are_bounded_and_survive_a_restart(tmp_path: Path) -> None:
    sidecar = _sidecar(tmp_path)
    many = {f"n{i}": i for i in range(200)}
    sidecar.reads(*_lines(1, age=1, plan=1, **many))
    page = sidecar.page()
    names = [key for key in page if key[0] == "inference_feature_unknown_total"]
    assert len(names) == 51
    assert total(page, "inference_feature_unknown_total") == 200
    again = Sidecar(tmp_path, MODEL)
    again.pipeline._store = sidecar.pipeline._store
    again.pipeline.restore()
    again.reads()
    assert total(again.page(), "inference_feature_unknown_total") == 200


def test_excluded_keys_and_bad_lines_are_not_unknown(tmp_path: Path) -> None:
    _sidecar(tmp_path)
    text = MODEL.replace("features: features", "features: {rest: true, exclude: [host]}")
    sidecar = Sidecar(tmp_path, text)
    sidecar.reads(*(line(at=NOW, age=1, plan=2, host="a", prediction="a") for _ in range(3)))
    sidecar.reads(b"{broken\n", line(at=NOW, age=1, new=3, prediction="a"))
    sidecar.reads(b"\n")
    assert differences(sidecar.page()) == {"unknown": 0, "absent": 0}
    sidecar.reads(line(at=NOW, age=1, new=3, prediction="a"))
    assert differences(sidecar.page()) == {"unknown": 1, "absent": 0}
