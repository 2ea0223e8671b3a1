extension CodeLayout {
    /// Whether the stored code of a row gives valid bounds of products with its vector.
    ///
    /// The bounds are valid if the stored residual and norm are at least the exact lengths, computed in double
    /// precision.
    ///
    /// - Parameters:
    ///   - vector: the row's vector, as it is stored.
    ///   - block: the block of codes that holds the row.
    ///   - slot: the row's position in the block.
    package func hasValidBounds(for vector: [Float], in block: RawSpan, slot: Int) -> Bool {
        guard block.byteCount == byteCount, vector.count == dimension, slot < rows else { return false }
        func number(_ column: Int) -> Double {
            Double(unsafe block.unsafeLoadUnaligned(fromByteOffset: self.column(column) + 4 * slot, as: Float.self))
        }
        let (scale, residual, norm) = (number(0), number(1), number(2))
        var lossSquared = 0.0
        var lengthSquared = 0.0
        for index in 0..<dimension {
            let value = Double(vector[index])
            let code = unsafe block.unsafeLoadUnaligned(fromByteOffset: code(slot) + index, as: Int8.self)
            let loss = value - scale * Double(code)
            lossSquared += loss * loss
            lengthSquared += value * value
        }
        return residual.isFinite && norm.isFinite && residual >= lossSquared.squareRoot()
            && norm >= lengthSquared.squareRoot()
    }
}
