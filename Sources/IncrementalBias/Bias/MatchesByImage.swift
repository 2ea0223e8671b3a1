internal import VectorMath

/// The references that match the images of one block, with their similarities: added in any order, read image by image.
///
/// An image is given by its position in the block.
struct MatchesByImage {
    private var matches: [(image: Int, product: RankedProduct)] = []
    /// The matches, those of one image next to each other; valid after ``group()``.
    private var grouped: [RankedProduct] = []
    /// For each image the index of its first match in `grouped`, and at the end the number of all matches.
    private var starts: [Int]

    /// Makes an empty collection.
    ///
    /// - Parameter images: the number of positions in a block.
    init(images: Int) {
        starts = Array(repeating: 0, count: images + 1)
    }

    /// Removes all matches.
    mutating func removeAll() {
        matches.removeAll(keepingCapacity: true)
    }

    /// Adds a match of an image.
    mutating func add(_ product: RankedProduct, image: Int) {
        matches.append((image, product))
    }

    /// Groups the matches by image.
    ///
    /// Call it after the last ``add(_:image:)`` and before ``best(of:)``.
    mutating func group() {
        for image in starts.indices { starts[image] = 0 }
        for match in matches { starts[match.image + 1] += 1 }
        for image in 1..<starts.count { starts[image] += starts[image - 1] }
        var next = starts
        grouped = Array(repeating: RankedProduct(0, row: 0), count: matches.count)
        for match in matches {
            grouped[next[match.image]] = match.product
            next[match.image] += 1
        }
    }

    /// The matches of an image by falling similarity.
    mutating func best(of image: Int) -> ArraySlice<RankedProduct> {
        let range = starts[image]..<starts[image + 1]
        // Most images have no match or one. A slice that is sorted in place is copied.
        guard range.count > 1 else { return grouped[range] }
        let sorted = grouped[range].sorted()
        for (index, match) in sorted.enumerated() { grouped[range.lowerBound + index] = match }
        return grouped[range]
    }
}
