internal import LMDB
internal import ShardFormats

/// The databases of a store.
///
/// Their keys and values are described byte by byte in docs/storage-format.md.
struct Tables: Sendable {
    /// "settings", "format" and "state".
    let meta: Database
    let images: RowTables
    let references: RowTables
    /// Block of images -> their vectors in coded form; see CodeLayout.
    let codes: Database
    /// Block of images -> the mean of each one's k largest similarities, +infinity where there is no image.
    let means: Database
    /// Block of images -> what a similarity must exceed to enter each one's heap, +infinity where there is no image.
    let thresholds: Database
    /// Page of heaps -> the heaps of a few consecutive images.
    let heaps: Database
    /// The order in which references arrived.
    let arrivals: ArrivalTable
    /// Number of a receipt -> the receipt, as JSON.
    let receipts: Database
    /// VectorRole and file name -> the number of the last receipt of a shard of that name.
    let receiptNames: Database
    /// Number of a receipt whose files may not have been moved yet -> the note that came with its shard.
    let pending: Database

    /// What images and references both have.
    struct RowTables: Sendable {
        /// Block -> vectors.
        let vectors: Database
        /// Id -> row.
        let rows: Database
        /// Row -> id.
        let ids: Database
        /// Rows that can be used again.
        let free: Database

        init(_ environment: LMDB.Environment, _ kind: VectorRole, making: Bool) throws {
            vectors = try environment.open("\(kind.rawValue).vectors", order: .integers, making: making)
            rows = try environment.open("\(kind.rawValue).rows", order: .bytes, making: making)
            ids = try environment.open("\(kind.rawValue).ids", order: .integers, making: making)
            free = try environment.open("\(kind.rawValue).free", order: .integers, making: making)
        }
    }

    /// The name of the database that is made before all others.
    static let first = "meta"

    /// - Parameter making: whether to make those that are missing, for a new store; one that is complete must have all.
    init(_ environment: LMDB.Environment, making: Bool) throws {
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

    subscript(kind: VectorRole) -> RowTables {
        kind == .images ? images : references
    }
}
