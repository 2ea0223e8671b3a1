internal import VectorMath

/// Products of several rows, collected in any order, then sorted row by row.
struct Ranking {
    private var items: [(row: Int, product: RankedProduct)] = []
    private var grouped: [RankedProduct] = []
    private var starts: [Int]

    /// Makes an empty collection for the rows below `rows`.
    init(rows: Int) {
        starts = Array(repeating: 0, count: rows + 1)
    }

    /// Removes all products.
    mutating func removeAll() {
        items.removeAll(keepingCapacity: true)
    }

    /// Adds a product of `row`.
    mutating func add(_ row: Int, _ product: RankedProduct) {
        items.append((row, product))
    }

    /// Groups the products by row, which ``best(_:)`` needs.
    mutating func group() {
        for row in starts.indices { starts[row] = 0 }
        for item in items { starts[item.row + 1] += 1 }
        for row in 1..<starts.count { starts[row] += starts[row - 1] }
        var next = starts
        grouped = Array(repeating: RankedProduct(0, column: 0), count: items.count)
        for item in items {
            grouped[next[item.row]] = item.product
            next[item.row] += 1
        }
    }

    /// The products of `row`, the largest first, after ``group()``.
    mutating func best(_ row: Int) -> ArraySlice<RankedProduct> {
        let range = starts[row]..<starts[row + 1]
        grouped[range].sort()
        return grouped[range]
    }
}
