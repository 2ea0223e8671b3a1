internal import CKernels

/// Selects and sorts the largest of some products, with memory that one thread uses again and again.
package struct BestProducts: Sendable {
    private var keys: [UInt64]
    private var scratch = [UInt64](repeating: 0, count: Int(CK_SORT_MAX))

    /// - Parameter count: the largest number of products to select from.
    package init(count: Int) {
        keys = Array(repeating: 0, count: count)
    }

    /// Writes the largest of some products in descending order, equal ones by ascending column.
    ///
    /// - Parameters:
    ///   - values: the products to select from; none is NaN, and no two have the same column.
    ///   - names: the column of each.
    ///   - capacity: the number of products to write; `products` and `columns` have at least so many elements.
    /// - Returns: the number of products written: `capacity`, or all where there are fewer.
    package mutating func select(
        _ values: Span<Float>, _ names: Span<UInt32>, capacity: Int, products: inout [Float], columns: inout [UInt32]
    ) -> Int {
        let count = values.count
        let kept = min(count, capacity)
        precondition(names.count == count && count <= keys.count)
        precondition(products.count >= kept && columns.count >= kept)
        guard kept > 0 else { return 0 }
        unsafe keys.withUnsafeMutableBufferPointer { keys in
            unsafe scratch.withUnsafeMutableBufferPointer { scratch in
                guard let k = keys.baseAddress, let s = scratch.baseAddress else { return }
                for index in 0..<count {
                    unsafe k[index] = RankedProduct(values[index], column: names[index]).key
                }
                unsafe ck_smallest(k, count, kept, s)
                for index in 0..<kept {
                    let ranked = unsafe RankedProduct(key: k[index])
                    products[index] = ranked.product
                    columns[index] = ranked.column
                }
            }
        }
        return kept
    }
}
