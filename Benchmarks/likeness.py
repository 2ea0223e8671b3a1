"""Compares the generator of CLIP-like vectors with real CLIP embeddings, where NNND_TEST_DATA names them."""

import numpy as np

import datasets
from cliplike import ClipLike
from peer import ALPHA, K, TOP

TITLE = "CLIP-like vectors compared with CLIP"
LARGE, REFERENCES, QUERIES = 40_000, 4_096, 100


def centred(rows):
    return rows - rows.mean(axis=0)


def variance_in(rows, directions):
    """The share of the variance of `rows` in their first `directions` directions."""
    values = np.linalg.eigvalsh(np.cov(centred(rows).T))[::-1]
    return values[:directions].sum() / values.sum()


def shared(images, captions, directions=32):
    """The share of the variance of images that lies in the leading directions of captions."""
    leading = np.linalg.svd(centred(captions), full_matrices=False)[2][:directions]
    return ((centred(images) @ leading.T) ** 2).sum() / (centred(images) ** 2).sum()


def decoded(rows):
    """What int8 codes with one scale a row keep of `rows`."""
    scale = np.abs(rows).max(axis=1, keepdims=True) / 127
    return np.rint(rows / scale) * scale


def lost(rows):
    """The lengths of what int8 codes of `rows` lose."""
    return np.linalg.norm(rows - decoded(rows), axis=1)


def biases(images, references):
    products = images @ references.T
    count = min(K, len(references) - 1)
    return ALPHA * -np.partition(-products, count, axis=1)[:, :count].mean(axis=1)


def surviving(images, queries, own, rotation=None):
    """The mean number of rows a query that the bound of int8 codes does not exclude, with the true threshold.

    `own`: the biases. `rotation`: codes are those of (rows - mean) @ rotation.
    """
    rows, asked = images, queries
    if rotation is not None:
        rows, asked = centred(images) @ rotation, queries @ rotation
    row_codes, query_codes = decoded(rows), decoded(asked)
    row_lost, query_lost = lost(rows), lost(asked)
    lengths = np.linalg.norm(query_codes, axis=1)[:, None]
    slack = lengths * row_lost + query_lost[:, None] * np.linalg.norm(rows, axis=1)
    middle = query_codes @ row_codes.T - own
    exact = asked @ rows.T - own
    threshold = -np.partition(-exact, TOP - 1, axis=1)[:, TOP - 1 : TOP]
    return float((middle + slack >= threshold).sum(axis=1).mean())


def similarities(images, captions):
    """Mean and deviation of the similarities of captions to images, deviation within a caption, and the margins."""
    products = captions @ images.T
    best = -np.sort(-np.partition(-products, TOP, axis=1)[:, : TOP + 1], axis=1)
    margin = (best[:, 0] - best[:, TOP - 1]).mean()
    within = products.std(axis=1).mean()
    return products.mean(), products.std(), within, margin, margin / within


def hubness(images, captions):
    """The skewness of how often an image is among the top 10 of captions, and the share of images that never are."""
    products = captions @ images.T
    rows = np.argpartition(-products, TOP, axis=1)[:, :TOP]
    counts = np.bincount(rows.ravel(), minlength=len(images)).astype(float)
    return (((counts - counts.mean()) / counts.std()) ** 3).mean(), (counts == 0).mean()


def statistics(images, captions):
    """Figures that need no large number of rows: name -> value."""
    mean, deviation, within, margin, relative = similarities(images, captions)
    skewness, never = hubness(images, captions)
    return {
        "length of the mean, images": np.linalg.norm(images.mean(axis=0)),
        "length of the mean, captions": np.linalg.norm(captions.mean(axis=0)),
        "product of both means": images.mean(axis=0) @ captions.mean(axis=0),
        "variance in 32 directions, images": variance_in(images, 32),
        "variance in 32 directions, captions": variance_in(captions, 32),
        "variance of images in 32 directions of captions": shared(images, captions),
        "lost by int8 codes, images": lost(images).mean(),
        "lost by int8 codes, captions": lost(captions).mean(),
        "similarity of captions to images, mean": mean,
        "the same, standard deviation": deviation,
        "the same, standard deviation within a caption": within,
        "best minus 10th best similarity": margin,
        "the same, in standard deviations": relative,
        "skewness of the top-10 counts": skewness,
        "images in no top 10": never,
    }


def survivors(images, references, queries):
    """Rows surviving the bounds: name -> rows a query."""
    random = np.random.default_rng(1)
    rotation = np.linalg.qr(random.standard_normal((images.shape[1],) * 2))[0].astype(np.float32)
    own = biases(images, references)
    words = f"rows surviving int8 codes, of {len(images):,}"
    return {
        words: surviving(images, queries, own),
        f"{words}, centred and rotated": surviving(images, queries, own, rotation),
    }


def gaussian(rows, count, random):
    """`count` Gaussian vectors with the mean and the covariance of `rows`, normalised."""
    root = np.linalg.cholesky(np.cov(centred(rows).T) + 1e-7 * np.eye(rows.shape[1])).astype(np.float32)
    normal = random.standard_normal((count, rows.shape[1]), dtype=np.float32)
    return datasets.normalised(rows.mean(axis=0) + normal @ root.T)


def figures(images, captions):
    """All figures of images and captions. Half of the captions are references, the others queries."""
    references = len(captions) // 2
    return statistics(images, captions) | survivors(images, captions[:references], captions[references:])


def run(context):
    report, folder = context.report, datasets.test_data("clip")
    report.plain_section(TITLE)
    if folder is None:
        report.text("Skipped: NNND_TEST_DATA names no folder with `clip/images.npy` and `clip/captions.npy`.")
        return
    images, captions = (datasets.load(folder / f"{name}.npy") for name in ("images", "captions"))
    model, random = ClipLike(images.shape[1]), np.random.default_rng([context.seed, 6])
    size = len(images), len(captions)
    real = figures(images, captions)
    normal = figures(*(gaussian(rows, count, random) for rows, count in zip((images, captions), size)))
    made = figures(model.images(random, size[0]), model.captions(random, size[1]))
    large, asked = max(2000, context.scaled(LARGE)), REFERENCES + QUERIES
    for found, rows, texts in (
        (normal, gaussian(images, large, random), gaussian(captions, asked, random)),
        (made, model.images(random, large), model.captions(random, asked)),
    ):
        found |= survivors(rows, texts[:REFERENCES], texts[REFERENCES:])
    report.text(
        "*CLIP*: embeddings of photographs and captions by CLIP ViT-B/32. *Gaussian*: vectors with the mean and the"
        " covariance of these. *CLIP-like*: [cliplike.py](../Benchmarks/cliplike.py); *ratio* is that of CLIP-like to"
        " Gaussian. Both have no clusters, and no caption has a right image, so their scores lie closer together than"
        " those of CLIP, and bounds exclude fewer rows.")
    report.table("| | CLIP | Gaussian | CLIP-like | ratio |\n|---|---|---|---|---|")
    for name, value in normal.items():
        first = f"{real[name]:,.4g}" if name in real else ""
        report.line(f"| {name} | {first} | {value:,.4g} | {made[name]:,.4g} | {made[name] / value:.2f} |")
