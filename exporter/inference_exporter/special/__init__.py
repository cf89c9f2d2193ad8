"""Distribution functions of tests, of `math` and NumPy alone: `scipy.special` is slow to import.

SciPy's own take 0.15 s of CPU and 15 MB, most of it for array libraries that nobody here has. These
agree with them to eight digits and more, which tests hold; a p-value needs two. Each is of single
numbers, which is what statistics ask for; `elementwise` makes functions of arrays of them.
"""

from inference_exporter.special.arrays import digamma, elementwise
from inference_exporter.special.beta import beta_below, beta_quantile
from inference_exporter.special.chi_square import chi_square_quantile, chi_square_tail
from inference_exporter.special.kolmogorov import kolmogorov_quantile, kolmogorov_tail
from inference_exporter.special.normal import normal_below, normal_quantile

__all__ = [
    "beta_below",
    "beta_quantile",
    "chi_square_quantile",
    "chi_square_tail",
    "digamma",
    "elementwise",
    "kolmogorov_quantile",
    "kolmogorov_tail",
    "normal_below",
    "normal_quantile",
]
