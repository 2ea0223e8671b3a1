"""Shards for tests of bulk computations, and the expected heaps."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def write_shard(path, vectors, ids=None):
    """Writes an .npy with a sidecar, .npz or .parquet file."""
    if path.suffix == ".parquet":
        values = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1])
        pq.write_table(pa.table({"id": ids, "embedding": values}), path, row_group_size=100)
    elif path.suffix == ".npz":
        np.savez_compressed(path, embeddings=vectors, **({} if ids is None else {"ids": np.array(ids)}))
    else:
        np.save(path, vectors)
        if ids is not None:
            path.with_suffix(".ids").write_text("\n".join(ids) + "\n")


def write_shards(folder, vectors, ids, sizes, suffixes=(".npy", ".npz", ".parquet")):
    """Writes shards of these sizes, one after another, in formats that take turns."""
    folder.mkdir()
    for number, start in enumerate(np.cumsum([0, *sizes[:-1]])):
        rows = slice(start, start + sizes[number])
        write_shard(folder / f"part-{number:03}{suffixes[number % len(suffixes)]}", vectors[rows], ids[rows])
    return folder


def stored(vectors, metric="cosine", precision="float32"):
    """Vectors as the daemon stores them, in double precision."""
    vectors = np.asarray(vectors, dtype=np.float64)
    if metric == "cosine":
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32).astype(precision).astype(np.float64)


def read_heaps(folder):
    """The rows of all output files: id -> row."""
    table = pa.concat_tables(pq.read_table(path) for path in sorted(folder.glob("*.parquet")))
    rows = {row["id"]: row for row in table.to_pylist()}
    assert len(rows) == table.num_rows
    return rows


def check_heaps(rows, images, references, capacity, ks, tolerance=1e-6):
    """Compares heaps and means with products of stored vectors, given as dictionaries from id to vector."""
    assert rows.keys() == images.keys()
    names = {id: number for number, id in enumerate(references)}
    matrix = np.stack(list(references.values()))
    used = min(capacity, len(references))
    for id, row in rows.items():
        products = matrix @ images[id]
        expected = np.sort(products)[::-1][:used]
        assert len(set(row["references"])) == len(row["references"]) == used
        np.testing.assert_allclose(row["similarities"], expected, rtol=tolerance, atol=tolerance)
        found = products[[names[name] for name in row["references"]]]
        np.testing.assert_allclose(row["similarities"], found, rtol=tolerance, atol=tolerance)
        for k in ks:
            assert abs(row[f"mean_{k}"] - expected[:k].mean()) <= tolerance * max(1, abs(row[f"mean_{k}"]))
