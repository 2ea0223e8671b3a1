/// How a number of a stored vector is kept.
package enum Precision: String, CaseIterable, Codable, Sendable {
    case float32
    case float16

    /// Bytes per number.
    package var byteCount: Int {
        switch self {
        case .float32: 4
        case .float16: 2
        }
    }

    /// The largest magnitude it can hold.
    package var greatestFinite: Float {
        switch self {
        case .float32: .greatestFiniteMagnitude
        case .float16: 65_504
        }
    }
}
