import Testing
import VectorMath

extension KernelTests {
    @Suite struct BestProductsTests {
        enum Shape: CaseIterable {
            case random, ascending, descending, ties, extremes

            func products(_ count: Int) -> [Float] {
                switch self {
                case .random: (0..<count).map { _ in Float.random(in: -1...1) }
                case .ascending: (0..<count).map(Float.init)
                case .descending: (0..<count).map { -Float($0) }
                case .ties: (0..<count).map { Float($0 % 3) - 1 }
                case .extremes:
                    (0..<count).map {
                        [-.infinity, .infinity, 0, -0x1p-149, 0x1p-149, .greatestFiniteMagnitude, -1, 1][$0 % 8]
                    }
                }
            }
        }

        @Test(arguments: Kernels.Level.allCases, Shape.allCases)
        func theLargestAreSortedWithTiesByRow(level: Kernels.Level, shape: Shape) {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            var selection = BestProducts(count: 5000)
            for count in [0, 1, 2, 31, 33, 160, 319, 320, 321, 500, 5000] {
                for capacity in [1, 10, 160, 300, 320, 400, 6000] {
                    let products = shape.products(count)
                    let rows = (0..<UInt32(count)).shuffled()
                    var bestProducts = [Float](repeating: .nan, count: capacity)
                    var bestRows = [UInt32](repeating: .max, count: capacity)
                    let kept = selection.select(
                        products.span, rows: rows.span, capacity: capacity, bestProducts: &bestProducts,
                        bestRows: &bestRows)
                    let best = zip(products, rows).sorted { ($1.0, $0.1) < ($0.0, $1.1) }.prefix(capacity)
                    #expect(kept == best.count)
                    #expect(Array(bestProducts[..<kept]) == best.map(\.0), "\(capacity) of \(count)")
                    #expect(Array(bestRows[..<kept]) == best.map(\.1), "\(capacity) of \(count)")
                }
            }
        }

        @Test func aKeyHoldsItsProductAndRow() {
            for product: Float in [-.infinity, -2, -0x1p-149, 0, 0x1p-149, 3.5, .infinity] {
                for row: UInt32 in [0, 7, .max] {
                    let ranked = RankedProduct(product, row: row)
                    #expect(ranked.product == product && ranked.row == row)
                    #expect(RankedProduct(key: ranked.key) == ranked)
                }
            }
        }
    }
}
