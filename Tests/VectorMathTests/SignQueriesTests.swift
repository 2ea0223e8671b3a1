import Foundation
import Testing
import VectorMath

/// Estimates by sign codes, with every instruction set.
extension KernelTests {
    @Suite struct SignQueriesTests {
        /// Rows with codes, and queries that are compared with them; all components are from -1 to 1.
        private struct Setting {
            let layout: CodeLayout
            let basis: CodeBasis
            let rows: [[Float]]
            let queries: [[Float]]
            let alphas: [Float] = [0, 0.5, 1, 1, 0.75, 3, 2]
            var means: [Float]

            init(_ dimension: Int, _ random: inout SystemRandomNumberGenerator) {
                layout = CodeLayout(rows: 128, dimension: dimension)
                rows = SignQueriesTests.vectors(layout.rows, dimension, &random)
                queries = SignQueriesTests.vectors(7, dimension, &random)
                means = rows.map { _ in Float.random(in: -1...1, using: &random) }
                let (flatRows, flatQueries) = (rows.flatMap(\.self), queries.flatMap(\.self))
                let counts = CodeBasis.CorpusCounts(images: rows.count, references: queries.count)
                basis =
                    dimension > rows.count
                    ? CodeBasis(dimension: dimension)
                    : CodeBasis(
                        images: flatRows.span, references: flatQueries.span, dimension: dimension,
                        corpusCounts: counts)
            }

            /// The estimates that exceed a threshold, by query and row.
            func estimates(_ thresholds: [Float]) -> [[Int: Float]] {
                let (flatRows, flatQueries) = (rows.flatMap(\.self), queries.flatMap(\.self))
                let coded = SignQueries(flatQueries.span, alphas: alphas, basis: basis, layout: layout)
                var candidates = Candidates(lists: queries.count, capacity: layout.rows, layout: layout)
                let block = CodeBlock(flatRows.span, .image, basis: basis, layout: layout, withSigns: true)
                block.withSignBytes { block in
                    _ = coded.scan(
                        block, queries: 0..<queries.count, means: means.span, thresholds: thresholds, firstRow: 0,
                        into: &candidates)
                }
                return queries.indices.map { query in
                    let found = candidates.positions(of: query).map { candidates.intervals[$0] }
                    return Dictionary(uniqueKeysWithValues: found.map { ($0.row, $0.lower) })
                }
            }

            func score(_ query: Int, _ row: Int) -> Double {
                zip(rows[row], queries[query]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
                    - Double(alphas[query]) * Double(means[row])
            }
        }

        private static func vectors(
            _ count: Int, _ dimension: Int, _ random: inout SystemRandomNumberGenerator
        ) -> [[Float]] {
            (0..<count).map { _ in (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) } }
        }

        private static let dimensions = [1, 5, 16, 63, 130, 384, 512, 4100]
        private static let lowest = [Float](repeating: -.infinity, count: 7)

        @Test(arguments: dimensions) func allLevelsGiveTheSameEstimates(dimension: Int) {
            defer { Kernels.limit(to: .avx512vnni) }
            var random = SystemRandomNumberGenerator()
            let setting = Setting(dimension, &random)
            Kernels.limit(to: .portable)
            let portable = setting.estimates(Self.lowest)
            for level in Kernels.Level.allCases {
                Kernels.limit(to: level)
                for (query, estimates) in setting.estimates(Self.lowest).enumerated() {
                    #expect(estimates.count == setting.rows.count)
                    for (row, estimate) in estimates {
                        let other = portable[query][row] ?? .nan
                        #expect(abs(estimate - other) <= 1e-4 * Float(dimension), "\(level), row \(row)")
                    }
                }
            }
        }

        /// A component that is a sign alone is off by less than its own length.
        ///
        /// Errors of a random rotation are independent, so their mean over all pairs is small.
        @Test(arguments: dimensions) func estimatesAreRightOnAverage(dimension: Int) {
            var random = SystemRandomNumberGenerator()
            let setting = Setting(dimension, &random)
            let estimates = setting.estimates(Self.lowest)
            var errors: [Double] = []
            for query in setting.queries.indices {
                for row in setting.rows.indices {
                    errors.append(Double(estimates[query][row] ?? .nan) - setting.score(query, row))
                }
            }
            // The lengths of rows and queries are about sqrt(dimension / 3).
            let length = Double(dimension) / 3
            let mean = errors.reduce(0, +) / Double(errors.count)
            let deviation = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
            // A sign explains 2 / pi of the variance of a normal component. What it leaves out is as large as the rest
            // of the vector times 0.6 to 0.75, and has a random direction.
            let spread = length / Double(max(dimension, 8)).squareRoot()
            #expect(abs(mean) <= 0.5 * spread)
            #expect(deviation <= 1.5 * spread)
        }

        @Test(arguments: Kernels.Level.allCases) func aThresholdLeavesTheHigherEstimates(level: Kernels.Level) {
            Kernels.limit(to: level)
            defer { Kernels.limit(to: .avx512vnni) }
            var random = SystemRandomNumberGenerator()
            let setting = Setting(130, &random)
            let all = setting.estimates(Self.lowest)
            let thresholds = all.map { $0.values.sorted()[100] }
            for (query, left) in setting.estimates(thresholds).enumerated() {
                #expect(left == all[query].filter { $0.value > thresholds[query] })
                #expect(left.count >= 20)
            }
        }

        @Test(arguments: Kernels.Level.allCases) func rowsWithoutAnImageAreLeftOut(level: Kernels.Level) {
            Kernels.limit(to: level)
            defer { Kernels.limit(to: .avx512vnni) }
            var random = SystemRandomNumberGenerator()
            var setting = Setting(64, &random)
            for row in [0, 17, 63, 64, 127] { setting.means[row] = .infinity }
            for estimates in setting.estimates(Self.lowest) {
                #expect(Set(estimates.keys) == Set(0..<128).subtracting([0, 17, 63, 64, 127]))
            }
        }
    }
}
