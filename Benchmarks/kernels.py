"""The speed of the kernels on one thread, compared with the limits of one core."""

import subprocess

import native
from report import written

TITLE = "Kernels"
CACHED, COLD = 256 << 10, 256 << 20


def run(context):
    report = context.report
    # The limits are measured before and after the kernels; the higher value counts.
    limits = [(native.limits(1), native.limits(1, CACHED))]
    command = [native.kernels(), str(context.dimension), str(CACHED), str(COLD)]
    environment = {"PATH": "/usr/bin:/bin"}  # without NNND_KERNELS
    lines = subprocess.run(command, check=True, capture_output=True, text=True, timeout=900, env=environment).stdout
    limits.append((native.limits(1), native.limits(1, CACHED)))
    memory = max(one["bandwidth"] for one, _ in limits)
    cache = max(one["bandwidth"] for _, one in limits)
    floats, codes = (max(one[name] for pair in limits for one in pair) for name in ("float32", "int8"))

    instruction = limits[0][0]["int8_instruction"]
    report.plain_section(
        TITLE,
        f"One thread, dimension {context.dimension}. Limits of one core, measured in the same run: reading memory"
        f" {memory / 1e9:.1f} GB/s, second-level cache {cache / 1e9:.0f} GB/s, float32 {floats / 1e9:.0f} GFLOP/s,"
        f" int8 ({instruction}) {codes / 1e9:.0f} Gop/s."
        f" *cached*: {CACHED >> 10} KiB of rows, which stay in the second-level cache; *cold*: {COLD >> 20} MiB, read"
        f" in blocks of {CACHED >> 10} KiB.")
    names = ("level", "kernel", "data", "queries", "reads", "computes", "share of the nearer limit")
    report.table(f"| {' | '.join(names)} |\n" + "|---" * len(names) + "|")
    for line in lines.splitlines():
        level, kernel, data, queries, seconds, size, operations = line.split("\t")
        bandwidth, speed = float(size) / float(seconds), float(operations) / float(seconds)
        shares = [(bandwidth / memory, "memory") if data == "cold" else (bandwidth / cache, "cache")]
        if kernel == "ck_products":
            shares.append((speed / floats, "float32"))
        elif kernel in ("ck_scan", "ck_scan_whole"):
            shares.append((speed / codes, "int8"))
        share, limit = max(shares)
        computes = written(speed, "op/s") if speed else ""
        report.line(f"| {level} | `{kernel}` | {data} | {queries} | {written(bandwidth, 'B/s')} | {computes}"
                    f" | {100 * share:.0f}% of {limit} |")
