import IncrementalBias
import Testing

/// The directory of the runs of pending entries: its stored form, and when runs are merged.
struct PendingDirectoryTests {
    private var limits: PendingLimits {
        var limits = PendingLimits()
        (limits.runsPerMerge, limits.smallestClass) = (4, 10)
        return limits
    }

    private func directory(_ entries: [Int]) -> PendingDirectory {
        var directory = PendingDirectory(pagesPerBlock: 2)
        for count in entries {
            directory.runs.append(.init(number: directory.takeNumber(), chunks: 1, entries: count))
        }
        return directory
    }

    @Test func theStoredFormIsDecodedAgain() throws {
        var directory = directory([5, 70, 3])
        directory.extend(toBlocks: 4)
        (directory.live, directory.nextBlock) = (78, 3)
        directory.absorbed[1] = 1
        let decoded = try #require(PendingDirectory(directory.encoded))
        #expect(decoded == directory)
        // The last number, the pages of a block, the live entries, the next block, and the number of runs; for each run
        // its number, chunks and entries; then `absorbed`.
        #expect(directory.encoded == [3, 2, 78, 3, 3] + [1, 1, 5] + [2, 1, 70] + [3, 1, 3] + [3, 1, 3, 3])
    }

    @Test func damagedFormsAreNotDecoded() {
        let good = directory([5, 70]).encoded
        #expect(PendingDirectory(good) != nil)
        for length in 0..<good.count {
            #expect(PendingDirectory(Array(good.prefix(length))) == nil, "\(length) numbers")
        }
        for index in good.indices {
            var damaged = good
            damaged[index] = .max
            #expect(PendingDirectory(damaged) == nil, "number \(index) is too large")
        }
        var damaged = good
        damaged[0] = 1
        #expect(PendingDirectory(damaged) == nil, "a run has a number that was never given")
        damaged = good
        damaged[1] = 0
        #expect(PendingDirectory(damaged) == nil, "blocks without pages")
        damaged = good
        damaged[5] = 0
        #expect(PendingDirectory(damaged) == nil, "a run without a number")
        damaged = good
        damaged[8] = damaged[5]
        #expect(PendingDirectory(damaged) == nil, "two runs with the same number")
        #expect(PendingDirectory(good + [2]) != nil)
        #expect(PendingDirectory(good + [3]) == nil, "a block has entries of a run that was never made")
    }

    @Test(arguments: [UInt64.random(in: 0..<1 << 32)])
    func randomNumbersAreRejectedOrAreADirectory(seed: UInt64) {
        var random = RandomSource(seed: seed)
        var decoded = 0
        for _ in 0..<100_000 {
            let words = (0..<Int.random(in: 0...14, using: &random)).map { _ in
                Int.random(in: 0..<50, using: &random) == 0 ? random.next() : UInt64.random(in: 0..<6, using: &random)
            }
            guard let directory = PendingDirectory(words) else { continue }
            decoded += 1
            #expect(directory.encoded == words, "seed \(seed)")
        }
        #expect(decoded > 100)
    }

    @Test func newBlocksHaveNoEntriesOfEarlierRuns() {
        var directory = directory([5, 70])
        directory.extend(toBlocks: 3)
        #expect(directory.absorbed == [2, 2, 2])
        _ = directory.takeNumber()
        directory.extend(toBlocks: 2)
        directory.extend(toBlocks: 4)
        #expect(directory.absorbed == [2, 2, 2, 3])
    }

    @Test func runsOfOneClassAreMergedIfThereAreEnough() {
        #expect(directory([]).runsToMerge(limits) == nil)
        #expect(directory([5, 5, 5]).runsToMerge(limits) == nil)
        #expect(directory([5, 1, 9, 5]).runsToMerge(limits) == 0..<4)
        #expect(directory([50, 5, 1, 9, 5]).runsToMerge(limits) == 1..<5)
        #expect(directory([50, 50, 50, 50, 5]).runsToMerge(limits) == 0..<4)
    }

    @Test func aRunCountsAsAtLeastAsLargeAsTheNewerOnes() {
        #expect(directory([5, 50, 5, 50, 3, 3]).runsToMerge(limits) == 0..<4)
        #expect(directory([5, 5, 5, 50]).runsToMerge(limits) == 0..<4)
        #expect(directory([5, 5, 50, 3, 3]).runsToMerge(limits) == nil)
    }

    @Test(arguments: [UInt64.random(in: 0..<1 << 32)])
    func thereAreFewRunsAndFewEntriesAreWrittenTwice(seed: UInt64) {
        var random = RandomSource(seed: seed)
        var directory = directory([])
        var (added, written) = (0, 0)
        for _ in 0..<3000 {
            let count = Int.random(in: 1...20, using: &random) == 1 ? 200 : Int.random(in: 1...20, using: &random)
            directory.runs.append(.init(number: directory.takeNumber(), chunks: 1, entries: count))
            added += count
            written += count
            while let range = directory.runsToMerge(limits) {
                let sum = directory.runs[range].reduce(0) { $0 + $1.entries }
                let merged = PendingDirectory.Run(number: directory.takeNumber(), chunks: 1, entries: sum)
                directory.runs.replaceSubrange(range, with: [merged])
                written += sum
            }
            // There are 8 classes up to 60,000 entries, and fewer than 4 runs of each.
            #expect(directory.runs.count <= 3 * 8, "seed \(seed)")
        }
        #expect(directory.runs.reduce(0) { $0 + $1.entries } == added)
        #expect(written <= 20 * added, "seed \(seed)")
    }
}
