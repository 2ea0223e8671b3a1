package import FoundationEssentials
internal import IncrementalBias
package import PosixSupport
internal import ShardFormats
internal import SpoolProtocol

/// Finishes what a crash or a fault interrupted in `processing/`.
///
/// Each move can be the last one before a crash. After a power failure any number of the last moves can be undone. The
/// table "Crashes" in `docs/ingestion.md` lists the states and what is done about them.
package struct SpoolRecovery {
    /// Computes digests of shards, to find those that took effect.
    package let reader: SpoolReader
    /// Moves sidecars and writes documents.
    package let finalizer: ShardFinalizer

    private var folders: SpoolFolders { reader.folders }

    /// What a recovery found.
    package struct Findings {
        /// All claimed shards.
        package var claimed: Set<ShardKey> = []
        /// Claimed shards that took effect, to be published.
        package var committed: [DecidedShard] = []
        /// The numbers of pending receipts whose shards are published.
        package var acknowledged: Set<UInt64> = []
        /// The files that can't be moved or written now.
        ///
        /// If there are any, another recovery is needed later.
        package var faults: [(name: String, error: SystemError)] = []

        /// Runs a part of the recovery that concerns one file.
        ///
        /// Adds an error that affects only this file to `faults`.
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
    ///   - outbox: decided shards, which are left alone.
    ///   - now: the current time.
    ///   - progress: is called for each shard and each receipt, to show progress to the watchdog.
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

    /// Moves sidecars whose shards were being moved: after the shard or, if that has not moved yet, back to it.
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

    /// Finds claimed shards that took effect.
    ///
    /// The others are processed by the pipeline as any claimed shard.
    private func findCommitted(
        _ role: VectorRole, _ outbox: Outbox, _ now: Date, _ findings: inout Findings, _ progress: () -> Void
    ) throws {
        var keys: [ShardKey] = []
        try FileSystem.forEachName(in: folders.processing(role)) { name in
            guard let name = name.text, SpoolNames.isShard(name) else { return }
            keys.append(ShardKey(role, name))
        }
        findings.claimed.formUnion(keys)
        for key in keys where !outbox.contains(key) {
            progress()
            guard let entry = try? FileSystem.entry("\(folders.processing(role))/\(key.name)") else { continue }
            let shard = try ShardClaimer(folders).claimed(SpoolFile(key, entry, isClaimed: true), now: now)
            guard let receipt = try reader.committedReceipt(of: shard) else { continue }
            // If the document of the receipt is there, the shard that it is for has been published. The claimed one is
            // then a later shard that changed nothing.
            let unchanged = finalizer.documents.contains(receipt)
            findings.committed.append(DecidedShard(shard, .committed(receipt, unchanged: unchanged)))
        }
    }

    /// Moves claimed sidecars without a shard back to the incoming folder.
    ///
    /// Their claims were interrupted.
    private func recoverClaimedSidecars(_ role: VectorRole, _ findings: inout Findings) throws {
        for name in try sidecars(in: folders.processing(role)) {
            try findings.attempt(name) { _ in
                if try !hasShard(of: name, role) { try ShardClaimer(folders).putBack(name, role) }
            }
        }
    }

    /// Writes missing documents of pending receipts whose shards have left `processing/`.
    private func recoverReceipts(_ outbox: Outbox, _ findings: inout Findings, _ progress: () -> Void) throws {
        let found = Set(findings.committed.map(\.claimed.key))
        for receipt in try reader.corpus.pendingReceipts() {
            progress()
            let key = ShardKey(receipt.role, receipt.name)
            if outbox.contains(key) || found.contains(key) { continue }
            let last = try reader.corpus.receipt(role: receipt.role, name: receipt.name)
            try findings.attempt(receipt.name) { findings in
                // If a later shard has the same name, its document takes the place of this one.
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
            if let text = name.text, SpoolNames.kind(of: name.bytes) == .sidecar { names.append(text) }
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
