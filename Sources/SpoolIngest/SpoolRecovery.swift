package import FoundationEssentials
internal import IncrementalBias
package import PosixSupport
internal import ShardFormats
internal import SpoolProtocol

/// Puts right what a crash or a fault left in `processing/`.
///
/// Every move can be the last one before a crash, and after a power failure any number of the last moves is undone.
/// `docs/ingestion.md` has the table of what lies where then.
package struct SpoolRecovery {
    /// Reads shards, to know those that took effect.
    package let reader: SpoolReader
    /// Publishes sidecars.
    package let finalizer: ShardFinalizer

    private var folders: SpoolFolders { reader.folders }

    /// What a recovery found.
    package struct Findings {
        /// All claimed shards.
        package var claimed: Set<ShardKey> = []
        /// Claimed shards that took effect, to be published.
        package var committed: [DecidedShard] = []
        /// The numbers of receipts whose shards have been published.
        package var acknowledged: Set<UInt64> = []
        /// Why files can't be moved or written, by their names; another recovery has to be tried later.
        package var faults: [(name: String, error: SystemError)] = []

        /// Runs the part of the recovery that is about one file.
        fileprivate mutating func attempt(_ name: String, _ body: (inout Self) throws -> Void) throws {
            do {
                try body(&self)
            } catch let error as SystemError where error.holdsUpOneFile {
                faults.append((name, error))
            }
        }
    }

    /// A recovery with a reader and a finalizer of one spool.
    package init(_ reader: SpoolReader, _ finalizer: ShardFinalizer) {
        self.reader = reader
        self.finalizer = finalizer
    }

    /// Runs the recovery.
    ///
    /// - Parameters:
    ///   - outbox: the shards whose fate is known.
    ///   - now: the time.
    ///   - progress: is called now and then.
    /// - Throws: a fault of the whole spool, or of the store.
    package func run(_ outbox: Outbox, now: Date, progress: () -> Void) throws -> Findings {
        var findings = Findings()
        for role in VectorRole.allCases {
            for destination in SpoolFolders.Destination.allCases {
                try recoverLeavingSidecars(role, destination, &findings)
            }
            try findCommitted(role, outbox, now, &findings, progress)
            try recoverClaimedSidecars(role, &findings)
        }
        try recoverReceipts(outbox, &findings, progress)
        return findings
    }

    /// Sidecars whose shards were being moved: they follow the shard, or go back to it where it has not moved yet.
    private func recoverLeavingSidecars(
        _ role: VectorRole, _ destination: SpoolFolders.Destination, _ findings: inout Findings
    ) throws {
        let folder = folders.leaving(destination, role)
        for name in try sidecars(in: folder) {
            try findings.attempt(name) { _ in
                if try hasShard(of: name, role) {
                    _ = try folders.moveIfFree("\(folder)/\(name)", to: "\(folders.processing(role))/\(name)")
                } else {
                    try finalizer.finishSidecar(name, role, destination)
                }
            }
        }
    }

    /// Claimed shards that took effect; those that did not are read again as any claimed shard.
    private func findCommitted(
        _ role: VectorRole, _ outbox: Outbox, _ now: Date, _ findings: inout Findings, _ progress: () -> Void
    ) throws {
        var keys: [ShardKey] = []
        try FileSystem.forEachName(in: folders.processing(role)) { name in
            guard let name = name.text, SpoolScan.isShard(name) else { return }
            keys.append(ShardKey(role, name))
        }
        findings.claimed.formUnion(keys)
        for key in keys where !outbox.contains(key) {
            progress()
            guard let entry = try? FileSystem.entry("\(folders.processing(role))/\(key.name)") else { continue }
            let shard = try ShardClaimer(folders).claimed(SpoolFile(key, entry, isClaimed: true), now: now)
            guard let receipt = try reader.committedReceipt(of: shard) else { continue }
            let unchanged = finalizer.documents.contains(receipt)
            findings.committed.append(DecidedShard(shard, .committed(receipt, unchanged: unchanged)))
        }
    }

    /// Sidecars without their shards: their claims were cut off.
    private func recoverClaimedSidecars(_ role: VectorRole, _ findings: inout Findings) throws {
        for name in try sidecars(in: folders.processing(role)) {
            try findings.attempt(name) { _ in
                if try !hasShard(of: name, role) { try ShardClaimer(folders).putBack(name, role) }
            }
        }
    }

    /// Receipts whose shards have left `processing/`: their documents are written where they are missing.
    private func recoverReceipts(_ outbox: Outbox, _ findings: inout Findings, _ progress: () -> Void) throws {
        let found = Set(findings.committed.map(\.claimed.key))
        for receipt in try reader.corpus.pendingReceipts() {
            progress()
            let key = ShardKey(receipt.role, receipt.name)
            if outbox.contains(key) || found.contains(key) { continue }
            let last = try reader.corpus.receipt(role: receipt.role, name: receipt.name)
            try findings.attempt(receipt.name) { findings in
                if last?.number == receipt.number, !finalizer.documents.contains(receipt) {
                    try finalizer.documents.write(receipt, unchanged: false)
                }
                findings.acknowledged.insert(receipt.number)
            }
        }
    }

    private func sidecars(in folder: String) throws -> [String] {
        var names: [String] = []
        try FileSystem.forEachName(in: folder) { name in
            if let name = name.text, name.hasSuffix(SpoolNames.sidecarSuffix) { names.append(name) }
        }
        return names
    }

    /// Whether `processing/` has a shard that the sidecar can belong to.
    private func hasShard(of sidecar: String, _ role: VectorRole) throws(SystemError) -> Bool {
        for name in SpoolNames.shards(ofSidecar: sidecar)
        where try FileSystem.entry("\(folders.processing(role))/\(name)") != nil { return true }
        return false
    }
}
