internal import LMDB
internal import ShardFormats

extension Corpus {
    /// Takes one step towards cells that fit the images, in one small commit.
    ///
    /// Exact searches do not use cells. Call it again and again while there is nothing else to do, on the thread that
    /// ingests.
    ///
    /// - Returns: what has changed; `nil` if there is nothing to do.
    /// - Throws: `LMDBError` if the store can't be read or written; ``StoreError/damaged(_:)``.
    package func improveCells() throws -> CellChange? {
        try writer.improveCells(cellLimits)
    }

    /// Trains cells for the present images, if ``improveCells()`` has asked for it; the next call of that method stores
    /// them.
    ///
    /// It can take minutes, and gives way to searches and commits.
    ///
    /// - Throws: `LMDBError`, ``StoreError/damaged(_:)``; `CancellationError` after ``interruptIngest()``.
    package func trainCells() throws {
        let work = writer.cellWork
        guard work.isRequested else { return }
        var trained: (cells: TrainedCells, images: Int)?
        defer { work.finish(trained) }
        let (sample, references, state) = try environment.read { transaction in
            let state = try tables.state(in: transaction)
            let maintenance = writer.maintenance(dimension: max(1, state.dimension), k: state.k)
            let limit = cellLimits.sampleRows(for: state.images.count, dimension: state.dimension)
            return (
                try maintenance.sample(.images, end: state.images.end, limit: limit, in: transaction),
                try maintenance.sample(.references, end: state.references.end, in: transaction), state
            )
        }
        guard !sample.isEmpty else { return }
        let space = CellSpace(references: references, dimension: state.dimension)
        let cells = try CellTraining(space: space, sample: sample, pool: maintenancePool)
            .run(count: cellLimits.cells(for: state.images.count))
        trained = (cells, state.images.count)
    }

    /// The cells of the store; `nil` if there are none, or if they are damaged and will be removed.
    package func cellStatus() throws -> CellStatus? {
        try environment.read { transaction in
            guard let directory = try tables.cells.readableDirectory(in: transaction) else { return nil }
            let mean = Double(max(1, directory.totalEntries)) / Double(directory.count)
            do {
                return CellStatus(
                    cells: directory.count, isReady: directory.phase == .ready,
                    unassigned: try unassignedImages(in: transaction),
                    largest: Double(directory.entries.max() ?? 0) / mean)
            } catch StoreError.damaged {
                tables.cells.reportDamage()
                return nil
            }
        }
    }

    /// The number of images of the tail.
    private func unassignedImages(in transaction: borrowing ReadTransaction) throws -> Int {
        let state = try tables.state(in: transaction)
        let layout = StoreLayout(dimension: max(1, state.dimension), settings: settings)
        let pairs = try tables.cells.mappedPairs(layout, end: state.images.end, in: transaction)
        let means = ColumnTable(database: tables.means, layout: layout)
        return try tables.cells.tailGroups(layout, in: transaction).reduce(0) { count, group in
            try count
                + group.rows(layout).count { row in
                    let stored = pairs.integer(
                        at: Int(row), perValue: layout.rowsPerBlock, missing: CellPair.none.stored)
                    return try CellPair(stored: stored) == .none && means.read(row: row, in: transaction).isFinite
                }
        }
    }
}

/// The cells of a store.
package struct CellStatus: Equatable, Sendable {
    /// The number of cells.
    package let cells: Int
    /// Whether searches can use them; they are being built otherwise.
    package let isReady: Bool
    /// The images that are in no cell yet, which every search compares.
    package let unassigned: Int
    /// The length of the longest list, in relation to the mean.
    package let largest: Double
}

/// Trains cells on a thread of its own, when ``Corpus/improveCells()`` asks for it.
package final class CellMaintenance: Sendable {
    private let work: CellWork

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - corpus: the corpus that is searched.
    ///   - trained: called when a training has ended, so that ``Corpus/improveCells()`` is called soon.
    ///   - failed: called with an error that ended a training.
    package init(
        _ corpus: Corpus, trained: @escaping @Sendable () -> Void, failed: @escaping @Sendable (any Error) -> Void
    ) {
        work = corpus.writer.cellWork
        NamedThread.start("cells") { [work] in
            while work.waitForRequest() {
                do {
                    try corpus.trainCells()
                    trained()
                } catch is CancellationError {
                    return
                } catch {
                    failed(error)
                }
            }
        }
    }

    deinit {
        stop()
    }

    /// Ends the thread soon.
    package func stop() {
        work.close()
    }
}
