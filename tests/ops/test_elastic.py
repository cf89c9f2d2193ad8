"""The configuration for Elasticsearch: what events say is mapped, and inputs never leave.

Filebeat and Elasticsearch are not here: only what the files say is looked at.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.config.schema_services import EventsConfig
from inference_exporter.values.events import Event, reference_event
from inference_exporter.values.spans import Attribute
from told import Told

FOLDER = Path(__file__).parents[2] / "deploy" / "elastic"
MAPPING = json.loads((FOLDER / "index-template.json").read_text(encoding="utf-8"))
BEAT = yaml.safe_load((FOLDER / "filebeat.yml").read_text(encoding="utf-8"))
NOW = 1795168800.0


def test_every_field_of_an_event_is_mapped() -> None:
    fields = "id: id, version: v, trace_id: t, prediction: p, score: s, status: code, actual: a"
    (one,) = config.parse(
        f"models: {{m: {{logs: [l], fields: {{{fields}, latency: {{from: s, unit: s}}}}}}}}", "c"
    ).models
    told = Told()
    model = make_model(one, None, events=(EventsConfig(), told))
    model.start(NOW)
    line = {"id": "q", "v": "1", "t": "aa", "p": "x", "s": 0.5, "code": 500, "a": "y"}
    model.take(json.dumps(line).encode() + b"\n", NOW)
    drift: dict[str, Attribute] = {
        "state": "began", "window": "1h", "feature": "x", "output": "y", "distance": 1.0,
        "rows": 2.0, "outlier_distance": 3.0, "digest": "",
    }  # fmt: skip
    events = [
        *told.events,
        reference_event("m", NOW, "a", "b"),
        Event("drift", NOW, "m", "", drift),
    ]
    mapped = MAPPING["template"]["mappings"]["properties"].keys()
    renamed = {one["from"] for one in _processor("rename")["fields"]} | {"ts"}
    for event in events:
        assert set(json.loads(event.line())) <= mapped | renamed
    assert len(events) == 4


def test_inputs_stay_where_they_were_logged() -> None:
    assert _processor("drop_fields")["fields"] == ["features"]
    assert MAPPING["template"]["mappings"]["dynamic"] is False


def test_what_is_written_to_is_what_the_template_is_for() -> None:
    kinds = [one["fields"]["kind"] for one in BEAT["filebeat.inputs"]]
    index = BEAT["output.elasticsearch"]["index"]
    names = [re.sub(r"%\{\[kind\]\}", kind, index).split("%")[0] + "*" for kind in kinds]
    assert names == MAPPING["index_patterns"]


def _processor(name: str) -> dict[str, Any]:
    found = next(one for one in BEAT["processors"] if name in one)
    return dict(found[name])
