"""The biases of the methods that an evaluation compares with, from their definitions in the papers.

Distribution Normalization (arXiv 2302.11084), CSLS (arXiv 1710.04087), inverted softmax (arXiv 1702.03859), QB-Norm
(arXiv 2112.12777), and DualIS of DBNorm (arXiv 2310.11612). `Sources/Evaluation/Baselines` has their formulas.
"""

import numpy as np

LAMBDAS = (0.25, 0.5, 0.75, 1.0)
BETAS = (5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 80.0)


def log_sums(similarities, beta):
    """ln(sum over the columns of exp(beta x similarity)) of each row."""
    largest = similarities.max(axis=1)
    sums = [np.exp(beta * (row - most)).sum() for row, most in zip(similarities, largest, strict=True)]
    return np.log(sums) + beta * largest


def variants(images, references, ks, means):
    """The methods with their parameters and biases, as (name, parameters, bias of each image), without QB-Norm.

    `images` and `references` are float64 matrices; `means` has for each k the mean of each image.
    """
    to_references = images @ references.T
    over_references = {beta: log_sums(to_references, beta) for beta in BETAS}
    to_images = images @ images.T
    over_images = {beta: log_sums(to_images, beta) for beta in BETAS}
    product = images @ references.mean(axis=0)
    found = [("distribution_normalization", {"lambda": value}, value * product) for value in LAMBDAS]
    found += [("csls", {"k": float(k)}, 0.5 * means[k]) for k in ks]
    found += [("inverted_softmax", {"beta": beta}, over_references[beta] / beta) for beta in BETAS]
    found += [
        ("dual_inverted_softmax", {"beta1": first, "beta2": second},
         (over_references[first] + over_images[second]) / (first + second))
        for first in BETAS for second in BETAS
    ]  # fmt: skip
    return [(name, parameters, bias.astype(np.float32)) for name, parameters, bias in found]


def first_is_active(similarities, to_references):
    """For each query whether its most similar image is the most similar image of some reference.

    `similarities` has queries x images, `to_references` images x references; the first of equal images counts.
    """
    active = np.unique(to_references.argmax(axis=0))
    return np.isin(similarities.argmax(axis=1), active)
