/// A block of codes in allocated memory, in the form of ``CodeLayout``.
package struct CodeBlock: Sendable {
    private let bytes: [UInt8]

    /// Encodes vectors.
    ///
    /// - Parameters:
    ///   - values: the vectors, at most `layout.rows` x dimension. The bounds of the other rows are NaN.
    ///   - role: whether the vectors are images or references.
    ///   - basis: the basis of the codes.
    ///   - layout: the layout of the block.
    package init(_ values: Span<Float>, _ role: CodeBasis.Role, basis: CodeBasis, layout: CodeLayout) {
        let codes = Codes(values, role, basis: basis, layout: layout)
        let empty = [Float](repeating: .nan, count: layout.dimension)
        let unused = Codes(empty.span, role, basis: basis, layout: layout)
        var bytes = [UInt8](repeating: 0, count: layout.byteCount)
        var span = bytes.mutableSpan
        var target = unsafe span.mutableBytes
        for slot in 0..<codes.count { codes.write(slot, to: &target, slot: slot) }
        for slot in codes.count..<layout.rows { unused.write(0, to: &target, slot: slot) }
        self.bytes = bytes
    }

    /// Calls `body` with the bytes of the block.
    package func withBytes<R>(_ body: (RawSpan) throws -> R) rethrows -> R {
        try unsafe body(bytes.span.bytes)
    }
}
