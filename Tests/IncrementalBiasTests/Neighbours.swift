/// For each image vector of a pool all its reference vectors, the most similar first.
///
/// Computed once for a pool, so that an oracle which starts from scratch after each step only has to walk down a list.
struct Neighbours {
    /// A similarity as a float is off by 1e-6 at most, and takes half the memory.
    private let lists: [[(reference: UInt32, similarity: Float)]]

    init(images: [WideVector], references: [WideVector]) {
        var lists = [[(reference: UInt32, similarity: Float)]](repeating: [], count: images.count)
        // That many references at a time stay in the cache while all images pass.
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

    /// The mean of the `k` largest similarities of an image vector, or of all where there are fewer; 0 without any.
    ///
    /// - Parameter copies: how many references have each reference vector.
    func mean(image: Int, k: Int, copies: [Int]) -> Double {
        var best: [Double] = []
        for (reference, similarity) in lists[image] where copies[Int(reference)] > 0 {
            best += repeatElement(Double(similarity), count: min(copies[Int(reference)], k - best.count))
            if best.count == k { break }
        }
        return best.isEmpty ? 0 : best.reduce(0, +) / Double(best.count)
    }
}
