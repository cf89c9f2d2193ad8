"""Where the model of each version is from: as the configuration or, of late, the log says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import msgspec

from inference_exporter.config.schema import ModelUris
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.values.batch import category_name

KEY = "origins"
_LENGTH = 512  # characters of a URI; longer ones are cut


class OriginPart(Part):
    """The URIs of one model's versions; those of the log are kept."""

    leftovers: ClassVar[tuple[str, ...]] = (KEY,)

    def __init__(self, configured: ModelUris) -> None:
        self._configured = configured
        self._logged: dict[str, str] = {}
        self._changed = False

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        config = setting.config
        if config.model_uri is None and config.fields.model_uri is None:
            return None
        return cls(config.model_uri or ModelUris())

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`."""
        self._counting = counting

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`: the last row of a version that says it is believed."""
        column = rows.batch.model_uri
        if column is None:
            return
        history = [history for history, _ in rows.placement.groups]
        said = zip(rows.placement.index.tolist(), column, strict=True)
        last = {history[group]: uri for group, uri in said if uri is not None}
        for index, uri in last.items():
            self._learn(rows.names[index], category_name(uri)[:_LENGTH])

    def _learn(self, version: str, uri: str) -> None:
        if self._logged.get(version) != uri:
            self._logged[version] = uri
            self._changed = True

    def origins(self) -> Mapping[str, str]:
        """See `Part.origins`."""
        versions = self._counting.timeline.versions
        return {one: self._logged.get(one) or self._configured.of(one) for one in versions}

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        if not self._changed:
            return {}, set()
        self._changed = False
        return {KEY: msgspec.msgpack.encode(self._logged)}, set()

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`."""
        if KEY in state:
            try:
                self._logged = msgspec.msgpack.decode(state[KEY], type=dict[str, str])
            except msgspec.MsgspecError as error:
                return [f"damaged URIs of models: {error}"]
        return []
