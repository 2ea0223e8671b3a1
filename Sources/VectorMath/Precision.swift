/// The type of the components of stored vectors.
package enum Precision: String, CaseIterable, Codable, Sendable {
    /// IEEE 754 single precision.
    case float32
    /// IEEE 754 half precision.
    case float16

    /// The size of a component in bytes.
    package var byteCount: Int {
        switch self {
        case .float32: 4
        case .float16: 2
        }
    }

    /// The largest finite magnitude.
    package var greatestFinite: Float {
        switch self {
        case .float32: .greatestFiniteMagnitude
        case .float16: 65_504
        }
    }
}
