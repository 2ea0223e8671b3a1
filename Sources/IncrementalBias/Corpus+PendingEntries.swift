internal import LMDB

extension Corpus {
    /// The runs of pending heap entries after the last commit; `nil` if there have never been any.
    package func pendingEntries() throws -> PendingDirectory? {
        try environment.read { try pendingTable.directory(in: $0) }
    }

    /// Reads all runs and counts their live entries, for a comparison with ``PendingDirectory/live``.
    package func countPendingEntries() throws -> Int {
        try environment.read { transaction in
            guard let directory = try pendingTable.directory(in: transaction) else { return 0 }
            let rows = 0..<(try tables.state(in: transaction)).images.end
            guard !rows.isEmpty else { return 0 }
            var reader = PendingEntryReader(
                try pendingTable.mapped(directory.runs, of: directory, rows: rows, in: transaction))
            reader.read(rows)
            return reader.entries.count
        }
    }

    var pendingTable: PendingTable {
        PendingTable(database: tables.pendingEntries, heaps: HeapLayout(capacity: settings.capacity))
    }
}
