"""Loan applicants: a population to draw from, and a model of who will not pay back.

scikit-learn bundles no data set for two classes with categories among its inputs, so the people are
drawn from a stated joint distribution and the model is a real pipeline trained on them. Amounts
are euros, incomes are net per month.

- `age` 20 + 55 Beta(1.8, 2.8) years: mean 41.
- `employment` retired for 4 of 5 people over 64, else permanent 66 %, temporary 15 %,
  self_employed 13 %, unemployed 6 %.
- `years_employed` Gamma(1.6), mean 8 (permanent), 6 (self_employed) or 2 (temporary) years and
  never more than since 18; 0 without a job. Unknown for 2 % of the applicants.
- `income` log-normal, sigma 0.42 around 1,900, rising by up to a third with age; times 0.85
  (temporary), 1.1 (self_employed), 0.75 (retired), 0.45 (unemployed).
- `housing` rent, mortgage, own or family: odds move to mortgage and own with age and income.
- `loan_amount` log-normal, sigma 0.6 around 7,000, growing with income to the power 0.45.
- `debt_ratio` (of existing instalments to income) Beta of mean 0.10, 0.24 with a mortgage. Unknown
  for 1 %.
- `open_accounts` Poisson of mean 1.5 + 8 `debt_ratio`.

Whether a loan defaults is a coin with log-odds that rise with the burden (existing and new
instalments over income, at 36 months), fall with years in the job, depend on employment and
housing, and hold a normal term (sigma 0.4) that nobody observes: no model can be perfect.

Training, reference and live data are independent draws of it, so that the reference is data the
model has never seen and live traffic without drift differs from the reference by chance alone.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

NUMERIC = ("age", "income", "years_employed", "loan_amount", "debt_ratio", "open_accounts")
CATEGORICAL = ("employment", "housing")
FEATURES = NUMERIC + CATEGORICAL
NEGATIVE, POSITIVE = "repaid", "default"
MODEL_NAME, MODEL_VERSION = "credit-risk", "1.0.0"

EMPLOYMENT = ("permanent", "temporary", "self_employed", "unemployed", "retired")
HOUSING = ("rent", "mortgage", "own", "family")

Value = float | int | str | None
Row = dict[str, Value]
Part = Literal["training", "reference", "live"]

_SEEDS: Mapping[Part, int] = {"training": 1, "reference": 2, "live": 3}
_MONTHS = 36
_LOGARITHMS = ("income", "loan_amount")  # the model sees these as logarithms
_Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Applicant:
    """What is known about somebody, and what became of the loan."""

    features: Row
    actual: str


class Population:
    """An endless supply of applicants; the same `part` and `seed` draw the same people."""

    def __init__(self, part: Part, seed: int = 0) -> None:
        self._random = np.random.default_rng([_SEEDS[part], seed])

    def draw(self, count: int) -> list[Applicant]:
        """The next applicants."""
        columns = self._columns(count)
        defaults = self._random.random(count) < _probability(columns, self._random)
        self._forget(columns)
        values = [columns[name].tolist() for name in FEATURES]
        return [
            Applicant(dict(zip(FEATURES, row, strict=True)), POSITIVE if bad else NEGATIVE)
            for row, bad in zip(zip(*values, strict=True), defaults.tolist(), strict=True)
        ]

    def _columns(self, n: int) -> dict[str, _Array]:
        random = self._random
        age = np.round(20 + 55 * random.beta(1.8, 2.8, n))
        employment = random.choice(EMPLOYMENT[:4], size=n, p=(0.66, 0.15, 0.13, 0.06))
        employment[(age > 64) & (random.random(n) < 0.8)] = "retired"
        income = self._income(age, employment)
        housing = self._housing(age, income)
        debt_mean = np.where(housing == "mortgage", 0.24, 0.10)
        debt_ratio = random.beta(14 * debt_mean, 14 * (1 - debt_mean))
        loan = 7000 * (income / 2000) ** 0.45 * np.exp(0.6 * random.standard_normal(n))
        return {
            "age": age.astype(int),
            "income": np.round(income, 2),
            "years_employed": self._years(age, employment),
            "loan_amount": np.round(loan, -2) + 500,
            "debt_ratio": np.round(debt_ratio, 4),
            "open_accounts": random.poisson(1.5 + 8 * debt_ratio),
            "employment": employment,
            "housing": housing,
        }

    def _income(self, age: _Array, employment: _Array) -> _Array:
        career = 1 + (1 - np.exp(-(age - 20) / 15)) / 3
        factors = (1.0, 0.85, 1.1, 0.45, 0.75)
        factor = _by_name(employment, EMPLOYMENT, factors)
        spread = np.exp(0.42 * self._random.standard_normal(len(age)))
        return np.asarray(1900 * career * factor * spread)

    def _years(self, age: _Array, employment: _Array) -> _Array:
        means = (8.0, 2.0, 6.0, 0.0, 0.0)
        scale = _by_name(employment, EMPLOYMENT, means) / 1.6
        years = self._random.gamma(1.6, 1.0, len(age)) * scale
        return np.asarray(np.round(np.minimum(years, age - 18), 1))

    def _housing(self, age: _Array, income: _Array) -> _Array:
        settled = (age - 41) / 12 + np.log(income / 2200)
        young = np.where(age < 28, 1.0, -1.5)
        odds = np.stack([np.zeros_like(settled), 0.8 * settled - 0.6, settled - 1.2, young])
        choice = np.argmax(odds + self._random.gumbel(size=odds.shape), axis=0)  # a softmax draw
        return np.asarray(np.array(HOUSING)[choice])

    def _forget(self, columns: dict[str, _Array]) -> None:
        for name, share in (("years_employed", 0.02), ("debt_ratio", 0.01)):
            known = columns[name].astype(object)
            known[self._random.random(len(known)) < share] = None
            columns[name] = known


def _by_name(names: _Array, known: Sequence[str], values: Sequence[float]) -> _Array:
    return np.select([names == name for name in known], values)


def _probability(columns: Mapping[str, _Array], random: np.random.Generator) -> _Array:
    """Probability of a default; see the module's text."""
    instalment = columns["loan_amount"] / _MONTHS
    burden = columns["debt_ratio"] + instalment / columns["income"]
    odds = (
        -1.5
        + 11.0 * (np.minimum(burden, 0.9) - 0.2)
        - 0.05 * np.minimum(columns["years_employed"], 15)
        + _by_name(columns["employment"], EMPLOYMENT, (0.0, 0.4, 0.3, 0.9, -0.4))
        + _by_name(columns["housing"], HOUSING, (0.3, -0.2, -0.5, 0.0))
        + 0.4 * random.standard_normal(len(burden))
    )
    return np.asarray(1 / (1 + np.exp(-odds)))


