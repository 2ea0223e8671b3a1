"""The checksum of the references in the metadata of heaps."""

from __future__ import annotations

import base64
import json

import numpy as np
import pyarrow as pa

from ..heaps import ReferenceChecksum

REFERENCES = b"nnnd.references"


def with_checksum(schema: pa.Schema, checksum: ReferenceChecksum) -> pa.Schema:
    """The schema with a checksum in its metadata."""
    sums = base64.b64encode(checksum.sums.astype("<f8").tobytes()).decode()
    document = json.dumps({"count": checksum.count, "sums": sums})
    return schema.with_metadata({**(schema.metadata or {}), REFERENCES: document.encode()})


def checksum_of(schema: pa.Schema) -> ReferenceChecksum | None:
    """The checksum in the metadata of a schema."""
    text = (schema.metadata or {}).get(REFERENCES)
    if text is None:
        return None
    document = json.loads(text)
    checksum = ReferenceChecksum()
    checksum.count = document["count"]
    checksum.sums = np.frombuffer(base64.b64decode(document["sums"]), dtype="<f8").astype(np.float64)
    return checksum
