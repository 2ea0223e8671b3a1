internal import LMDB

/// Collects the changes of a page of the feed, in one snapshot.
///
/// It visits rows, and not generations: the log says which rows have changed since the generation that the consumer
/// knows, and the tables have their latest state.
struct ChangeScan: ~Copyable {
    /// The maximum size of a page.
    struct Limits {
        /// Changes.
        let count: Int
        /// Rows whose vectors are read; the bytes of vectors are limited by it.
        let vectors: Int
    }

    private let tables: Tables
    private let state: StoreState
    private let means: ColumnTable
    private let images: IdentityTable
    private let limits: Limits
    /// For each row the images that were deleted from it since the generation that the consumer knows of the row.
    ///
    /// Of several such deletions of an id it has the last one.
    private let deleted: [Int: [(generation: UInt64, id: String)]]
    /// The chunks of the change log that can have changes, ascending.
    private let chunks: [Int]
    private(set) var changes: [ImageChange] = []
    /// The rows of the images in ``changes`` that were added or replaced, and their positions there.
    private(set) var stored: [(row: UInt32, position: Int)] = []

    /// - Parameter cursor: what the consumer knows.
    init(
        _ tables: Tables, _ state: StoreState, settings: StoreSettings, limits: Limits, since cursor: ChangeCursor,
        in transaction: borrowing ReadTransaction
    ) throws {
        self.tables = tables
        self.state = state
        self.limits = limits
        means = ColumnTable(
            database: tables.means, layout: StoreLayout(dimension: state.dimension, settings: settings))
        images = IdentityTable(tables: tables.images)
        var last: [String: (generation: UInt64, row: UInt32)] = [:]
        if let oldest = cursor.oldest, oldest < state.generation, !cursor.isInitial {
            try tables.changeLog.forEachDeletion(in: oldest + 1...state.generation, transaction) {
                guard let known = cursor.generation(of: Int($1)), $0 > known else { return }
                last[$2] = ($0, $1)
            }
        }
        var deleted: [Int: [(generation: UInt64, id: String)]] = [:]
        for (id, place) in last { deleted[Int(place.row), default: []].append((place.generation, id)) }
        self.deleted = deleted
        let size = ChangedRowChunk.rowCount
        let inUse = 0..<(state.images.end + size - 1) / size
        chunks = Array(inUse) + Set(deleted.keys.map { $0 / size }).subtracting(inUse).sorted()
    }

    /// Visits rows of which the consumer knows one generation.
    ///
    /// - Returns: the row at which the page is full; `nil` if it has all changes of these rows.
    mutating func visit(
        _ rows: Range<Int>, known generation: UInt64?, in transaction: borrowing ReadTransaction
    ) throws -> Int? {
        guard let generation else {
            for row in rows.clamped(to: 0..<state.images.end) {
                guard try add(row, [], isStored: true, hasChanged: true, in: transaction) else { return row }
            }
            return nil
        }
        guard generation < state.generation else { return nil }
        let size = ChangedRowChunk.rowCount
        for chunk in chunks where rows.overlaps(chunk * size..<(chunk + 1) * size) {
            let visited = rows.clamped(to: chunk * size..<(chunk + 1) * size)
            if let full = try visit(visited, chunk: chunk, since: generation, in: transaction) { return full }
        }
        return nil
    }

    /// Visits rows of one chunk of the change log.
    private mutating func visit(
        _ rows: Range<Int>, chunk: Int, since generation: UInt64, in transaction: borrowing ReadTransaction
    ) throws -> Int? {
        let generations = generation + 1...state.generation
        let first = chunk * ChangedRowChunk.rowCount
        let stored = try tables.changeLog.rows(.stored, chunk: chunk, changedIn: generations, in: transaction)
        let changed = try tables.changeLog.rows(.means, chunk: chunk, changedIn: generations, in: transaction)
        var visited = stored
        visited.formUnion(changed)
        for row in deleted.keys where rows.contains(row) { visited.insert(row - first) }
        for row in visited.rows.map({ first + $0 }) where rows.contains(row) {
            let ids = (deleted[row] ?? []).filter { $0.generation > generation }.map(\.id)
            let isStored = stored.contains(row - first)
            let hasChanged = isStored || changed.contains(row - first)
            guard try add(row, ids, isStored: isStored, hasChanged: hasChanged, in: transaction) else { return row }
        }
        return nil
    }

    /// Adds the changes of a row.
    ///
    /// - Parameters:
    ///   - deleted: the ids of images that were deleted from the row.
    ///   - isStored: whether an image was added to the row or replaced.
    ///   - hasChanged: whether the image of the row has changed.
    /// - Returns: false if they don't fit into the page, which is then full. The first row of a page always fits.
    private mutating func add(
        _ row: Int, _ deleted: [String], isStored: Bool, hasChanged: Bool, in transaction: borrowing ReadTransaction
    ) throws -> Bool {
        var found: [ImageChange] = []
        for id in deleted.sorted() where try images.row(of: id, in: transaction) == nil {
            found.append(ImageChange(kind: .delete, id: id, mean: nil))
        }
        var isRead = false
        if hasChanged, row < state.images.end {
            let mean = try means.read(row: UInt32(row), in: transaction)
            if mean != .infinity {
                guard let id = try images.id(of: UInt32(row), in: transaction) else {
                    throw StoreError.damaged("row \(row) of the images has a mean and no id")
                }
                found.append(ImageChange(kind: isStored ? .upsert : .mean, id: id, mean: mean))
                isRead = isStored
            }
        }
        guard !found.isEmpty else { return true }
        let fits = changes.count + found.count <= limits.count && (!isRead || stored.count < limits.vectors)
        guard fits || changes.isEmpty else { return false }
        changes += found
        if isRead { stored.append((UInt32(row), changes.count - 1)) }
        return true
    }

    /// Adds the vectors of the images that were added or replaced.
    ///
    /// - Parameter read: returns the vectors of rows, one after another.
    mutating func addVectors(_ read: ([UInt32]) throws -> [Float]) rethrows {
        guard !stored.isEmpty else { return }
        let values = try read(stored.map(\.row))
        let dimension = state.dimension
        for (index, place) in stored.enumerated() {
            changes[place.position].vector = Array(values[index * dimension..<(index + 1) * dimension])
        }
    }
}
