/// A block of codes, or the rest of one that a full worker has left.
struct ScanPart: Equatable, Sendable {
    let block: Int
    /// The first step of the queries with which the block is still to be compared.
    let step: Int
}

/// What a scan has still to compare: the rests of some blocks, then whole blocks.
struct ScanWork: Sendable {
    private let rests: [ScanPart]
    /// The blocks that no worker has begun.
    private let blocks: Range<Int>

    /// The work of a whole scan.
    ///
    /// - Parameter blocks: the number of blocks.
    init(blocks: Int) {
        self.init(rests: [], blocks: 0..<blocks)
    }

    private init(rests: [ScanPart], blocks: Range<Int>) {
        (self.rests, self.blocks) = (rests, blocks)
    }

    var isEmpty: Bool { rests.isEmpty && blocks.isEmpty }

    /// The part at a position; `nil` behind the last one.
    subscript(position: Int) -> ScanPart? {
        guard position >= rests.count else { return rests[position] }
        let block = blocks.lowerBound + position - rests.count
        return block < blocks.upperBound ? ScanPart(block: block, step: 0) : nil
    }

    /// The work that is left.
    ///
    /// - Parameters:
    ///   - count: the number of parts that workers have begun; it may be above the number of parts.
    ///   - unfinished: what they have left of these parts.
    func rest(after count: Int, unfinished: [ScanPart]) -> ScanWork {
        let begun = min(max(blocks.lowerBound + count - rests.count, blocks.lowerBound), blocks.upperBound)
        return ScanWork(rests: unfinished + rests.dropFirst(count), blocks: begun..<blocks.upperBound)
    }
}
