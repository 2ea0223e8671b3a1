internal import LMDB
internal import Synchronization
internal import VectorMath

/// Builds cells, and keeps them fit for the images, in small commits.
///
/// A commit that changes images only takes them out of their cells (``CellTables/release(_:inTail:_:in:)``). Everything
/// else happens here. Nothing of it changes what the corpus contains, so that the generation stays.
extension CorpusWriter {
    /// Takes one step, in one commit.
    ///
    /// - Returns: what has changed; `nil` if there is nothing to do.
    func improveCells(_ limits: CellLimits) throws -> CellChange? {
        guard staging.withLock(\.open) == nil else { return nil }
        try checkDataFile()
        do {
            return try environment.read { snapshot in
                let state = try tables.state(in: snapshot)
                guard state.dimension > 0, state.images.end > 0 else { return nil }
                if tables.cells.takeDamage() { throw StoreError.damaged("cells can't be read") }
                return try step(state, limits, in: snapshot)
            }
        } catch StoreError.damaged(let reason) {
            guard try removeCells() else { throw StoreError.damaged(reason) }
            return .removed
        } catch let error as LMDBError where error.isDamage {
            guard try removeCells() else { throw error }
            return .removed
        }
    }

    private func step(
        _ state: StoreState, _ limits: CellLimits, in snapshot: borrowing ReadTransaction
    ) throws -> CellChange? {
        let directory = try tables.cells.directory(in: snapshot)
        guard let minimum = limits.minimumImages, state.images.count >= minimum / 2 else {
            return try directory != nil && removeCells() ? .removed : nil
        }
        if let trained = cellWork.takeTrained(), trained.cells.space.dimension == state.dimension {
            return try store(trained.cells, images: trained.images)
        }
        guard let directory else {
            if state.images.count >= minimum { cellWork.request() }
            return nil
        }
        if limits.isOutgrown(directory, by: state.images.count) { cellWork.request() }
        let layout = StoreLayout(dimension: state.dimension, settings: settings)
        let cells = try CellSnapshot(
            state, layout: layout, tables: tables, pool: pool, limits: limits, in: snapshot)
        guard let cells else { return nil }
        switch directory.phase {
        case .assigning: return try assign(cells, directory, in: snapshot)
        case .listing: return try list(cells, directory)
        case .ready:
            return try relist(cells, directory) ?? assignTail(cells, directory, in: snapshot)
                ?? split(cells, directory, in: snapshot)
        }
    }

    /// Removes all cells, in one commit.
    ///
    /// - Returns: whether there were any.
    @discardableResult
    func removeCells() throws -> Bool {
        try write { transaction in
            let tables = [
                tables.cells.directory, tables.cells.centroids, tables.cells.pairs, tables.cells.tail,
                tables.cells.lists,
            ]
            let had = try tables.contains { try transaction.count($0) > 0 }
            if had { try self.tables.cells.removeAll(in: transaction) }
            return had
        }
    }

    /// Removes cells of another generation than the store's.
    func removeOutdatedCells() throws {
        let isOutdated = try environment.read { transaction in
            try tables.cells.isOutdated(try tables.state(in: transaction).generation, in: transaction)
        }
        if isOutdated { try removeCells() }
    }

    /// Stores trained cells in place of those before.
    private func store(_ cells: TrainedCells, images: Int) throws -> CellChange? {
        guard cells.count > 0 else { return nil }
        try write { transaction in
            try tables.cells.removeAll(in: transaction)
            try tables.cells.write(cells, in: transaction)
            try tables.cells.write(
                CellDirectory(training: .random(in: 0...UInt32.max), trainedImages: images, count: cells.count),
                in: transaction)
            try tables.cells.setGeneration(try tables.state(in: transaction).generation, in: transaction)
        }
        return .trained(cells: cells.count)
    }

    /// Assigns the images of the next blocks to new cells.
    private func assign(
        _ cells: CellSnapshot, _ directory: CellDirectory, in snapshot: borrowing ReadTransaction
    ) throws -> CellChange? {
        let (layout, end) = (cells.layout, cells.state.images.end)
        let blocks = layout.blocks(for: end)
        let nextBlock = min(directory.next + max(1, cells.limits.imagesPerStep / layout.rowsPerBlock), blocks)
        let first = min(directory.next * layout.rowsPerBlock, end)
        let rows = cells.images(
            among: (first..<min(nextBlock * layout.rowsPerBlock, end)).map { UInt32($0) })
        let pairs = try pairs(of: rows, cells, directory, in: snapshot)
        var directory = directory
        directory.next = nextBlock
        if nextBlock == blocks { directory.beginListing(codeVersion: cells.codeVersion) }
        try write { transaction in
            try tables.cells.write(pairs, rows: rows, layout, in: transaction)
            try tables.cells.write(directory, in: transaction)
        }
        return .built
    }

    /// Chooses the cells of some images.
    func pairs(
        of rows: [UInt32], _ cells: CellSnapshot, _ directory: CellDirectory, in snapshot: borrowing ReadTransaction
    ) throws -> [CellPair] {
        let trained = try tables.cells.trained(directory, dimension: cells.layout.dimension, in: snapshot)
        return try CellAssigner(cells: trained, pool: pool).pairs(of: cells.vectors(of: rows, in: snapshot))
    }

    /// Writes the lists of the next cells.
    private func list(_ cells: CellSnapshot, _ directory: CellDirectory) throws -> CellChange? {
        let entries = 2 * cells.state.images.count / directory.count + CellListTable.rowsPerChunk
        let bytes = CellListTable.chunks(for: entries) * cells.lists.chunkBytes
        let start = min(directory.next, directory.count)
        let range = start..<min(start + max(1, cells.limits.bytesPerStep / bytes), directory.count)
        var rows = [[UInt32]](repeating: [], count: range.count)
        for row in 0..<UInt32(cells.state.images.end) {
            let pair = cells.pair(of: row)
            for cell in [Int(pair.first), Int(pair.second)] where range.contains(cell) {
                rows[cell - range.lowerBound].append(row)
            }
        }
        var directory = directory
        let before = directory.entries
        for cell in range {
            directory.entries[cell] = UInt32(rows[cell - range.lowerBound].count)
            directory.means[cell] = cells.meanOfMeans(rows[cell - range.lowerBound])
        }
        directory.next = range.upperBound
        if directory.next == directory.count { directory.phase = .ready }
        try write { transaction in
            for cell in range {
                try cells.lists.write(
                    rows[cell - range.lowerBound], of: cell, replacing: before[cell], signs: cells.signs,
                    version: cells.codeVersion, in: transaction)
            }
            try tables.cells.write(directory, in: transaction)
        }
        return directory.phase == .ready ? .ready(cells: directory.count) : .built
    }

    /// Begins to write all lists anew if a third of their entries are of images that have left their cells.
    private func relist(_ cells: CellSnapshot, _ directory: CellDirectory) throws -> CellChange? {
        guard directory.totalEntries > 3 * cells.state.images.count + CellListTable.rowsPerChunk else { return nil }
        var directory = directory
        directory.beginListing(codeVersion: cells.codeVersion)
        try write { try tables.cells.write(directory, in: $0) }
        return .built
    }
}
