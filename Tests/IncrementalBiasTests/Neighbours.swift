/// For each image vector of a ``VectorPool`` the list of all its reference vectors, sorted by falling similarity.
///
/// The lists are computed once for a pool. After each step the oracle only reads them.
struct Neighbours {
    /// The lists.
    ///
    /// Similarities are floats, which take half the memory and are wrong by at most 1e-6.
    private let lists: [[(reference: UInt32, similarity: Float)]]

    init(images: [WideVector], references: [WideVector]) {
        var lists = [[(reference: UInt32, similarity: Float)]](repeating: [], count: images.count)
        // Blocks of 128 references stay in the cache while all images are multiplied with them.
        for start in stride(from: 0, to: references.count, by: 128) {
            for image in images.indices {
                for reference in start..<min(start + 128, references.count) {
                    lists[image].append((UInt32(reference), Float(images[image] * references[reference])))
                }
            }
        }
        for image in images.indices { lists[image].sort { $0.similarity > $1.similarity } }
        self.lists = lists
    }

    /// The mean of the `k` largest similarities of an image, or of all if there are fewer; 0 if there are no
    /// references.
    ///
    /// - Parameters:
    ///   - image: the index of the image's vector in the pool.
    ///   - copies: for each reference vector of the pool the number of references that have this vector.
    func mean(image: Int, k: Int, copies: [Int]) -> Double {
        let best = best(image: image, count: k, copies: copies)
        return best.isEmpty ? 0 : best.reduce(0, +) / Double(best.count)
    }

    /// The `count` largest similarities of an image, or all if there are fewer, by falling similarity.
    func best(image: Int, count: Int, copies: [Int]) -> [Double] {
        var best: [Double] = []
        for (reference, similarity) in lists[image] where copies[Int(reference)] > 0 {
            best += repeatElement(Double(similarity), count: min(copies[Int(reference)], count - best.count))
            if best.count == count { break }
        }
        return best
    }
}
