/// The added references that exceed the thresholds of the images of one block.
struct BlockMatches: Sendable {
    /// The number of the block.
    let block: Int
    /// The positions in the block of the images that a reference enters, ascending.
    private(set) var slots: [Int] = []
    /// For each of `slots` the index of its first element in `references`, and at the end their number.
    private var starts = [0]
    /// The rows of the references; those of one image by falling similarity.
    private var references: [UInt32] = []
    private var similarities: [Float] = []

    init(block: Int) {
        self.block = block
    }

    /// Appends the references that enter the heap of the image at `slot`, at least one.
    mutating func append(_ matches: borrowing ReferenceHeap, slot: Int) {
        slots.append(slot)
        for index in 0..<matches.count {
            references.append(matches.rows[index])
            similarities.append(matches.similarities[index])
        }
        starts.append(references.count)
    }

    /// Replaces the content of `heap` by the references that enter the heap of the image at `slots[index]`.
    func copy(_ index: Int, into heap: inout ReferenceHeap) {
        let range = starts[index]..<starts[index + 1]
        heap.replace { similarities, rows in
            for (position, source) in range.enumerated() {
                similarities[position] = self.similarities[source]
                rows[position] = references[source]
            }
            return range.count
        }
    }
}
