"""Shards made to do harm, each with the code that must come back; the daemon's memory stays bounded beside them."""

import io
import os
import pathlib
import struct
import zipfile

import numpy as np
import pytest

from harness.daemon import Daemon
from harness.http import npy_bytes
from harness.oracle import Oracle, check_everything
from harness.refusal import check_refusal
from harness.shards import npy_with_header, npz_bytes, safetensors_bytes
from harness.spool import IMAGES, REFERENCES, default_ids, ids_name
from harness.waiting import wait_until
from test_refusals import BAD

DIMENSION = 4
GOOD = np.random.default_rng(5).standard_normal((5, DIMENSION)).astype(np.float32)
PETABYTE = 2**50
MIB = 1 << 20
LARGEST = MIB


def npy_header(descr="'<f4'", shape="(5, 4)", order="False"):
    return npy_with_header(f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}", GOOD.tobytes())


def archive(*members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    return buffer.getvalue()


def bomb(megabytes, name="embeddings.npy"):
    """A few kilobytes that inflate to megabytes, and say so."""
    rows = megabytes * MIB // 16
    return archive((name, npy_with_header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 4), }}") + bytes(rows * 16)))


def lying(content, field, value, size=4):
    """An archive whose central record says something else: 20 the packed size, 24 the unpacked, 42 the place."""
    content = bytearray(content)
    place = content.find(b"PK\x01\x02") + field
    content[place : place + size] = value.to_bytes(size, "little")
    return bytes(content)


def tensors(header, data=b"", length=None):
    text = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(dtype="F32", shape="[5,4]", offsets="[0,80]", name="embeddings"):
    return f'{{"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}'


DATA = GOOD.tobytes()
PLAIN = archive(("embeddings.npy", npy_bytes(GOOD)))

