"""What normal is, made of a frame: the same file that the exporter reads."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from inference_exporter import reference
from inference_exporter.config.schema import ModelConfig
from inference_exporter.errors import UsageError
from inference_exporter.notebook import columns as naming
from inference_exporter.notebook.frames import columns_of
from inference_exporter.notebook.lines import lines, roles
from inference_exporter.values.profile import Reference as Profile


@dataclass(frozen=True, slots=True, repr=False)
class Reference:
    """A reference profile with the model's configuration: windows, thresholds, names of columns.

    Made by `build` or `load`; `profile` is what the file holds, `model` the configuration.
    """

    profile: Profile
    model: ModelConfig

    @classmethod
    def build(
        cls,
        frame: Any,
        *,
        config: str | None = None,
        model: str | None = None,
        settings: Mapping[str, Any] | None = None,
        **columns: str | None,
    ) -> Reference:
        """Profile a frame of good data, as `inference-exporter reference build` does a file.

        Parameters
        ----------
        frame
            Rows of training or validation data. Columns that are named by nothing else are inputs.
        config
            The exporter's configuration file, if there is one: everything is as it says. The
            columns are called as the paths of its fields, or as their last parts.
        model
            The model's name, where the configuration has several, or what to call it.
        settings
            Without `config`: what a model's section has beside logs and format, such as
            `{"windows": ["1h"], "thresholds": {"feature_psi": 0.2}}`.
        **columns
            Without `config`: the columns that are no inputs, by what they are: `prediction`,
            `score`, `scores`, `ranking`, `actual`, `version`, `timestamp`, `weight`, `entity` or
            `id`.

        Raises
        ------
        UsageError, ConfigError, ProfileError
            With what is wrong, in a sentence.
        """
        described = _model(config, model, settings, columns)
        table = columns_of(frame)
        if config is None:
            _refuse_absent(table, columns)
        inputs, other = roles(table, described.fields)
        rows = max(map(len, table.values()))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "frame.jsonl"
            with path.open("wb") as file:
                file.writelines(lines(inputs, other, None, range(rows)))
            written = naming.as_log(described, timed=False, versioned=False)
            profile = reference.build([str(path)], written, now=time.time())
        return cls(replace(profile, source=f"a frame of {rows:,} rows"), described)

    @classmethod
    def load(
        cls,
        path: str,
        *,
        config: str | None = None,
        model: str | None = None,
        settings: Mapping[str, Any] | None = None,
        **columns: str | None,
    ) -> Reference:
        """Read a profile that was made by `save` or on the command line; parameters as in `build`.

        Outputs of the profile are the columns of their names where nothing else is said.
        """
        profile = reference.load(str(path), model=model)
        if config is None:
            outputs = [name for name in profile.outputs if name in naming.KINDS]
            columns = {**dict(zip(outputs, outputs, strict=True)), **columns}
        return cls(profile, _model(config, model or profile.model, settings, columns))

    def save(self, path: str) -> None:
        """Write the file that `reference:` in the exporter's configuration names."""
        reference.save(self.profile, str(path))

    @property
    def doubts(self) -> list[str]:
        """Sentences about what looks wrong, such as a feature whose rows are all different."""
        return list(reference.doubts(self.profile))

    def __repr__(self) -> str:
        return reference.show(self.profile)


def _model(
    config: str | None,
    name: str | None,
    settings: Mapping[str, Any] | None,
    columns: Mapping[str, str | None],
) -> ModelConfig:
    if config is None:
        return naming.described(name or naming.NAME, columns, settings or {})
    if settings or columns:
        raise UsageError("with config everything is said there: no settings, no names of columns")
    return naming.configured(config, name)


def _refuse_absent(table: Mapping[str, object], columns: Mapping[str, str | None]) -> None:
    absent = {
        kind: name for kind, name in columns.items() if name is not None and name not in table
    }
    if absent:
        said = ", ".join(f"{kind}={name!r}" for kind, name in absent.items())
        raise UsageError(f"{said}: the frame has {', '.join(table)}")
