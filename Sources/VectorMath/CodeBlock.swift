/// A block of coded rows in memory of its own.
package struct CodeBlock: Sendable {
    private let bytes: [UInt8]

    /// Encodes vectors.
    ///
    /// - Parameters:
    ///   - values: rows x dimension, at most the layout's rows.
    ///   - layout: how they will lie.
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
