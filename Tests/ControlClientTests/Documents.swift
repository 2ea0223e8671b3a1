import FoundationEssentials
import WireAPI

/// Documents of the daemon with default values, of which tests change those that matter to them.
enum Documents {
    /// A time with whole milliseconds.
    static let time = Date(timeIntervalSince1970: 1_700_000_000.125)

    static func receipt(
        name: String, kind: String = "images", sha256: String = "00", idsSha256: String? = nil, action: String = "add",
        rows: Int = 3, replaced: Int = 0, deleted: Int = 0, missing: Int = 0, generation: UInt64 = 7, at time: Date,
        unchanged: Bool = false
    ) -> ShardReceipt {
        ShardReceipt(
            name: name, kind: kind, sha256: sha256, idsSha256: idsSha256, action: action, rows: rows,
            replaced: replaced, deleted: deleted, missing: missing, generation: generation, received: time,
            commitStarted: time, commitMs: 250, unchanged: unchanged)
    }

    static func rejection(name: String, at time: Date) -> ShardFailure {
        ShardFailure(
            name: name, kind: "images", code: "not_finite", message: "Row 3 has a NaN.", advice: "Leave it out.",
            rows: [3], rejected: time)
    }

    /// The status of a daemon whose spool lies in a folder.
    static func status(
        spool: String, receipts: [ShardReceipt] = [], failures: [ShardFailure] = [], dimension: Int? = nil
    ) -> Status {
        Status(
            version: "1.2.3", generation: 7, images: 1_234_567, references: 12, dimension: dimension, k: 4, capacity: 8,
            alpha: 0.75, metric: "cosine", precision: "float32", kernels: "avx2", threads: 2,
            spool: .init(
                images: "\(spool)/images", references: "\(spool)/references", done: "\(spool)/done",
                failed: "\(spool)/failed", backlog: 1, unusedFiles: 0, unused: []),
            store: .init(path: "/data", bytes: 1 << 20, maximumBytes: 1 << 30), lastReceipts: receipts,
            lastFailures: failures, uptimeS: 90)
    }
}
