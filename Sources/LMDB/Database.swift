internal import CLMDB

/// A named table of keys and values in an ``Environment``.
package struct Database: Sendable {
    /// The order of the keys.
    package enum Order: Sendable {
        /// Byte by byte.
        case bytes
        /// As unsigned integers in the machine's byte order, all 4 bytes or all 8 bytes wide (`MDB_INTEGERKEY`).
        case integers
    }

    package let name: String
    let handle: MDB_dbi
}
