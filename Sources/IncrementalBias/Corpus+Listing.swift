package import Foundation
internal import LMDB
internal import ShardFormats

/// An image in a listing.
package struct ListedImage: Equatable, Sendable {
    package let id: String
    /// The stored mean of the k largest similarities; the bias is alpha times the mean.
    package let mean: Float
}

/// A reference in a listing.
package struct ListedReference: Equatable, Sendable {
    package let id: String
    /// When the shard took effect that brought the reference, or replaced it the last time.
    package let arrived: Date
    package let source: ReferenceSource
}

/// A part of a listing, from one snapshot.
package struct ListingPage<Element: Sendable>: Sendable {
    /// The elements, by ascending bytes of their ids.
    package let elements: [Element]
    /// Whether there are elements after these.
    package let hasMore: Bool
}

extension Corpus {
    /// Lists images by ascending bytes of their ids.
    ///
    /// An image that exists all the time is on exactly one page, whatever is added or removed between two calls.
    ///
    /// - Parameters:
    ///   - start: the id before the first one of the page, which need not exist; empty for the first page.
    ///   - limit: the maximum number of images, at least 1.
    /// - Throws: `LMDBError` if the store can't be read; ``StoreError/damaged(_:)``.
    package func listImages(after start: String, limit: Int) throws -> ListingPage<ListedImage> {
        try environment.read { transaction in
            let state = try tables.state(in: transaction)
            let layout = StoreLayout(dimension: state.dimension, settings: settings)
            let means = ColumnTable(database: tables.means, layout: layout)
            return try page(after: start, limit: limit, of: tables.images, in: transaction) { id, row in
                ListedImage(id: id, mean: try means.read(row: row, in: transaction))
            }
        }
    }

    /// Lists references by ascending bytes of their ids, as ``listImages(after:limit:)`` lists images.
    package func listReferences(after start: String, limit: Int) throws -> ListingPage<ListedReference> {
        try environment.read { transaction in
            try page(after: start, limit: limit, of: tables.references, in: transaction) { id, row in
                guard let arrival = try tables.arrivals.arrival(of: row, in: transaction) else {
                    throw StoreError.damaged("the reference '\(id)' has no arrival")
                }
                return ListedReference(
                    id: id, arrived: Date(timeIntervalSince1970: Double(arrival.time) / 1000), source: arrival.source)
            }
        }
    }

    /// The number of references of each source.
    ///
    /// - Throws: `LMDBError` if the store can't be read; ``StoreError/damaged(_:)``.
    package func referenceCounts() throws -> ReferenceCounts {
        try environment.read { transaction in
            let count = try tables.state(in: transaction).references.count
            let sampled = try tables.arrivals.sampledCount(in: transaction)
            return ReferenceCounts(given: count - sampled, sampled: sampled)
        }
    }

    private func page<Element: Sendable>(
        after start: String, limit: Int, of tables: Tables.RowTables, in transaction: borrowing ReadTransaction,
        _ element: (_ id: String, _ row: UInt32) throws -> Element
    ) throws -> ListingPage<Element> {
        // One more tells whether there are further elements.
        let found = try IdentityTable(tables: tables).list(after: start, limit: limit + 1, in: transaction)
        return ListingPage(
            elements: try found.prefix(limit).map { try element($0.id, $0.row) }, hasMore: found.count > limit)
    }
}