class Model:
    """A trained scikit-learn pipeline, one applicant at a time, in two steps that can be timed.

    Unknown numbers become the training median, unknown categories none of the known ones. A value
    that is not of its kind (text for a number) is taken as unknown.
    """

    def __init__(self, pipeline: Any) -> None:
        self._columns, self._classifier = pipeline[:-1], pipeline[-1]
        self._positive = list(self._classifier.classes_).index(POSITIVE)

    def prepare(self, features: Sequence[Mapping[str, object]]) -> Any:
        """Features as the classifier's matrix."""
        return self._columns.transform(_matrix(features))

    def scores(self, prepared: Any) -> list[float]:
        """Probabilities of a default."""
        columns = self._classifier.predict_proba(prepared)[:, self._positive]
        return [round(score, 6) for score in columns.tolist()]


def decide(score: float) -> str:
    """The class that is predicted for a probability of default."""
    return POSITIVE if score >= 0.5 else NEGATIVE


def _matrix(rows: Sequence[Mapping[str, object]]) -> _Array:
    cells: list[list[object]] = [
        [_number(row.get(name)) for name in NUMERIC]
        + [_text(row.get(name)) for name in CATEGORICAL]
        for row in rows
    ]
    return np.array(cells, dtype=object)


def _number(value: object) -> float:
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if usable else np.nan  # type: ignore[arg-type]  # known by `usable`


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def train(rows: int = 8000, seed: int = 0) -> Any:
    """The fitted pipeline: medians, logarithms and scales, one-hot, logistic regression."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    logarithms = [NUMERIC.index(name) for name in _LOGARITHMS]
    plain = [i for i in range(len(NUMERIC)) if i not in logarithms]
    logarithm = FunctionTransformer(np.log1p)
    columns = ColumnTransformer(
        [
            ("logarithms", make_pipeline(SimpleImputer(strategy="median"), logarithm), logarithms),
            ("plain", SimpleImputer(strategy="median"), plain),
            (
                "categories",
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                list(range(len(NUMERIC), len(FEATURES))),
            ),
        ]
    )
    pipeline = make_pipeline(columns, StandardScaler(), LogisticRegression(max_iter=1000))
    people = Population("training", seed).draw(rows)
    features = _matrix([person.features for person in people])
    return pipeline.fit(features, [person.actual for person in people])


def write_reference(path: Path, model: Model, rows: int = 5000, seed: int = 0) -> None:
    """A table of applicants the model was not trained on, with its scores and the outcomes."""
    people = Population("reference", seed).draw(rows)
    scores = model.scores(model.prepare([person.features for person in people]))
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*FEATURES, "prediction", "score", "actual"])
        for person, score in zip(people, scores, strict=True):
            cells = [person.features[name] for name in FEATURES]
            table.writerow([*cells, decide(score), score, person.actual])
