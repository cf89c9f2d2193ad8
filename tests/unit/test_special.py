"""Own distribution functions agree with SciPy's, over all that statistics can ask of them."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import special as scipy

from inference_exporter import special
from inference_exporter.special import elementwise
from inference_exporter.values.batch import Floats

ALPHAS = np.concatenate((np.linspace(0.001, 0.999, 101), 10.0 ** np.arange(-100.0, -2.0, 7.0)))
FREEDOMS = np.array([1, 2, 3, 4, 5, 9, 12, 31, 50, 99, 400, 1001])


def grid(*axes: Floats) -> list[Floats]:
    return [one.ravel() for one in np.meshgrid(*axes)]


def test_chi_square_is_that_of_scipy() -> None:
    freedom, factor = grid(FREEDOMS, np.geomspace(1e-3, 1.0, 40))
    _, alpha = grid(FREEDOMS, ALPHAS)
    several = np.tile(FREEDOMS, len(ALPHAS))
    for value in (freedom * factor, freedom / factor, freedom * 0.0):
        mine = elementwise(special.chi_square_tail, freedom, value)
        np.testing.assert_allclose(mine, scipy.chdtrc(freedom, value), rtol=1e-11, atol=1e-300)
    quantiles = elementwise(special.chi_square_quantile, several, alpha)
    np.testing.assert_allclose(quantiles, scipy.chdtri(several, alpha), rtol=1e-11)


def test_half_a_degree_of_freedom_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number"):
        special.chi_square_tail(2.5, 1.0)


def test_the_normal_distribution_is_that_of_scipy() -> None:
    values = np.linspace(-37.0, 9.0, 200)
    below = elementwise(special.normal_below, values)
    np.testing.assert_allclose(below, scipy.ndtr(values), rtol=1e-12)
    quantiles = elementwise(special.normal_quantile, ALPHAS)
    np.testing.assert_allclose(quantiles, scipy.ndtri(ALPHAS), rtol=1e-13)


def test_kolmogorov_is_that_of_scipy() -> None:
    values = np.linspace(0.05, 12.0, 400)
    tail = elementwise(special.kolmogorov_tail, values)
    np.testing.assert_allclose(tail, scipy.kolmogorov(values), rtol=1e-12)
    quantiles = elementwise(special.kolmogorov_quantile, ALPHAS)
    np.testing.assert_allclose(quantiles, scipy.kolmogi(ALPHAS), rtol=1e-13)


def test_the_beta_distribution_is_that_of_scipy() -> None:
    sizes = np.array([1e-9, 0.5, 1.0, 3.0, 40.0, 1e3, 1e5, 1e7])
    a, b, away = grid(sizes, sizes[1:], np.linspace(-6.0, 6.0, 9))
    mean = a / (a + b)
    x = np.clip(mean + away * np.sqrt(mean * (1 - mean) / (a + b + 1)), 1e-12, 1 - 1e-12)
    below = elementwise(special.beta_below, a, b, x)
    np.testing.assert_allclose(below, scipy.betainc(a, b, x), rtol=2e-7, atol=1e-12)
    a, b, p = grid(sizes[1:], sizes[1:], np.array([1e-6, 0.025, 0.5, 0.975]))
    quantiles = elementwise(special.beta_quantile, a, b, p)
    np.testing.assert_allclose(quantiles, scipy.betaincinv(a, b, p), rtol=2e-7)


def test_digamma_is_that_of_scipy() -> None:
    values = np.geomspace(1e-3, 1e9, 300)
    np.testing.assert_allclose(
        special.digamma(values), scipy.digamma(values), rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        (special.chi_square_tail, (3, -1.0), np.nan),
        (special.chi_square_tail, (3, np.inf), 0.0),
        (special.chi_square_quantile, (3, 0.0), np.inf),
        (special.chi_square_quantile, (3, 1.0), 0.0),
        (special.chi_square_quantile, (3, 1.5), np.nan),
        (special.normal_quantile, (0.0,), -np.inf),
        (special.normal_quantile, (1.0,), np.inf),
        (special.normal_quantile, (-1.0,), np.nan),
        (special.kolmogorov_tail, (0.0,), 1.0),
        (special.kolmogorov_quantile, (0.0,), np.inf),
        (special.beta_below, (2.0, 3.0, 1.0), 1.0),
        (special.beta_below, (2.0, 3.0, 1.5), np.nan),
        (special.beta_quantile, (2.0, 3.0, 0.0), 0.0),
        (special.beta_quantile, (2.0, 3.0, np.nan), np.nan),
    ],
)
def test_ends(function: object, arguments: tuple[float, ...], expected: float) -> None:
    np.testing.assert_equal(elementwise(function, *arguments)[()], expected)  # type: ignore[arg-type]


def test_a_page_of_statistics_needs_no_scipy() -> None:
    """It would be most of the time that a start takes, and a quarter of the memory."""
    program = (
        "import sys\n"
        "from inference_exporter import app, assembly, cli\n"
        "from inference_exporter.statistics import STATISTICS, comparison_numeric\n"
        "sys.exit(any(name.partition('.')[0] == 'scipy' for name in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
