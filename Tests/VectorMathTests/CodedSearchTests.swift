import Foundation
import Testing
import VectorMath

/// A search by codes finds the same as products of all pairs, also where codes exclude nothing.
extension KernelTests {
    @Suite struct CodedSearchTests {
        enum Shape: CaseIterable {
            /// Random directions.
            case smooth
            /// Copies of one vector: all products tie.
            case equal
            /// One vector with changes that codes are too coarse to show.
            case nearlyEqual
            /// Few directions with many lengths, some of them zero.
            case lengths

            func vector(_ dimension: Int, _ random: inout SystemRandomNumberGenerator) -> [Float] {
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
            var random = SystemRandomNumberGenerator()
            return (0..<count).map { i in
                guard shape == .lengths else { return shape.vector(dimension, &random) }
                let length = exp2(Float(Int.random(in: -30...30, using: &random)))
                return (0..<dimension).map { Float(($0 + i) % 3 - 1) * (i % 11 == 0 ? 0 : length) }
            }
        }

        /// The order in which columns are added.
        enum Order: CaseIterable {
            case random
            /// The order in which the vectors were made.
            case given
            /// Descending by the product with the first row: every estimate of its threshold is too high.
            case bestFirst
            /// Ascending by the product with the first row.
            case bestLast

            func names(_ count: Int, _ row: [Float], _ columns: [[Float]]) -> [UInt32] {
                let given = (0..<UInt32(count)).map(\.self)
                switch self {
                case .random: return given.shuffled()
                case .given: return given
                case .bestFirst: return Array(Order.bestLast.names(count, row, columns).reversed())
                case .bestLast:
                    return given.sorted { a, b in
                        let (x, y) = (columns[Int(a)], columns[Int(b)])
                        return Kernels.product(row.span, x.span) < Kernels.product(row.span, y.span)
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
            defer { Kernels.limit(to: .avx512vnni) }
            let (dimension, columnCount) = (37, 700)
            let layout = CodeLayout(rows: 64, dimension: dimension)
            let rows = Self.vectors(shape, 21, dimension)
            var columns = Self.vectors(shape, columnCount, dimension)
            columns[100] = Array(repeating: .nan, count: dimension)

            let names = order.names(columnCount, rows[0], columns)
            var search = CodedSearch(rows: rows.count, capacity: capacity, layout: layout)
            search.begin(rows.flatMap(\.self), columns: columnCount)
            let vectors: CodedSearch.Vectors = { column, body in
                let vector = columns[column]
                body(vector.span)
            }
            for start in stride(from: 0, to: columnCount, by: layout.rows) {
                let block = names[start..<min(start + layout.rows, columnCount)].map { columns[Int($0)] }
                let flat = block.flatMap(\.self)
                CodeBlock(flat.span, layout: layout).withBytes {
                    search.add($0, names: names[start..<start + block.count], vectors: vectors)
                }
            }
            search.rescore(vectors)
            for (index, row) in rows.enumerated() {
                var products = [Float](repeating: 0, count: capacity)
                var found = [UInt32](repeating: 0, count: capacity)
                let count = search.result(row: index, products: &products, columns: &found)
                let exact = columns.map { column in
                    let (a, b) = (row, column)
                    return Kernels.product(a.span, b.span)
                }
                let best = columns.indices.filter { !exact[$0].isNaN }
                    .sorted { (exact[$1], $0) < (exact[$0], $1) }.prefix(capacity)
                #expect(count == capacity)
                #expect(found.map(Int.init) == Array(best), "\(level), \(shape), \(order), row \(index)")
                #expect(products == best.map { exact[$0] }, "\(level), \(shape), \(order), row \(index)")
            }
        }
    }
}
