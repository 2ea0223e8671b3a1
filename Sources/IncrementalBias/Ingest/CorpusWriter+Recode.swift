internal import LMDB
internal import ShardFormats
internal import Synchronization
internal import VectorMath

/// When and how fast codes are made anew.
package struct RecodeLimits: Sendable {
    /// A new basis is computed when the images or the references are this many times as many as for the last one.
    var growth: Int
    /// For fewer images, and fewer references, the basis does not matter.
    var minimumCount: Int
    /// The size of the codes that one commit makes anew, in bytes.
    var bytesPerStep: Int

    /// The limits of the daemon.
    package static let standard = RecodeLimits(growth: 4, minimumCount: 1024, bytesPerStep: 8 << 20)

    /// Creates limits.
    package init(growth: Int, minimumCount: Int, bytesPerStep: Int) {
        self.growth = growth
        self.minimumCount = minimumCount
        self.bytesPerStep = bytesPerStep
    }

    /// Whether a corpus is so much larger than the one that a basis was computed from that it needs another basis.
    fileprivate func isOutgrown(_ counts: CodeBasis.CorpusCounts, by state: StoreState) -> Bool {
        func hasGrown(_ count: Int, from before: Int) -> Bool { count >= minimumCount && count >= growth * before }
        return hasGrown(state.images.count, from: counts.images)
            || hasGrown(state.references.count, from: counts.references)
    }
}

/// Makes codes anew with a better basis, a few blocks at a time.
///
/// The first basis is computed from the first images and the references at that time. When the corpus has grown to
/// several times that size, a new basis is computed from a sample of the whole corpus. Until all blocks have been
/// encoded with it, searches read blocks of both bases. The old basis is then removed.
extension CorpusWriter {
    /// The next change of the codes.
    private enum RecodeStep {
        case add(CodeBasis)
        /// Encodes blocks with the newest basis.
        case encode(blocks: [UInt32])
        /// Lets all lists of cells be written anew, which have sign codes of an old basis.
        case relist(CellDirectory)
        case removeOldBases
    }

    /// Takes one step towards codes of the best basis, in one commit.
    ///
    /// - Returns: whether a commit was made; if false, there is nothing to do.
    func recode(_ limits: RecodeLimits) throws -> Bool {
        guard staging.withLock(\.open) == nil else { return false }
        try checkDataFile()
        let step = try environment.read { try recodeStep(limits, in: $0) }
        guard let step else { return false }
        try write { transaction in
            let state = try tables.state(in: transaction)
            let maintenance = maintenance(dimension: state.dimension, k: state.k)
            let bases = try maintenance.codes.bases(in: transaction)
            switch step {
            case .add(let basis): try tables.codeBases.append(basis, after: bases, in: transaction)
            case .encode(let blocks): try encode(blocks, end: state.images.end, maintenance, in: transaction)
            case .relist(let directory): try tables.cells.write(directory, in: transaction)
            case .removeOldBases:
                for (version, _) in bases.versions.dropLast() {
                    try transaction.remove(tables.codeBases.database, version)
                }
            }
        }
        // After the commit: a step that failed is taken again.
        if case .encode(let blocks) = step, let last = blocks.last {
            nextRecodedBlock.store(Int(last) + 1, ordering: .relaxed)
        }
        return true
    }

    private func recodeStep(_ limits: RecodeLimits, in transaction: borrowing ReadTransaction) throws -> RecodeStep? {
        let state = try tables.state(in: transaction)
        guard state.dimension > 0, state.images.end > 0 else { return nil }
        let maintenance = maintenance(dimension: state.dimension, k: state.k)
        let bases = try maintenance.codes.bases(in: transaction)
        guard let newest = bases.newest else { return nil }
        if bases.versions.count > 1 {
            let limit = max(1, limits.bytesPerStep / maintenance.layout.codes.byteCount)
            let count = maintenance.layout.blocks(for: state.images.end)
            let start = min(nextRecodedBlock.load(ordering: .relaxed), count)
            // The blocks before `start` usually have the newest basis. Before old bases are removed, all are looked at.
            for range in [start..<count, 0..<start] {
                let blocks = try maintenance.codes.blocks(
                    notOf: newest.version, in: range, limit: limit, in: transaction)
                if !blocks.isEmpty { return .encode(blocks: blocks) }
            }
            if var directory = try tables.cells.readableDirectory(in: transaction), directory.phase != .assigning,
                directory.codeVersion != newest.version
            {
                directory.beginListing(codeVersion: newest.version)
                return .relist(directory)
            }
            return .removeOldBases
        }
        guard limits.isOutgrown(newest.basis.corpusCounts, by: state) else { return nil }
        return try maintenance.newBasis(state, in: transaction).map { .add($0) }
    }

    private func encode(
        _ blocks: [UInt32], end: Int, _ maintenance: BiasMaintenance, in transaction: borrowing WriteTransaction
    ) throws {
        let rowsPerBlock = maintenance.layout.rowsPerBlock
        for block in blocks {
            let first = Int(block) * rowsPerBlock
            let rows = first..<min(first + rowsPerBlock, end)
            var values: [Float] = []
            try maintenance.vectors(.images).mapped(rows, in: transaction).copy(rows, to: &values)
            try maintenance.codes.replace(block: block, values, rows.count, pool: pool, in: transaction)
        }
    }
}
