"""`docs/presets.md`, rendered from the presets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from inference_exporter.config.presets import Preset, presets

_INTRO = """\
# Presets

<!-- Written by `python -m scripts.docs`; edit the files in
     `inference_exporter/config/presets/`, not this page. -->

What is known of the logs of servers and services, by name: `format: sagemaker` is all that a model
needs to read such a log. `inference-exporter init LOG` finds the preset by the lines.

```yaml
models:
  credit-risk:
    logs: [/captures/*.jsonl]
    format: sagemaker
    fields:
      features: {names: [income, age, debt]}   # what only you know
      version: {const: "3"}
```

What a model says itself is laid over the preset, key by key; `null` takes a key away
(`fields: {score: null}`). Everything in a preset can be written by hand: it is a configuration in
[the mapping language](mapping.md), shown below each name.
"""


def render() -> str:
    """The page."""
    table = ["| `format` | what writes it |", "|---|---|"]
    table += [f"| [`{one.name}`](#{one.name}) | {one.title} |" for one in presets()]
    return "\n".join([_INTRO, *table, "", *_sections()]).rstrip() + "\n"


def _sections() -> Iterator[str]:
    for one in presets():
        yield f"## {one.name}\n"
        yield f"{one.title}. {one.about}\n"
        if one.lacks:
            yield "\n".join(f"- lacks {sentence}" for sentence in one.lacks) + "\n"
        if one.ask:
            yield "\n".join(f"- `{key}`: {question}" for key, question in one.ask.items()) + "\n"
        yield f"```yaml\n{_settings(one)}```\n"


def _settings(one: Preset) -> str:
    return yaml.dump(
        _plain(one.model), sort_keys=False, default_flow_style=None, width=96, allow_unicode=True
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(below) for key, below in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
