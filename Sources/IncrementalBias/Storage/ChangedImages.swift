/// The changes of images that one commit makes: what its record in the change log says.
struct ChangedImages {
    /// The rows of images that were added or replaced, in any order; a row can occur several times.
    var stored: [UInt32] = []
    /// The rows of images whose means changed, in any order; a row can occur several times.
    var means: [UInt32] = []
    /// The images that were deleted.
    var deleted: [(row: UInt32, id: String)] = []
}

/// Which changes of images a set of rows in the change log has.
enum ChangedRowsKind: UInt64 {
    /// Images that were added or replaced.
    case stored
    /// Images whose means changed.
    case means
}
