internal import VectorMath

extension ReferenceHeap {
    /// Replaces the content by the result of `search` for its row `row`; the columns become the rows of references.
    mutating func copy(from search: ExhaustiveSearch, row: Int) {
        replace { similarities, rows in search.result(row: row, products: &similarities, columns: &rows) }
    }

    /// Replaces the content by the result of `search` for its row `row`; the columns become the rows of references.
    mutating func copy(from search: inout CodedSearch, row: Int) {
        replace { similarities, rows in search.result(row: row, products: &similarities, columns: &rows) }
    }

    /// Replaces the content by the best of `ranked`, which is sorted; the columns become the rows of references.
    mutating func copy(_ ranked: ArraySlice<RankedProduct>) {
        let capacity = capacity
        replace { similarities, rows in
            let count = min(ranked.count, capacity)
            for (i, entry) in ranked.prefix(count).enumerated() {
                similarities[i] = entry.product
                rows[i] = entry.column
            }
            return count
        }
    }
}
