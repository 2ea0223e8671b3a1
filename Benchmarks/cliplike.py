"""Vectors distributed like CLIP's, from statistics alone: no model and no data are needed.

    model = ClipLike()                             # dimension 512
    random = np.random.default_rng(7)
    images = model.images(random, 200_000)         # float32, 200,000 x 512, each of length 1
    captions = model.captions(random, 4_096)       # for references and queries

Each kind is Gaussian around a mean, then normalised. The statistics are those of CLIP ViT-B/32:

- A narrow cone. The mean of images has length 0.72, that of captions 0.71.
- Outlier dimensions. Images have mean -0.61 and standard deviation 0.06 in dimension 92; captions have mean 0.40 and
  standard deviation 0.09 in dimensions 133 and 312, which are equal. The other components of the means are about
  0.01, and the other standard deviations about 0.025.
- A steep spectrum. Of the variance around the mean, 32 directions hold 57% for images and 67% for captions.
- Directions that both share. Images and captions vary along similar directions, in about the same order.

In another dimension d, ranks and positions are scaled by d / 512, and the lengths of the means stay.

A model depends on its dimension and seed only; rows depend on the generator that is passed.
"""

import numpy as np

REAL_DIMENSION = 512
# The mean and the standard deviation of outlier components before rows are normalised, which makes the deviations of
# large components smaller: dimension of 512 -> (mean, standard deviation).
OUTLIERS = {
    "images": {92: (-0.613, 0.083), 133: (0.085, 0.005), 312: (0.085, 0.005), 376: (0.155, 0.057)},
    "captions": {133: (0.403, 0.130), 312: (0.403, 0.130), 92: (-0.108, 0.020), 493: (0.109, 0.038)},
}
EQUAL = (133, 312)  # dimensions whose components are equal
LENGTH_OF_MEAN = {"images": 0.723, "captions": 0.710}
# The share of the variance that the first 1, 2, 4, ... 512 directions hold.
RANKS = np.array([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
SHARES = {
    "images": np.array([0, 0.087, 0.143, 0.225, 0.319, 0.441, 0.573, 0.711, 0.848, 0.959, 1]),
    "captions": np.array([0, 0.082, 0.146, 0.235, 0.351, 0.506, 0.674, 0.826, 0.935, 0.990, 1]),
}
# How far the directions of captions are from those of images: 0 is equal, infinity independent.
DISTANCE_OF_DIRECTIONS = 1.7
COSINE_OF_MEANS = 0.27  # between the means of images and captions, outlier components left out
ROWS_AT_ONCE = 20_000


def spectrum(kind, dimension):
    """The share of the variance of each direction, in falling order. The shares have the sum 1."""
    ranks = np.arange(dimension + 1) * (REAL_DIMENSION / dimension)
    return np.diff(np.interp(ranks, RANKS, SHARES[kind]))


def orthogonal(matrix):
    """Orthonormal columns that span the same as the leading columns of `matrix`, each with the same sign."""
    columns, upper = np.linalg.qr(matrix)
    return columns * np.sign(np.diag(upper))


class ClipLike:
    """A distribution of images and one of captions, of the given dimension."""

    def __init__(self, dimension=REAL_DIMENSION, seed=0):
        random = np.random.default_rng([seed, dimension])
        self.dimension = dimension
        directions = orthogonal(random.standard_normal((dimension, dimension)))
        noise = orthogonal(random.standard_normal((dimension, dimension)))
        bases = {"images": directions, "captions": orthogonal(directions + DISTANCE_OF_DIRECTIONS * noise)}
        towards = dict(zip(bases, random.standard_normal((2, dimension))))
        towards["captions"] *= np.sqrt(1 - COSINE_OF_MEANS**2)
        towards["captions"] += COSINE_OF_MEANS * towards["images"]
        self.means = {kind: self.mean(kind, towards[kind]) for kind in bases}
        self.factors = {kind: self.factor(kind, bases[kind]) for kind in bases}

    def outliers(self, kind):
        """The outlier dimensions, their means and their standard deviations, in this dimension."""
        places = [place * self.dimension // REAL_DIMENSION for place in OUTLIERS[kind]]
        means, deviations = zip(*OUTLIERS[kind].values())
        return places, np.array(means), np.array(deviations)

    def mean(self, kind, towards):
        """The mean of a kind. Its components outside the outlier dimensions are proportional to those of `towards`."""
        places, values, _ = self.outliers(kind)
        mean = towards.copy()
        mean[places] = 0
        rest = np.sqrt(LENGTH_OF_MEAN[kind] ** 2 - (values**2).sum())
        mean *= rest / max(np.linalg.norm(mean), 1e-9)
        mean[places] = values
        return mean.astype(np.float32)

    def factor(self, kind, basis):
        """The matrix that makes deviations from the mean out of standard normal rows: rows @ factor."""
        variance = 1 - LENGTH_OF_MEAN[kind] ** 2
        factor = np.sqrt(variance * spectrum(kind, self.dimension))[:, None] * basis.T
        places, _, deviations = self.outliers(kind)
        first, second = (place * self.dimension // REAL_DIMENSION for place in EQUAL)
        factor[:, second] = factor[:, first]
        factor[:, places] *= deviations / np.linalg.norm(factor[:, places], axis=0)
        return factor.astype(np.float32)

    def rows(self, kind, random, count):
        found = np.empty((count, self.dimension), np.float32)
        for start in range(0, count, ROWS_AT_ONCE):
            part = found[start : start + ROWS_AT_ONCE]
            normal = random.standard_normal(part.shape, dtype=np.float32)
            np.add(normal @ self.factors[kind], self.means[kind], out=part)
            part /= np.linalg.norm(part, axis=1, keepdims=True)
        return found

    def images(self, random, count):
        """`count` images: float32, count x dimension, each of length 1."""
        return self.rows("images", random, count)

    def captions(self, random, count):
        """`count` captions: float32, count x dimension, each of length 1."""
        return self.rows("captions", random, count)
