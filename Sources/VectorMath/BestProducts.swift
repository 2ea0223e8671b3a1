internal import CKernels

/// Selects the largest of some products and sorts them.
///
/// One thread uses it many times, so that its working memory is allocated once.
package struct BestProducts: Sendable {
    /// The products and their rows as keys, see ``RankedProduct``.
    private var keys: [UInt64]
    private var scratch = [UInt64](repeating: 0, count: Int(CK_SORT_MAX))

    /// - Parameter count: the maximum number of products to select from.
    package init(count: Int) {
        keys = Array(repeating: 0, count: count)
    }

    /// Writes the largest products in descending order, and equal ones by ascending row.
    ///
    /// - Parameters:
    ///   - products: the products to select from. None is NaN.
    ///   - rows: for each product the row of its vector. All are different.
    ///   - capacity: the number of products to write.
    ///   - bestProducts: receives the products. It has at least `capacity` elements, or as many as `products`.
    ///   - bestRows: receives their rows. It has as many elements as `bestProducts` needs.
    /// - Returns: the number of products written: `capacity`, or all if there are fewer.
    package mutating func select(
        _ products: Span<Float>, rows: Span<UInt32>, capacity: Int, bestProducts: inout [Float],
        bestRows: inout [UInt32]
    ) -> Int {
        let count = products.count
        let kept = min(count, capacity)
        precondition(rows.count == count && count <= keys.count)
        precondition(bestProducts.count >= kept && bestRows.count >= kept)
        guard kept > 0 else { return 0 }
        unsafe keys.withUnsafeMutableBufferPointer { keys in
            unsafe scratch.withUnsafeMutableBufferPointer { scratch in
                guard let k = keys.baseAddress, let s = scratch.baseAddress else { return }
                for index in 0..<count {
                    unsafe k[index] = RankedProduct(products[index], row: rows[index]).key
                }
                unsafe ck_smallest(k, count, kept, s)
                for index in 0..<kept {
                    let ranked = unsafe RankedProduct(key: k[index])
                    bestProducts[index] = ranked.product
                    bestRows[index] = ranked.row
                }
            }
        }
        return kept
    }
}