# name: (file name, content, ids, code, rows)
HOSTILE = {
    "npy of a petabyte": ("s.npy", npy_header(shape=f"({PETABYTE}, 4)"), None, "truncated", []),
    "npy of 2^63 rows": ("s.npy", npy_header(shape=f"({2**63}, 4)"), None, "bad_shape", []),
    "npy of 10^100 rows": ("s.npy", npy_header(shape=f"({10**100}, 4)"), None, "bad_shape", []),
    "npy of a row of 2^40 numbers": ("s.npy", npy_header(shape=f"(1, {2**40})"), None, "truncated", []),
    "npy whose size wraps to its own": ("s.npy", npy_header(shape=f"({2**60 + 5}, 4)"), None, "bad_shape", []),
    "npy with sizes as text": ("s.npy", npy_header(shape="('5', 4)"), None, "bad_header", []),
    "npy with sizes as fractions": ("s.npy", npy_header(shape="(5.0, 4)"), None, "bad_header", []),
    "npy with no sizes": ("s.npy", npy_header(shape="()"), None, "bad_shape", []),
    "npy with a shape of text": ("s.npy", npy_header(shape="'(5, 4)'"), None, "bad_header", []),
    "npy of text": ("s.npy", npy_header("'<U4'"), None, "unsupported_dtype", []),
    "npy of bytes": ("s.npy", npy_header("'|S16'"), None, "unsupported_dtype", []),
    "npy of times": ("s.npy", npy_header("'<M8[s]'"), None, "unsupported_dtype", []),
    "npy of truth": ("s.npy", npy_header("'|b1'"), None, "unsupported_dtype", []),
    "npy of long doubles": ("s.npy", npy_header("'<f16'"), None, "unsupported_dtype", []),
    "npy of pickles": ("s.npy", npy_header("'|O'") + b"\x80\x04cos\nsystem\n", None, "unsupported_dtype", []),
    "npy with a call for a type": ("s.npy", npy_header("__import__('os')"), None, "bad_header", []),
    "npy with a header of 64 KiB": ("s.npy", npy_with_header("{" + " " * 65_000), None, "bad_header", []),
    "npy with deep brackets": ("s.npy", npy_with_header("(" * 60_000), None, "bad_header", []),
    "npy that only claims a header": ("s.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff", None, "bad_header", []),
    "npy of zeros only": ("s.npy", bytes(1000), None, "not_a_shard", []),
    "npy that is an archive": ("s.npy", PLAIN, None, "not_a_shard", []),
    "npy that is a program": ("s.npy", b"\x7fELF" + bytes(100), None, "not_a_shard", []),
    "npy with the ids of another": ("s.npy", npy_bytes(GOOD), b"a\nb\nc\nd\ne\nf\n" * 1000, "ids_too_many", []),
    "npy with one endless id": ("s.npy", npy_bytes(GOOD), b"x" * 500_000, "ids_too_few", []),
    "npy with ids of NUL": ("s.npy", npy_bytes(GOOD), b"\0\n\0\n\0\n\0\n\0\n", "ids_duplicate", [1, 2, 3, 4]),
    "npy with ids of line feeds": ("s.npy", npy_bytes(GOOD), b"\n" * 5, "id_empty", [0, 1, 2, 3, 4]),
    "npy with ids too large to read": ("s.npy", npy_bytes(GOOD), b"x\n" * LARGEST, "too_large", []),
    "npz that inflates to 512 MiB": ("s.npz", bomb(512), None, "too_large", []),
    "npz that inflates just beyond the limit": ("s.npz", bomb(2), None, "too_large", []),
    "npz with a bomb beside the array": ("s.npz", archive(("embeddings.npy", npy_bytes(GOOD)), ("ids.npy", bytes(300 * MIB))), None, "too_large", []),
    "npz that says it is smaller than it is": ("s.npz", lying(bomb(64), 24, 200), None, "bad_archive", []),
    "npz that says it is larger than it is": ("s.npz", lying(PLAIN, 24, 500_000), None, "bad_archive", []),
    "npz that claims 4 GiB": ("s.npz", lying(PLAIN, 24, 2**32 - 2), None, "too_large", []),
    "npz packed beyond its end": ("s.npz", lying(PLAIN, 20, 2**31), None, "bad_archive", []),
    "npz that begins beyond its end": ("s.npz", lying(PLAIN, 42, 2**31), None, "bad_archive", []),
    "npz of unknown packing": ("s.npz", lying(PLAIN, 10, 99, 2), None, "bad_archive", []),
    "npz packed by bzip2": ("s.npz", archive(("embeddings.npy", npy_bytes(GOOD)), method=zipfile.ZIP_BZIP2), None, "unsupported_compression", []),
    "npz packed by lzma": ("s.npz", archive(("embeddings.npy", npy_bytes(GOOD)), method=zipfile.ZIP_LZMA), None, "unsupported_compression", []),
    "npz of 9,000 members": ("s.npz", archive(*((f"{number}.npy", b"") for number in range(9_000))), None, "bad_archive", []),
    "npz with a way out for a name": ("s.npz", archive(("../../../etc/passwd.npy", npy_bytes(GOOD)), ("b.npy", npy_bytes(GOOD))), None, "ambiguous_array", []),
    "npz that is text": ("s.npz", b"PK" * 500, None, "not_a_shard", []),
    "npz within an npz": ("s.npz", archive(("embeddings.npy", PLAIN)), None, "not_a_shard", []),
    "npz with an array of a petabyte": ("s.npz", archive(("embeddings.npy", npy_header(shape=f"({PETABYTE}, 4)"))), None, "truncated", []),
    "npz with ids of pickles": ("s.npz", npz_bytes(embeddings=GOOD, ids=np.array(["a", 1, None, "b", "c"], object)), None, "ids_bad_type", []),
    "safetensors with a header of a petabyte": ("s.safetensors", tensors("{}", length=PETABYTE), None, "bad_header", []),
    "safetensors with a header of 2^64 - 1": ("s.safetensors", tensors("{}", length=2**64 - 1), None, "bad_header", []),
    "safetensors with an empty header": ("s.safetensors", tensors(""), None, "truncated", []),
    "safetensors of nothing": ("s.safetensors", b"", None, "truncated", []),
    "safetensors with a petabyte of rows": ("s.safetensors", tensors(tensor(shape=f"[{PETABYTE},4]", offsets=f"[0,{PETABYTE * 16}]"), DATA), None, "truncated", []),
    "safetensors with sizes that wrap": ("s.safetensors", tensors(tensor(shape=f"[{2**62},4]", offsets="[0,80]"), DATA), None, "bad_shape", []),
    "safetensors with offsets that run back": ("s.safetensors", tensors(tensor(offsets="[80,0]"), DATA), None, "bad_header", []),
    "safetensors with negative offsets": ("s.safetensors", tensors(tensor(offsets="[-80,0]"), DATA), None, "bad_header", []),
    "safetensors with offsets that disagree": ("s.safetensors", tensors(tensor(offsets="[0,79]"), DATA), None, "bad_shape", []),
    "safetensors of integers": ("s.safetensors", tensors(tensor(dtype="I32"), DATA), None, "unsupported_dtype", []),
    "safetensors of an unknown type": ("s.safetensors", tensors(tensor(dtype="F33"), DATA), None, "unsupported_dtype", []),
    "safetensors with deep brackets": ("s.safetensors", tensors("[" * 100_000), None, "not_a_shard", []),
    "safetensors with a header that is no UTF-8": ("s.safetensors", tensors(b'{"\xff":1}'), None, "bad_header", []),
    "safetensors with a tail": ("s.safetensors", safetensors_bytes(embeddings=GOOD) + b"x", None, "trailing_bytes", []),
    "list to delete of nothing": ("s.delete", b"", None, "no_rows", []),
    "list to delete with an id twice": ("s.delete", b"a\nb\na\n", None, "ids_duplicate", [2]),
    "list to delete that is no UTF-8": ("s.delete", b"a\n\xff\n", None, "ids_not_utf8", [1]),
    "list to delete with a long id": ("s.delete", b"x" * 501, None, "id_too_long", [0]),
    "list to delete that is too large": ("s.delete", b"x\n" * LARGEST, None, "too_large", []),
}  # fmt: skip


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("hostile"), k=3, capacity=6, largest_shard=LARGEST) as daemon:
        for kind in (IMAGES, REFERENCES):
            daemon.drop(kind, "good.npy", GOOD)
        yield daemon
        # A bomb takes no more than what it may inflate to.
        status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
        assert int(status.split("VmHWM:")[1].split()[0]) * 1024 < 150 * MIB


