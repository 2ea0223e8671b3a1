internal import SpoolProtocol
internal import WireAPI

/// Drops shards into the spool and, if asked to, waits for what becomes of them.
package struct Ingestion {
    /// The most shards that are waited for at a time; the next is dropped when one of them is done.
    private static let maximumPending = 256
    /// The same where receipts come from the daemon's status only, which lists the newest few.
    private static let maximumPendingListed = 8
    /// How long to wait before looking again.
    private static let interval = Duration.milliseconds(50)
    /// How long after a shard has left the spool the receipt of an earlier drop may still be replaced.
    private static let patience = Duration.seconds(1)

    private let folders: SpoolFolders
    private let waits: Bool
    private let timeout: Duration?
    private let start = ContinuousClock.now
    private var watch: DaemonWatch
    private var report: IngestReport
    private var pending: [Drop] = []
    private var toDrop: ArraySlice<ShardFile>

    /// Shards to drop into the daemon's folders; `timeout` is how long to wait for all of it, `nil` for ever.
    package init(
        _ files: [ShardFile], into folders: SpoolFolders, of daemon: DaemonClient, waits: Bool, timeout: Duration?
    ) {
        self.folders = folders
        self.waits = waits
        self.timeout = timeout
        watch = DaemonWatch(daemon, interval: folders.done == nil ? .milliseconds(200) : .seconds(1))
        report = IngestReport(total: files.count)
        toDrop = files[...]
    }

    /// Does it all, and returns how many shards were refused.
    package mutating func run() async throws -> Int {
        defer { report.end() }
        while !toDrop.isEmpty || !pending.isEmpty {
            try drop()
            if pending.isEmpty { continue }
            try await settle()
            if pending.isEmpty { continue }
            try checkTime()
            report.show("waiting for \(pending[0].name)")
            try await Task.sleep(for: Self.interval)
        }
        return report.refused
    }

    private mutating func drop() throws {
        let limit = folders.done == nil ? Self.maximumPendingListed : Self.maximumPending
        while pending.count < limit, let file = toDrop.first {
            report.show("copying \(file.name)")
            let drop = try folders.drop(file)
            toDrop = toDrop.dropFirst()
            if waits {
                pending.append(drop)
            } else {
                try report.dropped(drop.name)
            }
        }
    }

    private mutating func settle() async throws {
        let status = try await watch.look()
        let listed = status?.lastReceipts ?? []
        var open: [Drop] = []
        for var drop in pending {
            if drop.left == nil, try !folders.holds(drop) { drop.left = .now }
            let takesOld = drop.left.map { $0.duration(to: .now) >= Self.patience } ?? false
            if let outcome = try folders.outcome(of: drop, listed: listed, takesOld: takesOld) {
                try report.settled(outcome)
            } else if let status, status.spool.backlog == 0, try folders.mayBeOff(listed, drop) {
                throw Failure(
                    .tryAgain,
                    "nnnd took \(drop.name) out of the spool, but lists newer receipts only: drop it again to be sure "
                        + "(the same content changes nothing)")
            } else {
                open.append(drop)
            }
        }
        pending = open
    }

    private func checkTime() throws {
        guard let timeout, start.duration(to: .now) >= timeout else { return }
        let names = pending.prefix(3).map(\.name).joined(separator: ", ")
        let more = pending.count > 3 ? " and \(Figures.count(pending.count - 3)) more" : ""
        let rest = toDrop.isEmpty ? "" : "; \(Figures.count(toDrop.count)) were not dropped yet"
        throw Failure(
            .tryAgain, "time is up without a receipt for \(names)\(more); nnnd still takes in what it has\(rest)")
    }
}
