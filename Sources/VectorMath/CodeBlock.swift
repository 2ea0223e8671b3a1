/// A block of codes in allocated memory, in the form of ``CodeLayout``.
package struct CodeBlock: Sendable {
    private let bytes: [UInt8]

    /// Encodes vectors.
    ///
    /// - Parameters:
    ///   - values: the vectors, at most `layout.rows` x dimension. The codes of the other rows are zero.
    ///   - layout: the layout of the block.
    package init(_ values: Span<Float>, layout: CodeLayout) {
        let codes = Codes(values, layout: layout)
        var bytes = [UInt8](repeating: 0, count: layout.byteCount)
        var span = bytes.mutableSpan
        var target = unsafe span.mutableBytes
        for slot in 0..<values.count / layout.dimension { codes.write(slot, to: &target, slot: slot) }
        self.bytes = bytes
    }

    /// Calls `body` with the bytes of the block.
    package func withBytes<R>(_ body: (RawSpan) throws -> R) rethrows -> R {
        try unsafe body(bytes.span.bytes)
    }
}
