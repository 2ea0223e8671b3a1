"""Biases of many images at once: in a pool of processes, on Spark, or on a GPU, without a daemon.

Each task takes one shard of images and reads the shards of references one after another. It keeps the best references
of each image so far, and writes one parquet file with the heaps and means of its images. They equal those that the
daemon computes for the same vectors and settings. `python -m nnnd bulk` calls `run`. It needs pyarrow: `nnnd[arrow]`.

>>> from nnnd.bulk import BulkSettings, run
>>> images, references, output = (folder / name for name in ("images", "references", "heaps"))
>>> images.mkdir(); references.mkdir()
>>> np.save(images / "photos.npy", np.eye(3, dtype=np.float32))  # (rows, dimension)
>>> np.save(references / "queries.npy", np.float32([[1, 0, 0], [3, 4, 0]]))
>>> report = run(images, references, output, BulkSettings(k=1), workers=1)
>>> report.rows
3
>>> import pyarrow.parquet as pq
>>> pq.read_table(output / "photos.parquet").select(["id", "mean_1", "references"]).to_pylist()[1]
{'id': 'photos:1', 'mean_1': 0.800000011920929, 'references': ['queries:1', 'queries:0']}

"""

try:
    import pyarrow  # noqa: F401
except ImportError:
    raise ImportError("nnnd.bulk needs pyarrow: pip install 'nnnd[arrow]'") from None

from ._heaps import heaps
from ._job import Job, ShardReport, TaskFailed
from ._loading import heaps_of_batches, load, read_heaps
from ._run import BulkReport, plan, run
from ._settings import BulkSettings
from ._shards import Shard, list_shards

__all__ = [
    "BulkReport",
    "BulkSettings",
    "Job",
    "Shard",
    "ShardReport",
    "TaskFailed",
    "heaps",
    "heaps_of_batches",
    "list_shards",
    "load",
    "plan",
    "read_heaps",
    "run",
]
