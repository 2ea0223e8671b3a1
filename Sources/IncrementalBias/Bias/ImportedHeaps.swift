package import ShardFormats

/// Heaps that another program computed for the images of a shard, and how many of them are computed again.
///
/// For each image they name references, of which the program says that no other has a larger similarity. nnnd computes
/// the similarities to them itself, so that only the choice of references can be wrong. Some images get their heaps by
/// a search over all references, and their similarities must be the same.
package struct ImportedHeaps: Sendable {
    package let file: HeapFile
    /// The part of the images whose heaps are computed again, from 0 to 1.
    package let checkedShare: Double

    /// The number of images of a shard whose heaps are computed again at least, if it has so many.
    package static let minimumChecked = 100

    /// Heaps with the part of them that is checked.
    package init(_ file: HeapFile, checkedShare: Double) {
        self.file = file
        self.checkedShare = checkedShare
    }

    /// Chooses at random the images whose heaps are computed again.
    func chooseChecked() -> RowSet {
        let share = Int((checkedShare * Double(file.images)).rounded(.up))
        let count = min(file.images, max(Self.minimumChecked, share))
        if count == file.images { return RowSet((0..<count).map { UInt32($0) }) }
        return RowSet((0..<file.images).map { UInt32($0) }.shuffled().prefix(count))
    }
}

/// The reasons why imported heaps can't be used.
package enum HeapFault: Error, Equatable, Sendable {
    /// The heaps are those of `found` images, and the shard has `expected`.
    case otherImages(found: Int, expected: Int)
    /// They were computed from `found` references, and the corpus has `expected`.
    case otherReferenceCount(found: Int, expected: Int)
    /// The corpus has no reference with this id.
    case unknownReference(String)
    /// The corpus has other references with as many ids, or other vectors for them.
    case otherReferences
    /// The heaps have `found` references each, and need more than `expected`, unless they have all references.
    case tooShort(found: Int, expected: Int)
    /// The heaps of these rows have a reference twice.
    case repeatedReferences(rows: [Int])
    /// The similarities of these rows are not the products of the vectors.
    case wrongSimilarities(rows: [Int])
    /// Other references have larger similarities to the images in these rows.
    case missingReferences(rows: [Int])
}
