/// A block of codes in allocated memory, in the form of ``CodeLayout``; with it a block of their sign codes if wanted.
package struct CodeBlock: Sendable {
    private let bytes: [UInt8]
    private let signBytes: [UInt8]

    /// Encodes vectors.
    ///
    /// - Parameters:
    ///   - values: the vectors, at most `layout.rows` x dimension. The bounds of the other rows are NaN.
    ///   - role: whether the vectors are images or references.
    ///   - basis: the basis of the codes.
    ///   - layout: the layout of the block.
    ///   - withSigns: whether to make sign codes too.
    package init(
        _ values: Span<Float>, _ role: CodeBasis.Role, basis: CodeBasis, layout: CodeLayout, withSigns: Bool = false
    ) {
        let codes = Codes(values, role, basis: basis, layout: layout)
        let empty = [Float](repeating: .nan, count: layout.dimension)
        let unused = Codes(empty.span, role, basis: basis, layout: layout)
        var bytes = [UInt8](repeating: 0, count: layout.byteCount)
        var span = bytes.mutableSpan
        var target = unsafe span.mutableBytes
        for slot in 0..<codes.count { codes.write(slot, to: &target, slot: slot) }
        for slot in codes.count..<layout.rows { unused.write(0, to: &target, slot: slot) }
        self.bytes = bytes
        var signBytes = [UInt8](repeating: 0, count: withSigns ? layout.signByteCount : 0)
        if withSigns {
            var signSpan = signBytes.mutableSpan
            var signTarget = unsafe signSpan.mutableBytes
            for slot in 0..<codes.count { codes.writeSigns(slot, to: &signTarget, slot: slot) }
            for slot in codes.count..<layout.rows { unused.writeSigns(0, to: &signTarget, slot: slot) }
        }
        self.signBytes = signBytes
    }

    /// Calls `body` with the bytes of the block.
    package func withBytes<R>(_ body: (RawSpan) throws -> R) rethrows -> R {
        try unsafe body(bytes.span.bytes)
    }

    /// Calls `body` with the bytes of the block of sign codes; none if it has not been made.
    package func withSignBytes<R>(_ body: (RawSpan) throws -> R) rethrows -> R {
        try unsafe body(signBytes.span.bytes)
    }
}
