internal import LMDB
internal import VectorMath

/// The change log: for each of the last commits a record of the images that it changed.
///
/// Key 0 has the ``ChangeLogSpan``. The record of a generation has the keys (generation) x 2^24 + part:
///
/// - part 0: the header, see ``ChangeLogHeader``;
/// - part 1 + 2 x (chunk) + (kind): the rows of one kind in a chunk, see ``ChangedRowChunk``; missing if there are none;
/// - part 2^23 + n: deleted images, see ``DeletedImages``.
struct ChangeLogTable: Sendable {
    let database: Database

    private static let spanKey: UInt64 = 0
    private static let firstDeletionPart: UInt64 = 1 << 23
    /// What LMDB needs for a key and its value besides the value, about, in bytes.
    private static let bytesPerKey: UInt64 = 32

    /// The generations whose changes the log has; `nil` if there is no log.
    func span(in transaction: borrowing some Transaction & ~Copyable) throws -> ChangeLogSpan? {
        try transaction.value(database, Self.spanKey) { try ChangeLogSpan($0) }
    }

    /// Adds the record of a commit, and removes records that the limits don't allow.
    ///
    /// - Parameters:
    ///   - changes: the changes that the commit made.
    ///   - before: the generation before the commit. If the log doesn't end with it, the log begins anew.
    ///   - time: the time of the commit, in milliseconds since 1970.
    func append(
        _ changes: ChangedImages, generation: UInt64, after before: UInt64, time: UInt64, limits: ChangeLogLimits,
        in transaction: borrowing WriteTransaction
    ) throws {
        guard limits.maximumBytes > 0 else { return try removeAll(in: transaction) }
        var span = try begin(at: before, in: transaction)
        let mark = ChangeLogSpan.Mark.new(generation)
        var header = ChangeLogHeader(time: time, nonce: mark.nonce, byteCount: 0, deletionParts: 0)
        for (kind, rows) in [(ChangedRowsKind.stored, changes.stored), (.means, changes.means)] {
            for (number, chunk) in ChangedRowChunk.chunks(of: rows) {
                let key = Self.key(generation, Self.part(kind, chunk: number))
                header.byteCount += UInt64(try chunk.store(database, key, in: transaction)) + Self.bytesPerKey
            }
        }
        for bytes in DeletedImages.parts(of: changes.deleted) {
            let key = Self.key(generation, Self.firstDeletionPart + header.deletionParts)
            try transaction.put(database, key, bytes.span)
            header.byteCount += UInt64(bytes.count) + Self.bytesPerKey
            header.deletionParts += 1
        }
        header.byteCount += ChangeLogHeader.byteCount + Self.bytesPerKey
        try transaction.put(database, Self.key(generation, 0), header.encoded.span)
        span.newest = mark
        span.byteCount += header.byteCount
        try prune(&span, time: time, limits: limits, in: transaction)
        try transaction.put(database, Self.spanKey, span.encoded.span)
    }

    /// Begins a log without records, unless there is one that ends with `generation`.
    ///
    /// - Returns: the span of the log.
    @discardableResult
    func begin(at generation: UInt64, in transaction: borrowing WriteTransaction) throws -> ChangeLogSpan {
        if let span = try span(in: transaction), span.newest.generation == generation { return span }
        try removeAll(in: transaction)
        let span = ChangeLogSpan(emptyAt: .new(generation))
        try transaction.put(database, Self.spanKey, span.encoded.span)
        return span
    }

    /// Removes the log, if there is one.
    func removeAll(in transaction: borrowing WriteTransaction) throws {
        if try transaction.contains(database, Self.spanKey) { try transaction.removeAll(database) }
    }

    /// Removes the oldest records until the limits are kept.
    private func prune(
        _ span: inout ChangeLogSpan, time: UInt64, limits: ChangeLogLimits, in transaction: borrowing WriteTransaction
    ) throws {
        while span.oldest.generation < span.newest.generation {
            let generation = span.oldest.generation + 1
            let header = try header(of: generation, in: transaction)
            let age = Double(time) - Double(header.time)
            guard span.byteCount > UInt64(limits.maximumBytes) || age > limits.secondsToLive * 1000 else { return }
            try transaction.removeAll(database, Self.key(generation, 0)..<Self.key(generation + 1, 0))
            span.oldest = ChangeLogSpan.Mark(generation: generation, nonce: header.nonce)
            span.byteCount -= min(span.byteCount, header.byteCount)
        }
    }

    private static func key(_ generation: UInt64, _ part: UInt64) -> UInt64 { generation << 24 | part }

    private static func part(_ kind: ChangedRowsKind, chunk: Int) -> UInt64 { 1 + 2 * UInt64(chunk) + kind.rawValue }
}

extension ChangeLogTable {
    /// The header of the record of a generation.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if it is missing.
    func header(
        of generation: UInt64, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> ChangeLogHeader {
        let header = try transaction.value(database, Self.key(generation, 0)) { try ChangeLogHeader($0) }
        guard let header else { throw StoreError.damaged("the change log lacks generation \(generation)") }
        return header
    }

    /// The rows of a chunk that commits changed in one way.
    ///
    /// - Parameter generations: the generations of the commits, which the log must have.
    func rows(
        _ kind: ChangedRowsKind, chunk: Int, changedIn generations: ClosedRange<UInt64>,
        in transaction: borrowing some Transaction & ~Copyable
    ) throws -> ChangedRowChunk {
        var rows = ChangedRowChunk()
        for generation in generations {
            _ = try transaction.value(database, Self.key(generation, Self.part(kind, chunk: chunk))) {
                try rows.formUnion(stored: $0)
            }
        }
        return rows
    }

    /// Calls `body` for each image that commits deleted, by ascending generation.
    ///
    /// - Parameter generations: the generations of the commits, which the log must have.
    func forEachDeletion(
        in generations: ClosedRange<UInt64>, _ transaction: borrowing some Transaction & ~Copyable,
        _ body: (_ generation: UInt64, _ row: UInt32, _ id: String) -> Void
    ) throws {
        for generation in generations {
            for part in 0..<(try header(of: generation, in: transaction).deletionParts) {
                let found: Void? = try transaction.value(
                    database, Self.key(generation, Self.firstDeletionPart + part)
                ) { try DeletedImages.forEach(in: $0) { body(generation, $0, $1) } }
                guard found != nil else { throw StoreError.damaged("the change log lacks deleted images") }
            }
        }
    }
}
