"""A fitted model of scikit-learn, or whatever has its methods, that logs what it predicts."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from inference_log.log import PredictionLog
from inference_log.rows import kept


def watch(model: Any, log: PredictionLog) -> Any:
    """The model, with a `predict` and a `predict_proba` that log every row."""
    return _Watched(model, log)


class _Watched:
    def __init__(self, model: Any, log: PredictionLog) -> None:
        self._model, self._log = model, log

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("_model", "_log"):
            raise AttributeError(name)
        return getattr(self._model, name)

    def __repr__(self) -> str:
        return f"watch({self._model!r})"

    def predict(self, X: Any, *given: Any, **by_name: Any) -> Any:
        """What the model predicts, logged."""
        return self._timed("predict", X, given, by_name)

    def predict_proba(self, X: Any, *given: Any, **by_name: Any) -> Any:
        """Probabilities, logged with the class that is the most probable."""
        return self._timed("predict_proba", X, given, by_name)

    def _timed(
        self, method: str, asked: Any, given: tuple[Any, ...], by_name: dict[str, Any]
    ) -> Any:
        begin, found = perf_counter(), None
        fields: dict[str, Any] = {"status": "error"}
        try:
            found = getattr(self._model, method)(asked, *given, **by_name)
            outputs, copy = (_predicted if method == "predict" else self._probable), kept(found)
            fields = {"_read": lambda: outputs(copy)}
        finally:
            names = getattr(self._model, "feature_names_in_", None)
            self._log.write(asked, latency=perf_counter() - begin, _names=names, **fields)
        return found

    def _probable(self, found: Any) -> dict[str, Any]:
        """Of two classes the probability of the second, of more those of all."""
        classes = list(getattr(self._model, "classes_", range(found.shape[1])))
        first = [classes[place] for place in found.argmax(axis=1)]
        if len(classes) == 2:
            return {"prediction": first, "score": found[:, 1]}
        names = [str(name) for name in classes]
        return {"prediction": first, "scores": [dict(zip(names, row)) for row in found.tolist()]}


def _predicted(found: Any) -> dict[str, Any]:
    return {"prediction": found}
