extension CodeLayout {
    /// Whether the stored code of a row bounds products with its vector, as a scan relies on: residual and norm are at
    /// least the lengths that they stand for.
    ///
    /// - Parameters:
    ///   - vector: the row's vector, as it is stored.
    ///   - block: the block of codes that the row is in.
    ///   - slot: its place there.
    package func covers(_ vector: [Float], in block: RawSpan, slot: Int) -> Bool {
        guard block.byteCount == byteCount, vector.count == dimension, slot < rows else { return false }
        func number(_ column: Int) -> Double {
            Double(unsafe block.unsafeLoadUnaligned(fromByteOffset: self.column(column) + 4 * slot, as: Float.self))
        }
        let (scale, residual, norm) = (number(0), number(1), number(2))
        var lost = 0.0
        var length = 0.0
        for index in 0..<dimension {
            let value = Double(vector[index])
            let code = unsafe block.unsafeLoadUnaligned(fromByteOffset: code(slot) + index, as: Int8.self)
            let rest = value - scale * Double(code)
            lost += rest * rest
            length += value * value
        }
        return residual.isFinite && norm.isFinite && residual >= lost.squareRoot() && norm >= length.squareRoot()
    }
}
