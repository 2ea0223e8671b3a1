internal import LMDB
package import ShardFormats

/// The error for an id that no image, or no reference, has.
package struct UnknownID: Error, Equatable, Sendable {
    package let role: VectorRole
    package let id: String
}

extension Corpus {
    /// Reads the stored vector of the reference `id`.
    ///
    /// - Returns: the vector and the generation of the snapshot that it was read from; `nil` if there is no such
    ///   reference.
    /// - Throws: `LMDBError` if the store can't be read; ``StoreError/damaged(_:)``.
    package func reference(_ id: String) throws -> (vector: [Float], generation: UInt64)? {
        try environment.read { transaction in
            let state = try tables.state(in: transaction)
            guard state.dimension > 0,
                let row = try IdentityTable(tables: tables.references).row(of: id, in: transaction)
            else { return nil }
            let vector = try vectors(of: [row], .references, dimension: state.dimension, in: transaction)
            return (vector, state.generation)
        }
    }

    /// Reads the stored vectors of some images, or of some references, from one snapshot.
    ///
    /// - Parameters:
    ///   - ids: the ids; one can occur several times.
    ///   - role: whether they are ids of images or of references.
    ///   - maximumBytes: the maximum size of all vectors together as floats.
    /// - Returns: the vectors, ids.count x dimension, in the order of `ids`; `nil` if they would have more bytes.
    /// - Throws: ``UnknownID`` for the first id that does not exist; `LMDBError` if the store can't be read;
    ///   ``StoreError/damaged(_:)``.
    package func vectors(of ids: [String], _ role: VectorRole, maximumBytes: Int) throws -> [Float]? {
        try environment.read { transaction in
            let dimension = try tables.state(in: transaction).dimension
            guard ids.count * dimension * 4 <= maximumBytes else { return nil }
            let identities = IdentityTable(tables: tables[role])
            let rows = try ids.map { id in
                // LMDB has no keys of other lengths.
                guard dimension > 0, (1...IDList.maximumByteCount).contains(id.utf8.count),
                    let row = try identities.row(of: id, in: transaction)
                else { throw UnknownID(role: role, id: id) }
                return row
            }
            return try vectors(of: rows, role, dimension: dimension, in: transaction)
        }
    }

    /// Reads the stored vectors of `rows`, rows.count x dimension.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if one is missing.
    func vectors(
        of rows: [UInt32], _ role: VectorRole, dimension: Int, in transaction: borrowing ReadTransaction
    ) throws -> [Float] {
        let layout = StoreLayout(dimension: dimension, settings: settings).vectors
        let values = try VectorTable(database: tables[role].vectors, layout: layout).read(rows: rows, in: transaction)
        guard values.count == rows.count * dimension else { throw StoreError.damaged("a block of vectors is missing") }
        return values
    }
}
