import VectorMath

extension Kernels {
    /// Uses the best instruction set again, after `limit(to:)`.
    static func endLimit() {
        limit(to: .avx512vnni)
    }
}
