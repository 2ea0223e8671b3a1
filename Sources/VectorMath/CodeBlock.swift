/// A block of coded rows in allocated memory.
package struct CodeBlock: Sendable {
    private let bytes: [UInt8]

    /// Encodes vectors.
    ///
    /// - Parameters:
    ///   - values: rows x dimension, at most `layout.rows` of them.
    ///   - layout: the layout of the block.
    package init(_ values: Span<Float>, layout: CodeLayout) {
        let codes = Codes(values, layout: layout)
        var bytes = [UInt8](repeating: 0, count: layout.byteCount)
        var span = bytes.mutableSpan
        var target = unsafe span.mutableBytes
        for slot in 0..<values.count / layout.dimension { codes.write(slot, to: &target, slot: slot) }
        self.bytes = bytes
    }

    /// Calls `body` with the block.
    package func withBytes<R>(_ body: (RawSpan) throws -> R) rethrows -> R {
        try unsafe body(bytes.span.bytes)
    }
}
