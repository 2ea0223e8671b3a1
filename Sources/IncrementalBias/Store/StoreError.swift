/// Why a store can't be opened.
package enum StoreError: Error, Equatable, Sendable {
    /// It was made with another setting, which can't be changed.
    case settingDiffers(name: String, stored: String, wanted: String)
    /// `k` is beyond the capacity.
    case kBeyondCapacity(k: Int, capacity: Int)
    /// It was written by a version of nnnd that keeps its data in another form.
    case unknownFormat(found: String, expected: String)
    /// The folder holds an LMDB environment of another program.
    case notAStore
    /// Something in it is not as it must be.
    case damaged(String)
    /// Another process has it open.
    case inUse
}
