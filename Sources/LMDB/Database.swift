internal import CLMDB

/// A named table of keys and values inside an ``Environment``.
package struct Database: Sendable {
    /// The order of the keys.
    package enum Order: Sendable {
        /// Byte by byte.
        case bytes
        /// As native unsigned integers, all of one width: 4 or 8 bytes.
        case integers
    }

    package let name: String
    let handle: MDB_dbi
}
