extension CodeLayout {
    /// Whether the stored code of a row gives valid bounds of the products of its vector.
    ///
    /// The bounds are valid if the stored residual is at least the length of the difference between the vector and the
    /// decoded code, and the stored norm at least the length of the vector. Both lengths are computed in double
    /// precision.
    ///
    /// - Parameters:
    ///   - vector: the row's vector, as it is stored.
    ///   - block: the block of codes that holds the row.
    ///   - slot: the position of the row in the block.
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
