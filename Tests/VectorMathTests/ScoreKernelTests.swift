import Testing
import VectorMath

extension KernelTests {
    @Suite struct ScoreKernelTests {
        /// Similarities and means of some rows, with equal scores, rows without an image, and numbers for which a fused
        /// multiplication would give other floats.
        private static func rows(_ count: Int) -> (similarities: [Float], means: [Float]) {
            var random = SplitMix64.forTest()
            let similarities = (0..<count).map { row in
                row % 7 == 3 ? Float.nan : (Float.random(in: -1...1, using: &random) * 64).rounded() / 63
            }
            let means = (0..<count).map { row in
                row % 7 == 3 || row % 11 == 5
                    ? Float.infinity : (Float.random(in: 0...1, using: &random) * 64).rounded() / 63
            }
            return (similarities, means)
        }

        @Test(arguments: Kernels.Level.allCases, [0, 1, 15, 16, 17, 64, 101])
        func countsAndFindsTheRowsWhoseScoreExceedsAThreshold(level: Kernels.Level, count: Int) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            let (similarities, means) = Self.rows(count)
            let weights: [Float] = [0, 0.1, 0.3, 0.5, 0.7, 0.75, 1, 1.1, 2]
            func score(_ row: Int, _ weight: Float) -> Float { similarities[row] - weight * means[row] }
            // The scores of some rows are thresholds themselves: rows with equal scores are not above them.
            let thresholds = weights.enumerated().map { index, weight -> Float in
                guard count > 0 else { return 0 }
                let value = score(index * 5 % count, weight)
                return value.isFinite ? value : 0.1
            }
            var counts = [UInt32](repeating: 7, count: weights.count + 1)
            Kernels.countAbove(
                similarities.span, means: means.span, weights: weights.span, thresholds: thresholds.span,
                into: &counts, at: 1)
            #expect(counts[0] == 7)
            for (index, weight) in weights.enumerated() {
                let expected = (0..<count).filter { score($0, weight) > thresholds[index] }
                #expect(counts[index + 1] == 7 + UInt32(expected.count))
                var positions = [UInt32](repeating: 0, count: count)
                var scores = [Float](repeating: 0, count: count)
                let found = Kernels.scoresAbove(
                    similarities.span, means: means.span, weight: weight, threshold: thresholds[index],
                    positions: &positions, scores: &scores)
                #expect(positions.prefix(found).map { Int($0) } == expected)
                #expect(scores.prefix(found).elementsEqual(expected.map { score($0, weight) }))
            }
        }
    }
}
