import Foundation
import Testing
import VectorMath

/// A search by codes finds the same as products of all pairs, even if codes exclude nothing.
extension KernelTests {
    @Suite struct CodedSearchTests {
        enum Shape: CaseIterable {
            /// Random directions.
            case smooth
            /// Copies of one vector: all products are equal.
            case equal
            /// One vector with changes that are too small to change its code.
            case nearlyEqual
            /// Few directions with many lengths, some of them zero.
            case lengths

            func vector(_ dimension: Int, _ random: inout SplitMix64) -> [Float] {
                (0..<dimension).map { i in
                    switch self {
                    case .smooth: Float.random(in: -1...1, using: &random)
                    case .equal: Float(i % 7) - 3
                    case .nearlyEqual: Float(i % 7) - 3 + Float.random(in: -1e-5...1e-5, using: &random)
                    case .lengths: 0
                    }
                }
            }
        }

        private static func vectors(_ shape: Shape, _ count: Int, _ dimension: Int) -> [[Float]] {
            var random = SplitMix64.forTest()
            return (0..<count).map { i in
                guard shape == .lengths else { return shape.vector(dimension, &random) }
                let length = exp2(Float(Int.random(in: -30...30, using: &random)))
                return (0..<dimension).map { Float(($0 + i) % 3 - 1) * (i % 11 == 0 ? 0 : length) }
            }
        }

        /// The order in which vectors are added.
        enum Order: CaseIterable {
            case random
            /// The order in which the vectors were made.
            case given
            /// By falling product with the first query: every estimate of its threshold is too high.
            case bestFirst
            /// By rising product with the first query.
            case bestLast

            func rows(_ query: [Float], _ vectors: [[Float]]) -> [UInt32] {
                let given = (0..<UInt32(vectors.count)).map(\.self)
                switch self {
                case .random: return given.shuffled()
                case .given: return given
                case .bestFirst: return Array(Order.bestLast.rows(query, vectors).reversed())
                case .bestLast:
                    return given.sorted { a, b in
                        let (x, y) = (vectors[Int(a)], vectors[Int(b)])
                        return Kernels.product(query.span, x.span) < Kernels.product(query.span, y.span)
                    }
                }
            }
        }

        @Test(arguments: Kernels.Level.allCases, Shape.allCases)
        func findsTheSameAsProductsOfAllPairs(level: Kernels.Level, shape: Shape) {
            for order in Order.allCases {
                for capacity in [9, 300, 330] { check(level, shape, order, capacity: capacity) }
            }
        }

        private func check(_ level: Kernels.Level, _ shape: Shape, _ order: Order, capacity: Int) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            let (dimension, vectorCount) = (37, 700)
            let layout = CodeLayout(rows: 64, dimension: dimension)
            let queries = Self.vectors(shape, 21, dimension)
            var vectors = Self.vectors(shape, vectorCount, dimension)
            vectors[100] = Array(repeating: .nan, count: dimension)

            let rows = order.rows(queries[0], vectors)
            let basis = CodeBasis(dimension: dimension)
            var search = CodedSearch(queries: queries.count, capacity: capacity, basis: basis, layout: layout)
            search.begin(queries.flatMap(\.self), vectorCount: vectorCount)
            let access: CodedSearch.VectorAccess = { row, body in
                let vector = vectors[row]
                body(vector.span)
            }
            for start in stride(from: 0, to: vectorCount, by: layout.rows) {
                let block = rows[start..<min(start + layout.rows, vectorCount)].map { vectors[Int($0)] }
                let flat = block.flatMap(\.self)
                CodeBlock(flat.span, .reference, basis: basis, layout: layout).withBytes {
                    search.add($0, rows: rows[start..<start + block.count], vectors: access)
                }
            }
            search.rescore(access)
            for (index, query) in queries.enumerated() {
                var products = [Float](repeating: 0, count: capacity)
                var found = [UInt32](repeating: 0, count: capacity)
                let count = search.result(query: index, products: &products, rows: &found)
                let exact = vectors.map { vector in
                    let (a, b) = (query, vector)
                    return Kernels.product(a.span, b.span)
                }
                let best = vectors.indices.filter { !exact[$0].isNaN }
                    .sorted { (exact[$1], $0) < (exact[$0], $1) }.prefix(capacity)
                #expect(count == capacity)
                #expect(found.map(Int.init) == Array(best), "\(level), \(shape), \(order), query \(index)")
                #expect(products == best.map { exact[$0] }, "\(level), \(shape), \(order), query \(index)")
            }
        }
    }
}
