internal import LMDB
internal import ShardFormats

extension Corpus {
    /// Reads the images that have changed since the state that a consumer knows, in their latest state.
    ///
    /// Guarantees, if each call gets the cursor that the call before returned:
    ///
    /// - Each page is from one snapshot. A page brings the rows that it visits up to the snapshot's generation.
    /// - No change is lost, and none is sent twice, whatever is committed between two pages. (Only if the cursor has
    ///   more than 32 segments, which takes as many pages with a commit between each two, a change can be sent again.)
    /// - After a page without ``ChangePage/hasMore``, the consumer knows the corpus of the page's generation.
    /// - Pages visit the rows in a circle, so that no row waits because others change more often.
    /// - As long as there are rows of which the consumer knows nothing, pages have only images of these rows.
    ///
    /// - Parameters:
    ///   - cursor: what the consumer knows.
    ///   - limit: the maximum number of changes, at least 1. All changes of a row stay together: a row that had many
    ///     images can exceed the limit, on a page of its own.
    ///   - includesVectors: whether images that were added or replaced have their vectors.
    ///   - maximumVectorBytes: the maximum size of all vectors of the page together as floats; at least one is read.
    /// - Throws: ``ChangeFeedError``; `LMDBError` if the store can't be read; ``StoreError/damaged(_:)``.
    package func changes(
        since cursor: ChangeCursor, limit: Int, includesVectors: Bool = false, maximumVectorBytes: Int = 64 << 20
    ) throws -> ChangePage {
        try environment.read { transaction in
            let state = try tables.state(in: transaction)
            let span = try changeSpan(state, in: transaction)
            try check(cursor, span, in: transaction)
            let vectors = includesVectors ? max(1, maximumVectorBytes / (4 * max(1, state.dimension))) : Int.max
            var scan = try ChangeScan(
                tables, state, settings: settings, limits: .init(count: limit, vectors: vectors), since: cursor,
                in: transaction)
            var (next, hasMore) = (cursor, false)
            for piece in cursor.pieces {
                // A deleted image could be in rows of which the consumer knows nothing: these are read first.
                if cursor.isInitial, let known = piece.generation, known < state.generation {
                    hasMore = true
                    break
                }
                if let full = try scan.visit(piece.rows, known: piece.generation, in: transaction) {
                    next.visit(piece.rows.lowerBound..<full, span.newest)
                    hasMore = true
                    break
                }
                next.visit(piece.rows, span.newest)
            }
            if includesVectors {
                try scan.addVectors { rows in
                    try self.vectors(of: rows, .images, dimension: state.dimension, in: transaction)
                }
            }
            return page(scan.changes, hasMore ? next : ChangeCursor(span.newest), hasMore: hasMore, state)
        }
    }

    /// A page without changes, whose cursor knows the present generation.
    ///
    /// - Throws: as ``changes(since:limit:includesVectors:maximumVectorBytes:)``.
    package func presentCursor() throws -> ChangePage {
        try environment.read { transaction in
            let state = try tables.state(in: transaction)
            return page([], ChangeCursor(try changeSpan(state, in: transaction).newest), hasMore: false, state)
        }
    }

    private func page(
        _ changes: [ImageChange], _ cursor: ChangeCursor, hasMore: Bool, _ state: StoreState
    ) -> ChangePage {
        ChangePage(
            changes: changes, cursor: cursor, hasMore: hasMore, isInitial: cursor.isInitial,
            generation: state.generation, dimension: state.dimension, k: state.k, images: state.images.count)
    }

    /// The span of the change log.
    ///
    /// - Throws: ``ChangeFeedError/off`` if there is no log.
    private func changeSpan(_ state: StoreState, in transaction: borrowing ReadTransaction) throws -> ChangeLogSpan {
        guard let span = try tables.changeLog.span(in: transaction), span.newest.generation == state.generation
        else { throw ChangeFeedError.off }
        return span
    }

    /// Checks that the log has all changes since a cursor.
    private func check(
        _ cursor: ChangeCursor, _ span: ChangeLogSpan, in transaction: borrowing ReadTransaction
    ) throws {
        guard let oldest = cursor.oldest, let newest = cursor.newest else { return }
        guard newest <= span.newest.generation else { throw ChangeFeedError.foreign }
        guard oldest >= span.oldest.generation else {
            throw ChangeFeedError.expired(oldest: span.oldest.generation)
        }
        let nonce =
            newest == span.oldest.generation
            ? span.oldest.nonce : try tables.changeLog.header(of: newest, in: transaction).nonce
        guard nonce == cursor.nonce else { throw ChangeFeedError.foreign }
    }
}

extension Corpus {
    /// Changes how much of the past the change log keeps.
    ///
    /// - Throws: `LMDBError` if the store can't be written.
    package func setChangeLogLimits(_ limits: ChangeLogLimits) throws {
        try writer.setChangeLogLimits(limits)
    }
}
