internal import VectorMath

/// What is known about the cells of a store: how many there are, how long their lists are, and how far they are built.
///
/// A *cell* is a group of images near one centroid. Each image stands in the lists of two cells, so that an approximate
/// search that reads a few cells finds most of the best images. docs/search.md describes the method.
package struct CellDirectory: Equatable, Sendable {
    /// The steps in which new cells are built; searches use cells that are ready.
    package enum Phase: UInt32, Sendable {
        /// Images are being assigned to cells, block by block.
        case assigning
        /// The lists of the cells are being written, cell by cell.
        case listing
        case ready
    }

    package var phase = Phase.assigning
    /// The block of images to assign next, or the cell whose list is written next.
    package var next = 0
    /// A random number that is chosen when cells are trained: it tells that cells are others than before.
    package let training: UInt32
    /// The number of changes of the centroids since the training.
    package var revision: UInt32 = 0
    /// The number of images when the cells were trained.
    package let trainedImages: Int
    /// The version of the basis of the sign codes in the lists.
    package private(set) var codeVersion: UInt32 = 0
    /// For each cell the number of entries in its list, with those of images that have left the cell since.
    package var entries: [UInt32]
    /// For each cell the mean of the means of its images when its list was written.
    package var means: [Float]

    /// The number of cells.
    package var count: Int { entries.count }

    /// The directory of new cells whose images have not been assigned.
    package init(training: UInt32, trainedImages: Int, count: Int) {
        self.training = training
        self.trainedImages = trainedImages
        entries = Array(repeating: 0, count: count)
        means = Array(repeating: 0, count: count)
    }

    /// The entries of all lists.
    package var totalEntries: Int { entries.reduce(0) { $0 + Int($1) } }

    /// Begins to write all lists anew; searches do not use the cells meanwhile.
    ///
    /// - Parameter codeVersion: the version of the basis of the sign codes that the lists get.
    mutating func beginListing(codeVersion: UInt32) {
        (phase, next, self.codeVersion) = (.listing, 0, codeVersion)
    }

    /// Records that a cell has been split into itself and a new one, both without entries.
    mutating func split(_ cell: Int) {
        entries[cell] = 0
        entries.append(0)
        means.append(means[cell])
    }

    /// The largest number of entries of a list: the number of a chunk takes 16 bits.
    static let maximumEntries = UInt32(CellListTable.rowsPerChunk) << 16

    /// The largest number of cells: their numbers take 16 bits, and one number stands for no cell.
    static let maximumCount = 0xffff
}

extension CellDirectory {
    /// The number of words before the columns.
    private static let headerWords = 7

    /// Decodes the stored form; see docs/storage-format.md.
    ///
    /// - Returns: `nil` if a number is impossible.
    init?(stored: [UInt8]) {
        guard stored.count % 4 == 0 else { return nil }
        let words = NumberView.integers(of: stored)
        guard words.count >= Self.headerWords, let phase = Phase(rawValue: words[0]) else { return nil }
        let count = Int(words[6])
        guard count > 0, count <= Self.maximumCount, words.count == Self.headerWords + 2 * count else { return nil }
        self.init(training: words[2], trainedImages: Int(words[4]), count: count)
        (self.phase, next, revision) = (phase, Int(words[1]), words[3])
        codeVersion = words[5]
        for cell in 0..<count {
            entries[cell] = words[Self.headerWords + cell]
            means[cell] = Float(bitPattern: words[Self.headerWords + count + cell])
        }
        guard next <= max(count, 1 << 26), entries.allSatisfy({ $0 <= Self.maximumEntries }),
            means.allSatisfy(\.isFinite)
        else { return nil }
    }

    /// The stored form, which ``init(stored:)`` decodes.
    var encoded: [UInt32] {
        [phase.rawValue, UInt32(next), training, revision, UInt32(trainedImages), codeVersion, UInt32(count)] + entries
            + means.map(\.bitPattern)
    }
}
