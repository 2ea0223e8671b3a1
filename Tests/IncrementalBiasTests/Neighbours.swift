/// For each image vector of a pool all reference vectors, sorted by falling similarity.
///
/// The lists are computed once for a pool; after each step the oracle only reads them.
struct Neighbours {
    /// Similarities as floats, which differ from the exact ones by 1e-6 at most and take half the memory.
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

    /// The mean of the `k` largest similarities of an image vector, or of all where there are fewer; 0 without any.
    ///
    /// - Parameter copies: for each reference vector the number of references that have it.
    func mean(image: Int, k: Int, copies: [Int]) -> Double {
        var best: [Double] = []
        for (reference, similarity) in lists[image] where copies[Int(reference)] > 0 {
            best += repeatElement(Double(similarity), count: min(copies[Int(reference)], k - best.count))
            if best.count == k { break }
        }
        return best.isEmpty ? 0 : best.reduce(0, +) / Double(best.count)
    }
}
