import Testing
import VectorMath

extension KernelTests {
    @Suite struct ExhaustiveSearchTests {
        @Test func findsTheLargestProductsAboveEachThreshold() throws {
            var random = SplitMix64.forTest()
            let (queryCount, vectorCount, dimension, capacity) = (150, 1300, 24, 20)
            let queries = (0..<queryCount * dimension).map { _ in Float.random(in: -1...1, using: &random) }
            let vectors = (0..<vectorCount * dimension).map { _ in Float.random(in: -1...1, using: &random) }
            let thresholds = (0..<queryCount).map {
                $0 % 3 == 0 ? -Float.infinity : Float.random(in: 0...3, using: &random)
            }
            let search = try ExhaustiveSearch(queries: queryCount, capacity: capacity)
            search.begin(thresholds: thresholds.span)
            for start in stride(from: 0, to: vectorCount, by: 700) {
                let part = vectors.span.extracting(start * dimension..<min(start + 700, vectorCount) * dimension)
                try search.add(queries.span, vectors: part, dimension: dimension, firstRow: UInt32(start))
            }
            for query in 0..<queryCount {
                let queryVector = queries.span.extracting(query * dimension..<(query + 1) * dimension)
                let products = (0..<vectorCount).map { row in
                    Kernels.product(vectors.span.extracting(row * dimension..<(row + 1) * dimension), queryVector)
                }
                // The largest products first, equal ones by row.
                let expected = products.enumerated().filter { $0.element > thresholds[query] }
                    .sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.prefix(capacity)
                var found = [Float](repeating: 0, count: capacity)
                var rows = [UInt32](repeating: 0, count: capacity)
                let count = search.result(query: query, products: &found, rows: &rows)
                let (values, foundRows) = (Array(found[..<count]), rows[..<count].map(Int.init))
                #expect(values == expected.map(\.element))
                #expect(foundRows == expected.map(\.offset))
            }
        }
    }
}
