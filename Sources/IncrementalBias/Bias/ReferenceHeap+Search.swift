internal import VectorMath

extension ReferenceHeap {
    /// Replaces the content by the vectors that `search` found for one of its queries.
    ///
    /// - Parameter query: the index of the query, which is an image. The vectors found are references.
    mutating func copy(from search: ExhaustiveSearch, query: Int) {
        replace { similarities, rows in search.result(query: query, products: &similarities, rows: &rows) }
    }

    /// Replaces the content by the vectors that `search` found for one of its queries.
    ///
    /// - Parameter query: the index of the query, which is an image. The vectors found are references.
    mutating func copy(from search: inout CodedSearch, query: Int) {
        replace { similarities, rows in search.result(query: query, products: &similarities, rows: &rows) }
    }

    /// Replaces the content by the first `capacity` elements of `ranked`.
    ///
    /// - Parameter ranked: references with their similarities, sorted by falling similarity.
    mutating func copy(_ ranked: ArraySlice<RankedProduct>) {
        let capacity = capacity
        replace { similarities, rows in
            let count = min(ranked.count, capacity)
            for (i, entry) in ranked.prefix(count).enumerated() {
                similarities[i] = entry.product
                rows[i] = entry.row
            }
            return count
        }
    }
}
