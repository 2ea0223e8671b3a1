"""Files of transfer tools, editors and desktops in the spool: left alone, and reported once they stay."""

import contextlib
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path

import boto3
import numpy as np
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from harness.http import npy_bytes
from harness.nnnctl import succeeds
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

# A file without a shard's name is reported after 30 times as long.
QUIET_SECONDS = 0.02
SHARD = npy_bytes(np.eye(4, dtype=np.float32))

# What tools call a file until they rename it to s.npy.
NAMES_BEFORE_THE_RENAME = {
    "AWS command line and boto3": "s.npy.DCca58Ba",
    "rclone": "s.npy.abcdef12.partial",
    "WinSCP": "s.npy.filepart",
    "Chrome": "s.npy.crdownload",
    "gsutil": "s.npy_.gstmp",
    "aria2": "s.npy.aria2",
    "FreeFileSync": "s.npy.ffs_tmp",
    "Nextcloud": "s.npy.ocTransferId1234",
    "Emacs": "#s.npy#",
}
# Vim creates a file 4913 to see whether it can write to a folder; the last name is not UTF-8.
OTHER_NAMES = ["s.npy~", "4913", "Thumbs.db", "desktop.ini", "notes.txt", "s.NPY", "caf\udce9"]


@pytest.fixture
def quick_daemon(make_daemon):
    return make_daemon(k=4, quiet_seconds=QUIET_SECONDS, list_quiet_seconds=QUIET_SECONDS).start()


def unused(daemon, count):
    """The files that no shard uses, once there are `count` of them."""

    def spool_with_count():
        spool = daemon.status()["spool"]
        return spool if spool["unused_files"] == count else None

    return wait_until(spool_with_count, f"{count} unused files", alive=daemon.check_alive)["unused"]


@pytest.mark.parametrize("name", NAMES_BEFORE_THE_RENAME.values(), ids=NAMES_BEFORE_THE_RENAME.keys())
def test_a_transfer_that_stalls_can_be_finished(quick_daemon, name):
    folder = quick_daemon.spool.incoming(IMAGES)
    (folder / name).write_bytes(SHARD[:100])
    quick_daemon.spool.wait_until_older_files_are_quiet(IMAGES, dimension=4)
    assert quick_daemon.spool.names(IMAGES) == [name]
    [report] = unused(quick_daemon, 1)
    assert (report["name"], report["kind"], report["reason"]) == (name, IMAGES, "not_a_shard_name")
    with open(folder / name, "ab") as file:
        file.write(SHARD[100:])
    os.rename(folder / name, folder / "s.npy")
    assert quick_daemon.spool.wait_receipt(IMAGES, "s.npy")["rows"] == 4
    assert unused(quick_daemon, 0) == []


def test_what_is_no_shard_is_left_where_it_is(quick_daemon):
    """One log line a file, a metric, and lines of `nnnctl status` tell of it."""
    folder = quick_daemon.spool.incoming(REFERENCES)
    for name in OTHER_NAMES:
        (folder / name).write_bytes(b"other")
    (folder / "@eaDir").mkdir()
    os.symlink("/dev/null", folder / "link")
    before = sorted(os.listdir(folder))
    quick_daemon.spool.wait_until_older_files_are_quiet(IMAGES, dimension=4)
    assert sorted(os.listdir(folder)) == before
    reports = unused(quick_daemon, len(before))
    assert {report["name"] for report in reports} == {name.replace("\udce9", "%E9") for name in before}
    quick_daemon.drop(IMAGES, "s.npy", np.eye(4, dtype=np.float32))
    assert sorted(os.listdir(folder)) == before
    assert quick_daemon.spool.names("failed", REFERENCES) == []
    with quick_daemon.client() as client:
        assert f"nnnd_spool_unused_files {len(before)}" in client.metrics()
    assert "Thumbs.db (references" in succeeds("status", daemon=quick_daemon)
    lines = [line for line in quick_daemon.log().splitlines() if "file is not used" in line]
    assert len(lines) == len(before), lines


# Half of it is more than a piece of 256 KiB, as boto3 writes them.
OBJECT = npy_bytes(np.eye(512, dtype=np.float32))


class StallingBucket(http.server.BaseHTTPRequestHandler):
    """An S3 server with one object, which sends half of it and waits before the rest."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(OBJECT)))
        self.send_header("ETag", '"1"')
        self.end_headers()

    def do_GET(self):
        self.do_HEAD()
        self.wfile.write(OBJECT[: len(OBJECT) // 2])
        self.wfile.flush()
        assert self.server.may_go_on.wait(180)
        self.wfile.write(OBJECT[len(OBJECT) // 2 :])

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def bucket():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), StallingBucket)
    server.may_go_on = threading.Event()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.may_go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_boto3_downloads_into_the_spool(quick_daemon):
    with bucket() as server:
        client = boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{server.server_port}", region_name="x",
            config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}, proxies={}),
        )
        target = str(quick_daemon.spool.incoming(IMAGES) / "s.npy")
        download = threading.Thread(target=client.download_file, args=("bucket", "s.npy", target))
        download.start()
        [name] = wait_until(lambda: quick_daemon.spool.names(IMAGES), "the download to begin")
        quick_daemon.spool.wait_until_older_files_are_quiet(REFERENCES, dimension=512)
        assert quick_daemon.spool.names(IMAGES) == [name]
        [report] = unused(quick_daemon, 1)
        assert report["name"] == name and name.startswith("s.npy.")
        server.may_go_on.set()
        download.join()
    assert quick_daemon.spool.wait_receipt(IMAGES, "s.npy")["rows"] == 512


RCLONE = [Path(sys.executable).parent / "rclone", "--config=", "--transfers=1", "--order-by=name", "--check-first"]
COPIES = {
    "rclone with partial files": lambda source, folder: [*RCLONE, "copy", "--inplace=false", source, folder],
    "rclone in place": lambda source, folder: [*RCLONE, "copy", "--inplace", source, folder],
    "rsync": lambda source, folder: ["rsync", "-a", f"{source}/", f"{folder}/"],
    "rsync in place": lambda source, folder: ["rsync", "-a", "--inplace", f"{source}/", f"{folder}/"],
    "cp -p": lambda source, folder: ["cp", "-p", f"{source}/s.ids", f"{source}/s.npy", folder],
}


@pytest.mark.parametrize("command", COPIES.values(), ids=COPIES.keys())
def test_a_copied_folder_takes_effect(quick_daemon, tmp_path, command):
    source = tmp_path / "source"
    source.mkdir()
    (source / "s.ids").write_text("a\nb\nc\nd\n")
    (source / "s.npy").write_bytes(SHARD)
    subprocess.run(command(str(source), str(quick_daemon.spool.incoming(IMAGES))), check=True, timeout=60)
    assert quick_daemon.spool.wait_receipt(IMAGES, "s.npy")["ids_sha256"]


def test_rclone_can_finish_a_slow_copy(quick_daemon, tmp_path):
    """rclone writes 32 KiB every quarter of a second, and renames the complete file."""
    (tmp_path / "s.npy").write_bytes(npy_bytes(np.eye(256, dtype=np.float32)))
    folder = quick_daemon.spool.incoming(IMAGES)
    command = [*RCLONE, "copyto", "--inplace=false", "--bwlimit=128k", tmp_path / "s.npy", folder / "s.npy"]
    subprocess.run(command, check=True)
    assert quick_daemon.spool.wait_receipt(IMAGES, "s.npy")["rows"] == 256
