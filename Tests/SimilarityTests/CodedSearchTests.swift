import Foundation
import Similarity
import Testing

/// A search by codes must find what multiplying everything finds, also where codes exclude nothing.
extension KernelTests {
    @Suite struct CodedSearchTests {
        enum Shape: CaseIterable {
            /// Random directions.
            case smooth
            /// All the same vector: nothing but ties.
            case equal
            /// One vector with changes far below what a code can tell.
            case nearlyEqual
            /// Few distinct vectors of many lengths, zeros among them.
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

        @Test(arguments: Kernels.Level.allCases, Shape.allCases)
        func findsWhatMultiplyingEverythingFinds(level: Kernels.Level, shape: Shape) {
            Kernels.limit(to: level)
            defer { Kernels.limit(to: .avx512vnni) }
            let (dimension, capacity, columnCount) = (37, 9, 700)
            let layout = CodeLayout(rows: 64, dimension: dimension)
            let rows = Self.vectors(shape, 21, dimension)
            var columns = Self.vectors(shape, columnCount, dimension)
            columns[100] = Array(repeating: .nan, count: dimension)

            var search = CodedSearch(rows: rows.count, capacity: capacity, layout: layout)
            search.begin(rows.flatMap(\.self))
            let vectors: CodedSearch.Vectors = { column, body in
                let vector = columns[column]
                body(vector.span)
            }
            for start in stride(from: 0, to: columnCount, by: layout.rows) {
                let block = columns[start..<min(start + layout.rows, columnCount)]
                let flat = block.flatMap(\.self)
                CodeBlock(flat.span, layout: layout).withBytes {
                    search.add($0, count: block.count, firstColumn: UInt32(start), vectors: vectors)
                }
            }
            search.decide(vectors)
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
                #expect(found.map(Int.init) == Array(best), "\(level), \(shape), row \(index)")
                #expect(products == best.map { exact[$0] }, "\(level), \(shape), row \(index)")
            }
        }
    }
}
