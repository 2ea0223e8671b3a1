import Testing
import VectorMath

extension KernelTests {
    @Suite struct ExhaustiveSearchTests {
        @Test func findsTheLargestProductsAboveEachThreshold() throws {
            var random = SystemRandomNumberGenerator()
            let (rows, columns, dimension, capacity) = (150, 1300, 24, 20)
            let matrix = (0..<rows * dimension).map { _ in Float.random(in: -1...1, using: &random) }
            let others = (0..<columns * dimension).map { _ in Float.random(in: -1...1, using: &random) }
            let thresholds = (0..<rows).map { $0 % 3 == 0 ? -Float.infinity : Float.random(in: 0...3, using: &random) }
            let search = try ExhaustiveSearch(rows: rows, capacity: capacity)
            search.begin(thresholds: thresholds.span)
            for start in stride(from: 0, to: columns, by: 700) {
                let part = others.span.extracting(start * dimension..<min(start + 700, columns) * dimension)
                try search.add(matrix.span, columns: part, dimension: dimension, firstColumn: UInt32(start))
            }
            for row in 0..<rows {
                let vector = matrix.span.extracting(row * dimension..<(row + 1) * dimension)
                let products = (0..<columns).map { column in
                    Kernels.product(others.span.extracting(column * dimension..<(column + 1) * dimension), vector)
                }
                let expected = products.enumerated().filter { $0.element > thresholds[row] }
                    .sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.prefix(capacity)
                var found = [Float](repeating: 0, count: capacity)
                var names = [UInt32](repeating: 0, count: capacity)
                let count = search.result(row: row, products: &found, columns: &names)
                let (values, places) = (Array(found[..<count]), names[..<count].map(Int.init))
                #expect(values == expected.map(\.element))
                #expect(places == expected.map(\.offset))
            }
        }
    }
}
