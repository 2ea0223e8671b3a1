internal import Glibc
internal import LMDB

/// An error of the store that says whether a later attempt can succeed.
package protocol StoreFailure: Error {
    /// Whether a later attempt can succeed: the disk or the memory is full, the disk is read-only, or the store has too many
    /// readers.
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
    /// The store was made with another value of a setting that can't be changed.
    case settingDiffers(name: String, stored: String, wanted: String)
    /// `k` is larger than the capacity of a heap.
    case kBeyondCapacity(k: Int, capacity: Int)
    /// The store has a format version that this program does not know.
    case unknownFormat(found: String, expected: String)
    /// The folder has no store.
    case missing
    /// The folder holds an LMDB environment of another program.
    case notAStore
    /// The content of the store contradicts itself; the text says where.
    case damaged(String)
    /// Another process has the store open.
    case inUse
}
