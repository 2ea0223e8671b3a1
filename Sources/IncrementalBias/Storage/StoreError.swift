internal import Glibc
internal import LMDB

/// An error of a read or commit of an open store, by which callers decide whether to try again.
///
/// ``StoreError`` are the reasons why a store can't be opened or contradicts itself.
package protocol StoreFailure: Error {
    /// Whether a later attempt can succeed: the disk, the memory or LMDB's map is full, the disk is read-only, or
    /// LMDB's reader table is full.
    var isRetryable: Bool { get }
    /// Whether the store is damaged.
    var isDamage: Bool { get }
}

extension LMDBError: StoreFailure {
    package var isRetryable: Bool {
        isMapFull || isReadersFull || [ENOSPC, EDQUOT, ENOMEM, EROFS].contains(code)
    }
}

/// The reasons why a store can't be opened or read.
package enum StoreError: Error, Equatable, Sendable {
    /// The store was created with another value of a setting that can't be changed.
    case settingDiffers(name: String, stored: String, wanted: String)
    /// `k` is larger than the capacity of the store's heaps.
    case kBeyondCapacity(k: Int, capacity: Int)
    /// The store has an older format, which a rebuild converts to the format that this program reads and writes.
    case olderFormat(found: String, expected: String)
    /// The store has another format version than this program reads and writes.
    case unknownFormat(found: String, expected: String)
    /// The folder has no store.
    case missing
    /// The folder has an LMDB environment that another program created.
    case notAStore
    /// The content of the store is damaged; the text says what is wrong.
    case damaged(String)
    /// The process can't reserve this much address space for the data file, in bytes.
    case noAddressSpace(mapSize: Int)
    /// The data file was removed, moved or replaced while the store was open.
    case removed
    /// Another process has the store open.
    case inUse
}
