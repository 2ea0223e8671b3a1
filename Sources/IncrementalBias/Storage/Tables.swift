package import LMDB
package import ShardFormats

/// The LMDB databases of a store, written as key -> value.
///
/// A *block* has the values of a fixed number of consecutive rows. docs/storage-format.md describes all keys and values
/// byte by byte.
package struct Tables: Sendable {
    /// "format" -> format version; "settings" -> ``StoreSettings`` as JSON; "applied" -> ``AppliedSettings`` as JSON;
    /// "state" -> ``StoreState``.
    let meta: Database
    package let images: RowTables
    package let references: RowTables
    /// Block number -> the codes of the images.
    let codes: Database
    /// Block number -> the sign codes of the images.
    let signs: Database
    /// Version -> a basis of codes.
    let codeBases: CodeBasisTable
    /// Block number -> for each image the mean of its k largest similarities; +infinity in rows without an image.
    let means: Database
    /// Block number -> for each image the similarity that a new reference must exceed to enter its heap; +infinity in
    /// rows without an image.
    let thresholds: Database
    /// Number of a page of heaps -> the heaps of a few consecutive images; see ``HeapLayout``.
    let heaps: Database
    /// 0 -> ``PendingDirectory``; number of a run and of a chunk -> pending entries of the heaps; see ``PendingTable``.
    let pendingEntries: Database
    /// Two databases: arrival number -> row and time of arrival of a reference; row -> arrival number.
    let arrivals: ArrivalTable
    /// Receipt number -> the receipt as JSON.
    let receipts: Database
    /// Role and file name -> the number of the last receipt for that name.
    let receiptNames: Database
    /// Number of a pending receipt -> empty value.
    ///
    /// Version 0.1.0 wrote a value, which is ignored. The database is named `receipts.unsettled`: the name is older
    /// than the term *pending*, and another name would change the store format.
    let pending: Database
    /// Generation and part -> a part of the record of the images that the commit changed; see ``ChangeLogTable``.
    let changeLog: ChangeLogTable
    /// Five databases: groups of similar images, for approximate searches.
    let cells: CellTables

    /// The tables that images and references both have.
    package struct RowTables: Sendable {
        /// Block number -> vectors; see ``VectorLayout``.
        let vectors: Database
        /// Id -> row.
        let rows: Database
        /// Row -> id.
        let ids: Database
        /// Free row -> 4 zero bytes.
        ///
        /// A new id gets a free row if there is one, else a new row after the last.
        let free: Database

        init(_ environment: LMDB.Environment, _ role: VectorRole, createIfMissing: Bool) throws {
            func open(_ name: String, _ order: Database.Order) throws -> Database {
                try environment.open("\(role.rawValue).\(name)", order: order, createIfMissing: createIfMissing)
            }
            vectors = try open("vectors", .integers)
            rows = try open("rows", .bytes)
            ids = try open("ids", .integers)
            free = try open("free", .integers)
        }
    }

    /// The name of the database that is created first, and by which a store is recognised.
    static let first = "meta"

    /// Opens the databases of a store.
    ///
    /// - Parameters:
    ///   - environment: the environment of the store.
    ///   - createIfMissing: whether to create missing databases, for a new store. If false, a missing database is an
    ///     error.
    /// - Throws: `LMDBError`.
    package init(_ environment: LMDB.Environment, createIfMissing: Bool) throws {
        meta = try environment.open(Self.first, order: .bytes, createIfMissing: createIfMissing)
        images = try RowTables(environment, .images, createIfMissing: createIfMissing)
        references = try RowTables(environment, .references, createIfMissing: createIfMissing)
        codes = try environment.open("images.codes", order: .integers, createIfMissing: createIfMissing)
        signs = try environment.open("images.signs", order: .integers, createIfMissing: createIfMissing)
        codeBases = CodeBasisTable(
            database: try environment.open("codes.bases", order: .integers, createIfMissing: createIfMissing))
        means = try environment.open("images.means", order: .integers, createIfMissing: createIfMissing)
        thresholds = try environment.open("images.thresholds", order: .integers, createIfMissing: createIfMissing)
        heaps = try environment.open("images.heaps", order: .integers, createIfMissing: createIfMissing)
        pendingEntries = try environment.open(
            "images.heaps.pending", order: .integers, createIfMissing: createIfMissing)
        arrivals = ArrivalTable(
            arrivals: try environment.open("references.arrivals", order: .integers, createIfMissing: createIfMissing),
            numbers: try environment.open("references.arrived", order: .integers, createIfMissing: createIfMissing))
        receipts = try environment.open("receipts", order: .integers, createIfMissing: createIfMissing)
        receiptNames = try environment.open("receipts.names", order: .bytes, createIfMissing: createIfMissing)
        pending = try environment.open("receipts.unsettled", order: .integers, createIfMissing: createIfMissing)
        // Early stores of this format lack this table. A log that doesn't end with the last generation begins anew.
        changeLog = ChangeLogTable(database: try environment.open("images.changes", order: .integers))
        cells = try CellTables(environment)
    }

    /// Removes everything that belongs to a row: of an empty corpus, free rows and blocks without vectors.
    func removeRows(in transaction: borrowing WriteTransaction) throws {
        for role in [images, references] {
            for table in [role.vectors, role.rows, role.ids, role.free] { try transaction.removeAll(table) }
        }
        let derived = [codes, signs, codeBases.database, means, thresholds, heaps, pendingEntries]
        for table in derived { try transaction.removeAll(table) }
        try cells.removeAll(in: transaction)
    }

    /// The tables of the images or of the references.
    package subscript(role: VectorRole) -> RowTables {
        role == .images ? images : references
    }
}