@pytest.fixture
def unchanged(daemon):
    """Holds that the corpus is afterwards what it was before."""
    oracle = Oracle(k=3)
    for kind in (IMAGES, REFERENCES):
        oracle.put(kind, default_ids("good.npy", len(GOOD)), GOOD)
    generation = daemon.status()["generation"]
    yield
    with daemon.client() as client:
        assert client.status()["generation"] == generation
        check_everything(client, oracle)


def test_there_are_enough_of_them():
    assert len(BAD | HOSTILE) == len(BAD) + len(HOSTILE) >= 80


@pytest.mark.parametrize("case", HOSTILE)
def test_refused(daemon, unchanged, api_document, case):
    name, content, ids, code, rows = HOSTILE[case]
    before = daemon.spool.error_stamp(IMAGES, name)
    daemon.spool.drop_bytes(IMAGES, name, content, ids)
    failure = daemon.spool.wait_failure(IMAGES, name, before)
    check_refusal(daemon, api_document, failure, IMAGES, name, code, rows)
    if ids is not None:
        (daemon.spool.failed(IMAGES) / ids_name(name)).unlink()


# Major and minor number of devices that anybody would like to see read: endless zeros, nothing, and the terminal.
DEVICES = {"zero": (1, 5), "null": (1, 3), "terminal": (5, 0)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make devices")
@pytest.mark.parametrize("device", DEVICES)
def test_a_device_is_refused(daemon, unchanged, api_document, device):
    os.mknod(daemon.spool.incoming(IMAGES) / f"{device}.npy", 0o20666, os.makedev(*DEVICES[device]))
    failure = daemon.spool.wait_failure(IMAGES, f"{device}.npy")
    check_refusal(daemon, api_document, failure, IMAGES, f"{device}.npy", "not_regular_file", [])


@pytest.mark.parametrize("change", ["shrinks", "grows", "changes", "is replaced", "goes away"])
def test_a_file_that_changes_again_and_again_is_taken_once_it_is_quiet(make_daemon, change):
    """Whatever a writer does to a file while it is read: what takes effect is the file as it was at one moment."""
    daemon = make_daemon(k=3, quiet_seconds=0).start()
    path = daemon.spool.incoming(IMAGES) / "s.npy"
    rows = 3000
    contents = [npy_bytes(np.full((rows, DIMENSION), float(number), np.float32)) for number in (1, 2)]
    daemon.spool.drop_bytes(IMAGES, "s.npy", contents[0])
    for turn in range(200):
        if not path.exists():
            break
        try:
            if change == "shrinks":
                os.truncate(path, 100 + turn)
                path.write_bytes(contents[turn % 2])
            elif change == "grows":
                with open(path, "ab") as file:
                    file.write(b"x")
                os.truncate(path, len(contents[0]))
            elif change == "changes":
                with open(path, "r+b") as file:
                    file.write(contents[turn % 2])
            elif change == "is replaced":
                daemon.spool.drop_bytes(IMAGES, "s.npy", contents[turn % 2])
            else:
                path.unlink()
                daemon.spool.drop_bytes(IMAGES, "s.npy", contents[turn % 2])
        except FileNotFoundError:
            break
    before = daemon.spool.receipt_stamp(IMAGES, "last.npy")
    daemon.spool.drop_bytes(IMAGES, "last.npy", npy_bytes(GOOD))
    daemon.spool.wait_receipt(IMAGES, "last.npy", before)
    wait_until(lambda: daemon.spool.names(IMAGES) == [], "an empty spool", alive=daemon.check_alive)
    assert daemon.status()["images"] in (len(GOOD), len(GOOD) + rows)
    with daemon.client() as client:
        assert client.post("/v1/verify", b"", "application/json").json()["wrong"] == 0
