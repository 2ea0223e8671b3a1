package import LMDB
package import ShardFormats

/// The databases of a store.
///
/// Their keys and values are described byte by byte in docs/storage-format.md.
package struct Tables: Sendable {
    /// "settings", "format" and "state".
    let meta: Database
    package let images: RowTables
    package let references: RowTables
    /// Block of images -> their int8 codes.
    let codes: Database
    /// Block of images -> for each the mean of its k largest similarities; +infinity where there is no image.
    let means: Database
    /// Block of images -> for each the similarity that a reference must exceed to enter its heap; +infinity where there is
    /// no image.
    let thresholds: Database
    /// Page of heaps -> the heaps of a few consecutive images.
    let heaps: Database
    /// The order in which references arrived.
    let arrivals: ArrivalTable
    /// Number of a receipt -> the receipt, as JSON.
    let receipts: Database
    /// Role and file name -> the number of the last receipt of a shard of that name.
    let receiptNames: Database
    /// Number of a pending receipt -> nothing; stores of version 0.1.0 have a value there.
    let pending: Database

    /// The tables that images and references both have.
    package struct RowTables: Sendable {
        /// Block -> vectors.
        let vectors: Database
        /// Id -> row.
        let rows: Database
        /// Row -> id.
        let ids: Database
        /// Free rows, which new ids can get -> 4 zero bytes.
        let free: Database

        init(_ environment: LMDB.Environment, _ role: VectorRole, making: Bool) throws {
            vectors = try environment.open("\(role.rawValue).vectors", order: .integers, making: making)
            rows = try environment.open("\(role.rawValue).rows", order: .bytes, making: making)
            ids = try environment.open("\(role.rawValue).ids", order: .integers, making: making)
            free = try environment.open("\(role.rawValue).free", order: .integers, making: making)
        }
    }

    /// The name of the database that is made first.
    static let first = "meta"

    /// Opens the databases of a store.
    ///
    /// - Parameter making: whether to make missing databases, for a new store. A store that is complete has all.
    /// - Throws: `LMDBError`.
    package init(_ environment: LMDB.Environment, making: Bool) throws {
        meta = try environment.open(Self.first, order: .bytes, making: making)
        images = try RowTables(environment, .images, making: making)
        references = try RowTables(environment, .references, making: making)
        codes = try environment.open("images.codes", order: .integers, making: making)
        means = try environment.open("images.means", order: .integers, making: making)
        thresholds = try environment.open("images.thresholds", order: .integers, making: making)
        heaps = try environment.open("images.heaps", order: .integers, making: making)
        arrivals = ArrivalTable(
            arrivals: try environment.open("references.arrivals", order: .integers, making: making),
            numbers: try environment.open("references.arrived", order: .integers, making: making))
        receipts = try environment.open("receipts", order: .integers, making: making)
        receiptNames = try environment.open("receipts.names", order: .bytes, making: making)
        pending = try environment.open("receipts.unsettled", order: .integers, making: making)
    }

    /// The tables of the images or of the references.
    package subscript(role: VectorRole) -> RowTables {
        role == .images ? images : references
    }
}
