"""Brings the files that people have into the daemon: embeddings of clip-retrieval, tables, tensors and memory maps.

An import reads its files in pieces, writes them as shards, and can be repeated: a shard that the daemon has received is
not sent again. `python -m nnnd import` calls these functions.
"""

from ._run import ImportReport, import_sources
from ._source import Source
from .clip_retrieval import import_clip_retrieval
from .files import import_files, open_source

__all__ = ["ImportReport", "Source", "import_clip_retrieval", "import_files", "import_sources", "open_source"]
