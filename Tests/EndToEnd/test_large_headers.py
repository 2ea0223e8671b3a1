"""Headers of .safetensors files up to the limit of the reference implementation, 100 MB."""

import struct

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import load as safetensors_load
from safetensors.numpy import save as safetensors_save

from harness.clients import memory_peak
from harness.sanitizers import SANITIZED
from harness.spool import IMAGES

LIMIT = 100_000_000
MB = 1_000_000
VECTORS = np.eye(3, dtype=np.float32)
EMBEDDINGS = '"embeddings":{"dtype":"F32","shape":[3,3],"data_offsets":[0,36]}'


def shard(members, length):
    """A shard whose header has these members and is padded to `length` bytes."""
    header = f"{{{members},{EMBEDDINGS}}}".encode()
    assert len(header) <= length
    return struct.pack("<Q", length) + header.ljust(length) + VECTORS.tobytes()


def many_tensors(length):
    """Descriptions of empty tensors, of almost `length` bytes together."""
    size = len('"0000000":{"dtype":"U8","shape":[0],"data_offsets":[36,36]},')
    count = (length - 100) // size
    return ",".join(f'"{number:07}":{{"dtype":"U8","shape":[0],"data_offsets":[36,36]}}' for number in range(count))


# name: the content of the shard
LARGEST = {
    "metadata as the reference implementation writes it": lambda: safetensors_save(
        {"embeddings": VECTORS}, {"words": "w" * (LIMIT - 200)}),
    "padding": lambda: shard('"__metadata__":{}', LIMIT),
    "metadata of many keys": lambda: shard(
        '"__metadata__":{' + ",".join(f'"{number:07}":""' for number in range(7_600_000)) + "}", LIMIT),
    "many tensors": lambda: shard(many_tensors(LIMIT), LIMIT),
    "many tensors whose names have escape sequences": lambda: shard(
        many_tensors(50 * MB).replace('"0', '"\\u0030'), LIMIT),
    "a name of 99 MB": lambda: shard(
        f'"{"n" * 99 * MB}":{{"dtype":"U8","shape":[0],"data_offsets":[36,36]}}', LIMIT),
}  # fmt: skip


@pytest.mark.parametrize("case", LARGEST)
def test_a_header_of_100_mb_is_accepted_in_bounded_memory(make_daemon, case):
    daemon = make_daemon(k=3, largest_shard="1GiB").start()
    content = LARGEST[case]()
    assert struct.unpack("<Q", content[:8])[0] > LIMIT - 200
    daemon.spool.drop_bytes(IMAGES, "s.safetensors", content)
    assert daemon.spool.wait_receipt(IMAGES, "s.safetensors")["rows"] == 3
    # The file, a copy of its header, and little more.
    assert SANITIZED or memory_peak(daemon) < 450 * MB


def test_a_header_of_17_mb_that_is_written_in_place_is_accepted(daemon):
    path = daemon.spool.incoming(IMAGES) / "s.safetensors"
    path.write_bytes(shard(many_tensors(17 * MB), 17 * MB))
    assert daemon.spool.wait_receipt(IMAGES, "s.safetensors")["rows"] == 3


def test_a_longer_header_is_rejected_as_the_reference_implementation_does(make_daemon):
    daemon = make_daemon(k=3, largest_shard="1GiB").start()
    content = shard('"__metadata__":{}', LIMIT + 1)
    with pytest.raises(SafetensorError, match="(?i)header.*too.*large"):
        safetensors_load(content)
    daemon.spool.drop_bytes(IMAGES, "s.safetensors", content)
    failure = daemon.spool.wait_failure(IMAGES, "s.safetensors")
    assert failure["code"] == "bad_header"
    assert str(LIMIT) in failure["message"] and "damaged" not in failure["message"]


def test_an_npy_header_beyond_its_limit_is_not_called_damaged(daemon):
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3), }".ljust((1 << 20) + 1)
    content = b"\x93NUMPY\x02\x00" + struct.pack("<I", len(header)) + header + VECTORS.tobytes()
    daemon.spool.drop_bytes(IMAGES, "s.npy", content)
    failure = daemon.spool.wait_failure(IMAGES, "s.npy")
    assert failure["code"] == "bad_header"
    assert str(1 << 20) in failure["message"] and "damaged" not in failure["message"]
