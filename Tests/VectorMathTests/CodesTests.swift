import Foundation
import Testing
import VectorMath

/// The bounds from codes are valid for every vector, with every instruction set.
extension KernelTests {
    @Suite struct CodesTests {
        /// A random vector that is hard to bound: very short or long, of equal magnitudes, with one large component, or
        /// zero.
        private static func vector(_ dimension: Int, _ random: inout SystemRandomNumberGenerator) -> [Float] {
            let length = Float.random(in: -20...20, using: &random)
            let shape = Int.random(in: 0..<4, using: &random)
            return (0..<dimension).map { i in
                switch shape {
                case 0: Float.random(in: -1...1, using: &random) * exp2(length)
                case 1: Float(Int.random(in: -1...1, using: &random)) * exp2(length)
                case 2: i == 0 ? exp2(length) : Float.random(in: -1e-4...1e-4, using: &random)
                default: 0
                }
            }
        }

        private static func fill(_ block: inout [UInt8], with codes: Codes) {
            var span = block.mutableSpan
            var bytes = unsafe span.mutableBytes
            for row in 0..<codes.layout.rows { codes.write(row, to: &bytes, slot: row) }
        }

        private static func product(_ a: [Float], _ b: [Float]) -> Double {
            zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }

        @Test(arguments: Kernels.Level.allCases) func everyScoreIsWithinItsBounds(level: Kernels.Level) {
            Kernels.limit(to: level)
            defer { Kernels.limit(to: .avx512vnni) }
            var random = SystemRandomNumberGenerator()
            for dimension in [1, 5, 63, 64, 65, 384, 515] {
                let layout = CodeLayout(rows: 37, dimension: dimension)
                let rows = (0..<layout.rows).map { _ in Self.vector(dimension, &random) }
                let queries = (0..<6).map { _ in Self.vector(dimension, &random) }
                let alphas: [Float] = [0, 0.5, 1, 1, 0.75, 3]
                var means = rows.map { _ in Float.random(in: -1...1, using: &random) }
                means[7] = .infinity
                var block = [UInt8](repeating: 0, count: layout.byteCount)
                let flatRows = rows.flatMap { $0 }
                let flatQueries = queries.flatMap { $0 }
                let codes = Codes(flatRows.span, layout: layout)
                Self.fill(&block, with: codes)

                let coded = CodedQueries(flatQueries.span, alphas: alphas, layout: layout)
                var products = [Int32](repeating: 0, count: queries.count * layout.rows)
                unsafe coded.products(block.span.bytes, queries: 0..<queries.count, into: &products)
                for (query, vector) in queries.enumerated() {
                    var bounds = ScoreIntervals(count: layout.rows)
                    let found = unsafe coded.collect(
                        query, block.span.bytes, count: layout.rows, products: products, at: query * layout.rows,
                        means: means.span, minimumScore: -.infinity, into: &bounds)
                    let all = (0..<found).map { bounds[$0].row }
                    #expect(all == (0..<layout.rows).filter { $0 != 7 })
                    for (row, lower, upper) in (0..<found).map({ bounds[$0] }) {
                        let score = Self.product(rows[row], vector) - Double(alphas[query]) * Double(means[row])
                        let stored = rows[row]
                        let exact = Kernels.product(stored.span, vector.span) - alphas[query] * means[row]
                        let place: Comment = "\(level), dimension \(dimension), row \(row)"
                        #expect(Double(upper) >= score && Double(lower) <= score, place)
                        #expect(upper >= exact && lower <= exact, place)
                    }
                }
            }
        }

        @Test(arguments: Kernels.Level.allCases) func aProductIsTheSameInEveryMatrix(level: Kernels.Level) {
            Kernels.limit(to: level)
            defer { Kernels.limit(to: .avx512vnni) }
            var random = SystemRandomNumberGenerator()
            for (rows, queries, dimension) in [(1, 1, 3), (7, 5, 64), (13, 9, 131), (32, 33, 384)] {
                let matrix = (0..<rows * dimension).map { _ in Float.random(in: -1...1, using: &random) }
                let others = (0..<queries * dimension).map { _ in Float.random(in: -1...1, using: &random) }
                var out = [Float](repeating: 0, count: rows * queries)
                Kernels.products(matrix.span, others.span, dimension: dimension, into: &out)
                for row in 0..<rows {
                    for query in 0..<queries {
                        let a = matrix.span.extracting(row * dimension..<(row + 1) * dimension)
                        let b = others.span.extracting(query * dimension..<(query + 1) * dimension)
                        let alone = Kernels.product(a, b)
                        let together = out[query * rows + row]
                        #expect(together == alone)
                        let exact = Self.product(
                            Array(matrix[row * dimension..<(row + 1) * dimension]),
                            Array(others[query * dimension..<(query + 1) * dimension]))
                        #expect(abs(Double(together) - exact) < 1e-4)
                    }
                }
            }
        }
    }
}
