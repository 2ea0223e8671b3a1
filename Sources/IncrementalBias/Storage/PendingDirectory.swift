/// Which runs of pending entries the store has, and which of their entries are in the stored heaps already.
///
/// A *run* has the pending entries that one commit recorded, or several commits after a merge. A *block* here is a
/// number of consecutive pages of heaps. An entry is *live* if the number of its run exceeds the block's element of
/// ``absorbed``; entries that are not live are ignored.
package struct PendingDirectory: Equatable, Sendable {
    /// A run, whose entries are stored in `chunks` values.
    package struct Run: Equatable, Sendable {
        package var number: UInt64
        package var chunks: Int
        package var entries: Int

        package init(number: UInt64, chunks: Int, entries: Int) {
            self.number = number
            self.chunks = chunks
            self.entries = entries
        }
    }

    /// The highest number of a run so far; runs are numbered from 1.
    package var lastNumber: UInt64 = 0
    /// The number of pages of heaps in a block.
    package var pagesPerBlock: Int
    /// The number of live entries.
    package var live = 0
    /// The block whose entries are stored in heaps next.
    package var nextBlock = 0
    /// The runs in the order of their effect, which need not be the order of their numbers.
    package var runs: [Run] = []
    /// For each block a number: the stored heaps contain the entries of all runs up to this number.
    package var absorbed: [UInt64] = []

    /// Creates a directory without runs.
    package init(pagesPerBlock: Int) {
        self.pagesPerBlock = pagesPerBlock
    }

    /// The number of the next run.
    package mutating func takeNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// Adds the blocks of new images, which no run has entries for.
    package mutating func extend(toBlocks count: Int) {
        while absorbed.count < count { absorbed.append(lastNumber) }
    }

    /// The indices of the runs that should be merged now, or `nil`.
    ///
    /// Runs have size classes, each larger by the factor ``PendingLimits/runsPerMerge`` than the one before. A run
    /// counts as at least as large as the newer ones, so the classes fall from old to new. If a class has as many
    /// runs as the factor, they are merged. Each entry is therefore written about once for each class.
    package func runsToMerge(_ limits: PendingLimits) -> Range<Int>? {
        var group = runs.endIndex..<runs.endIndex
        var current = -1
        for index in runs.indices.reversed() {
            let own = Self.sizeClass(runs[index].entries, limits)
            if own > current {
                if group.count >= limits.runsPerMerge { return group }
                (current, group) = (own, index..<index + 1)
            } else {
                group = index..<group.upperBound
            }
        }
        return group.count >= limits.runsPerMerge ? group : nil
    }

    private static func sizeClass(_ entries: Int, _ limits: PendingLimits) -> Int {
        var (size, number) = (limits.smallestClass, 0)
        while entries >= size { (size, number) = (size * limits.runsPerMerge, number + 1) }
        return number
    }
}

extension PendingDirectory {
    /// Decodes the stored form; see docs/storage-format.md.
    ///
    /// - Returns: `nil` if a number is impossible.
    package init?(_ words: [UInt64]) {
        guard words.count >= Self.headerWords, words.allSatisfy({ $0 < 1 << 40 }) else { return nil }
        let (pages, runCount) = (Int(words[1]), Int(words[4]))
        let runsEnd = Self.headerWords + 3 * runCount
        guard pages > 0, runCount <= words.count, runsEnd <= words.count else { return nil }
        self.init(pagesPerBlock: pages)
        lastNumber = words[0]
        live = Int(words[2])
        nextBlock = Int(words[3])
        runs = stride(from: Self.headerWords, to: runsEnd, by: 3).map {
            Run(number: words[$0], chunks: Int(words[$0 + 1]), entries: Int(words[$0 + 2]))
        }
        absorbed = Array(words[runsEnd...])
        let numbers = runs.map(\.number)
        guard numbers.allSatisfy({ 1 <= $0 && $0 <= lastNumber }), Set(numbers).count == numbers.count,
            runs.allSatisfy({ $0.chunks < 1 << 24 }), absorbed.allSatisfy({ $0 <= lastNumber })
        else { return nil }
    }

    /// The stored form, which ``init(_:)`` decodes.
    package var encoded: [UInt64] {
        [lastNumber, UInt64(pagesPerBlock), UInt64(live), UInt64(nextBlock), UInt64(runs.count)]
            + runs.flatMap { [$0.number, UInt64($0.chunks), UInt64($0.entries)] } + absorbed
    }

    private static let headerWords = 5
}
