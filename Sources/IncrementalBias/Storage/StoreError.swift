internal import Glibc
internal import LMDB

/// An error of the store of which the caller may want to know whether it passes.
package protocol StoreFailure: Error {
    /// Whether trying again later makes sense: the disk or the memory is full, the disk takes no writes now, or
    /// too many read.
    var isRetryable: Bool { get }
    /// Whether the store itself is not as it must be.
    var isDamage: Bool { get }
}

extension LMDBError: StoreFailure {
    package var isRetryable: Bool {
        isMapFull || isReadersFull || [ENOSPC, EDQUOT, ENOMEM, EROFS].contains(code)
    }
}

/// Why a store can't be opened.
package enum StoreError: Error, Equatable, Sendable {
    /// It was made with another setting, which can't be changed.
    case settingDiffers(name: String, stored: String, wanted: String)
    /// `k` is beyond the capacity.
    case kBeyondCapacity(k: Int, capacity: Int)
    /// It was written by a version of nnnd that keeps its data in another form.
    case unknownFormat(found: String, expected: String)
    /// There is none in the folder.
    case missing
    /// The folder holds an LMDB environment of another program.
    case notAStore
    /// Something in it is not as it must be.
    case damaged(String)
    /// Another process has it open.
    case inUse
}
