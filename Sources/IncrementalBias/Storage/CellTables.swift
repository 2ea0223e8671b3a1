internal import LMDB
internal import Synchronization
internal import VectorMath

/// The tables of the cells, which are derived from the images' vectors: a store can lose them at any time.
///
/// An entry of a list counts only if its image is assigned to the list's cell (``CellPair``). A commit that changes an
/// image therefore only takes it out of its cells. The image then belongs to the *tail*: the images without cells, which
/// every search compares. Later, in the background, the image is assigned again.
package struct CellTables: Sendable {
    /// 0 -> ``CellDirectory``; 1 -> the generation of the store, `UInt64`; 2 -> ``CellSpace``.
    let directory: Database
    /// Number of a block of vectors -> vectors, see ``VectorLayout``: for each cell its centroid, then its center.
    let centroids: Database
    /// Block number -> for each image its cells, see ``CellPair``.
    ///
    /// A missing block stands for images without cells.
    let pairs: Database
    /// Block number -> bit i is 1 if images of group i of the block can belong to the tail, `UInt64`.
    let tail: Database
    /// Number of a cell and of a chunk -> entries; see ``CellListTable``.
    let lists: Database
    private let cache = Cache()

    /// The cells that were read last.
    private final class Cache: Sendable {
        let last = Mutex<(training: UInt32, revision: UInt32, cells: TrainedCells)?>(nil)
        let isDamaged = Mutex(false)
    }

    init(_ environment: LMDB.Environment) throws {
        // Early stores of this format lack these tables.
        directory = try environment.open("images.cells", order: .integers)
        centroids = try environment.open("images.cells.centroids", order: .integers)
        pairs = try environment.open("images.cells.pairs", order: .integers)
        tail = try environment.open("images.cells.tail", order: .integers)
        lists = try environment.open("images.cells.lists", order: .integers)
    }

    private static let directoryKey: UInt32 = 0
    private static let generationKey: UInt32 = 1
    private static let spaceKey: UInt32 = 2

    /// The directory; `nil` if there are no cells.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if it can't be read.
    func directory(in transaction: borrowing some Transaction & ~Copyable) throws -> CellDirectory? {
        // Copied, because beside a damaged value it need not begin at a multiple of four bytes.
        guard let stored = try transaction.bytes(directory, Self.directoryKey) else { return nil }
        guard let found = CellDirectory(stored: stored) else {
            throw StoreError.damaged("the directory of cells can't be read")
        }
        return found
    }

    /// The directory; `nil` if there are no cells, or if it is damaged, which is reported.
    func readableDirectory(in transaction: borrowing some Transaction & ~Copyable) throws -> CellDirectory? {
        do {
            return try directory(in: transaction)
        } catch StoreError.damaged {
            reportDamage()
            return nil
        }
    }

    /// Stores the directory.
    func write(_ directory: CellDirectory, in transaction: borrowing WriteTransaction) throws {
        try transaction.put(self.directory, Self.directoryKey, directory.encoded.span)
    }

    /// Records that the tables belong to a generation of the store, if there are cells.
    func setGeneration(_ generation: UInt64, in transaction: borrowing WriteTransaction) throws {
        guard try transaction.contains(directory, Self.directoryKey) else { return }
        try transaction.put(directory, Self.generationKey, generation)
    }

    /// Records that a search could not read the cells, so that they are removed.
    func reportDamage() {
        cache.isDamaged.withLock { $0 = true }
    }

    /// Whether damage has been reported; it is returned once.
    func takeDamage() -> Bool {
        cache.isDamaged.withLock { isDamaged in
            defer { isDamaged = false }
            return isDamaged
        }
    }

    /// Whether there are cells that belong to another generation: a version of nnnd without cells has changed images.
    func isOutdated(_ generation: UInt64, in transaction: borrowing some Transaction & ~Copyable) throws -> Bool {
        guard try transaction.contains(directory, Self.directoryKey) else { return false }
        return try transaction.value(directory, Self.generationKey) { bytes in
            bytes.byteCount != 8 || NumberView.uint64(bytes) != generation
        } ?? true
    }

    /// Removes all cells.
    func removeAll(in transaction: borrowing WriteTransaction) throws {
        for table in [directory, centroids, pairs, tail, lists] { try transaction.removeAll(table) }
    }

    /// Reads the trained cells.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if a part is missing.
    func trained(
        _ directory: CellDirectory, dimension: Int, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> TrainedCells {
        if let known = cache.last.withLock({ $0 }), known.training == directory.training,
            known.revision == directory.revision, known.cells.space.dimension == dimension
        {
            return known.cells
        }
        let vectors = try centroidTable(dimension).read(
            rows: (0..<2 * UInt32(directory.count)).map(\.self), in: transaction)
        let stored = try transaction.bytes(self.directory, Self.spaceKey)
        guard vectors.count == 2 * directory.count * dimension, vectors.allSatisfy(\.isFinite),
            let stored, let space = CellSpace(stored: stored, dimension: dimension)
        else { throw StoreError.damaged("centroids of cells are missing") }
        var cells = TrainedCells(space: space)
        for cell in 0..<directory.count {
            let start = 2 * cell * dimension
            cells.append(
                centroid: vectors[start..<start + dimension], center: vectors[start + dimension..<start + 2 * dimension]
            )
        }
        cache.last.withLock { $0 = (directory.training, directory.revision, cells) }
        return cells
    }

    /// Stores trained cells.
    ///
    /// - Parameter changed: the cells whose centroids have changed; `nil` for all, and the space.
    func write(
        _ cells: TrainedCells, changed: [Int]? = nil, in transaction: borrowing WriteTransaction
    ) throws {
        if changed == nil { try transaction.put(directory, Self.spaceKey, cells.space.stored.span) }
        let numbers = changed ?? Array(0..<cells.count)
        let values = numbers.flatMap { cells.centroid($0) + cells.center($0) }
        try centroidTable(cells.space.dimension).write(
            values.span, rows: numbers.flatMap { [2 * UInt32($0), 2 * UInt32($0) + 1] }, in: transaction)
    }

    private func centroidTable(_ dimension: Int) -> VectorTable {
        VectorTable(database: centroids, layout: VectorLayout(dimension: dimension, precision: .float32))
    }
}
