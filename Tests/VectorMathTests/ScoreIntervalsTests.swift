import Testing
import VectorMath

/// Operations on a table of intervals, compared with plain Swift.
extension KernelTests {
    @Suite struct ScoreIntervalsTests {
        private typealias Interval = (row: Int, lower: Float, upper: Float)

        /// Intervals of exact scores, which are random numbers with ties, from position `start` on.
        private static func intervals(_ count: Int, from start: Int) -> (ScoreIntervals, [Interval]) {
            var random = SplitMix64.forTest()
            var intervals = ScoreIntervals(count: start + count + 3)
            var plain: [Interval] = []
            let rows = (0..<UInt32(count)).shuffled(using: &random)
            for (index, row) in rows.enumerated() {
                let score = Float(Int.random(in: -20...20, using: &random)) / 4
                intervals.set(start + index, row: row, score: score)
                plain.append((Int(row), score, score))
            }
            return (intervals, plain)
        }

        /// Random intervals with different bounds, as products of codes give them.
        private static func wideIntervals(_ count: Int) -> (ScoreIntervals, [Interval]) {
            var random = SplitMix64.forTest()
            let layout = CodeLayout(rows: max(1, (count + 63) / 64) * 64, dimension: 19)
            let values = (0..<count * 19).map { _ in Float.random(in: -1...1, using: &random) }
            let query = (0..<19).map { _ in Float.random(in: -1...1, using: &random) }
            let basis = CodeBasis(dimension: 19)
            let queries = CodedQueries(
                query.span, .reference, alphas: [0], basis: basis, layout: layout, for: [.halves])
            let means = [Float](repeating: 0, count: layout.rows)
            var candidates = Candidates(lists: 1, capacity: layout.rows, layout: layout)
            CodeBlock(values.span, .image, basis: basis, layout: layout).withBytes { block in
                _ = queries.scan(
                    block, next: block, queries: 0..<1, means: means.span, thresholds: [-.infinity], firstRow: 0,
                    into: &candidates)
            }
            precondition(candidates[countOf: 0] == count)
            return (candidates.intervals, (0..<count).map { candidates.intervals[$0] })
        }

        private static func same(_ a: ScoreIntervals, from start: Int, _ b: [Interval]) -> Bool {
            b.indices.allSatisfy { a[start + $0] == b[$0] }
        }

        @Test(arguments: Kernels.Level.allCases, [0, 1, 15, 16, 33, 200])
        func dropKeepsTheRowsThatReachTheThreshold(level: Kernels.Level, count: Int) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            for start in [0, 5] {
                for threshold: Float in [-.infinity, -1, 0, 2.5, .infinity] {
                    var (intervals, plain) = Self.intervals(count, from: start)
                    let left = intervals.drop(from: start, count: count, below: threshold)
                    let expected = plain.filter { $0.upper >= threshold }
                    #expect(left == expected.count)
                    #expect(Self.same(intervals, from: start, expected))
                }
            }
        }

        @Test(arguments: Kernels.Level.allCases, [1, 2, 40, 64, 300])
        func pruneRaisesTheThresholdToWhatEnoughLowerBoundsReach(level: Kernels.Level, wanted: Int) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            for count in [0, 1, 39, 64, 100, 299, 700] {
                for initial: Float in [-.infinity, 0.3, 1e6] {
                    var (intervals, plain) = Self.wideIntervals(count)
                    var threshold = initial
                    let left = intervals.prune(from: 0, count: count, wanted: wanted, threshold: &threshold)
                    let reaching = plain.count { $0.lower >= threshold }
                    if plain.count(where: { $0.lower >= initial }) < wanted {
                        #expect(threshold == initial)
                    } else {
                        #expect(threshold >= initial)
                        #expect(reaching >= wanted)
                        // The overshoot that ck_prune allows; the random bounds are all different.
                        let isTight = threshold == initial || reaching <= wanted + wanted / 32
                        #expect(isTight, "\(reaching) of \(count) reach it, \(wanted) are wanted")
                    }
                    let expected = plain.filter { $0.upper >= threshold }
                    #expect(left == expected.count)
                    #expect(Self.same(intervals, from: 0, expected))
                }
            }
        }

        @Test(arguments: Kernels.Level.allCases, [1, 2, 40, 64, 300])
        func aMidpointIsReachedByEnoughRows(level: Kernels.Level, wanted: Int) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            for count in [0, 1, 39, 64, 100, 700] {
                var (intervals, plain) = Self.wideIntervals(count)
                let midpoint = intervals.midpointReached(from: 0, count: count, wanted: wanted)
                let reaching = plain.count { ($0.lower + $0.upper) * 0.5 >= midpoint }
                if count < wanted {
                    #expect(midpoint == -.infinity)
                } else {
                    // The overshoot that ck_midpoint_reached allows.
                    #expect(reaching >= wanted && reaching <= wanted + wanted / 32)
                }
            }
        }

        @Test func inexactRowsAreListedUntilTheirScoresAreSet() {
            var (intervals, plain) = Self.wideIntervals(90)
            var positions = [UInt32](repeating: 0, count: 100)
            let midpoints = plain.map { ($0.lower + $0.upper) * 0.5 }
            let minimum = midpoints.sorted()[30]
            let count = intervals.appendInexact(from: 10, count: 70, minimumMidpoint: minimum, to: &positions, at: 7)
            let expected = (10..<80).filter { midpoints[$0] >= minimum }.map(UInt32.init)
            #expect(Array(positions[7..<7 + count]) == expected)

            let scores = expected.map { Float($0) }
            intervals.setExact(expected[...], scores)
            for position in expected {
                let expectedInterval = (plain[Int(position)].row, Float(position), Float(position))
                #expect(intervals[Int(position)] == expectedInterval)
            }
            let left = intervals.appendInexact(from: 10, count: 70, minimumMidpoint: minimum, to: &positions, at: 0)
            #expect(left == 0)
        }

        @Test func aRowIsReplacedByTheElementAtItsIndex() {
            var (intervals, plain) = Self.intervals(20, from: 3)
            let newRows = (0..<25).map { UInt32(1000 + $0) }
            intervals.replaceRows(from: 4, count: 10, by: newRows[5...])
            for index in 0..<20 {
                let isReplaced = (1..<11).contains(index)
                #expect(intervals[3 + index].row == plain[index].row + (isReplaced ? 1005 : 0))
            }
        }
    }
}
