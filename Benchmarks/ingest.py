"""The latency of searches while nnnd ingests images."""

import clients
import peer
from base import image_id
from harness import settle

TITLE = "Searches during ingestion"
LOADS = (("back to back", 0.0), ("20 a second", 0.05))


def run(context, base):
    count = context.images // 2
    context.report.section(
        TITLE, f"{context.shape}, {context.references:,} references; {count:,} more images are dropped as one shard"
               " while one client sends single queries. The figures are the 95th percentile of their latency.")
    for words, interval in LOADS:
        idle, during, seconds, requests = [], [], [], 0
        for run in range(context.runs):
            settle()
            times = clients.run(base.daemon, base.queries[:256], 1, 5 * context.seconds, interval)
            idle.append(clients.percentile(times, 95))
            shard, fresh = base.fresh("images", count)
            with clients.running(base.daemon, base.queries[:256], 1, interval) as load:
                seconds.append(base.daemon.drop("images", shard, fresh))
                begin, end = base.daemon.last_drop
                times = load.stop()
            times = clients.during(times, begin, end)
            requests += len(times)
            during.append(clients.percentile(times, 95))
            base.daemon.delete("images", shard, [f"{shard}:{row}" for row in range(count)])
        context.report.row(f"single queries {words}", during, idle, "idle", at_most=3,
                           note=f"{requests:,} requests during {sum(seconds):.0f} s of ingestion")
    _, biases = base.biases()
    peer.check_biases(base.daemon, biases, image_id)
