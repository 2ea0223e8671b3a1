/// The result of a verification.
package struct Verification: Sendable {
    /// The number of images that were checked.
    package var checked = 0
    /// The largest difference between a stored mean and one computed from the vectors, where both are numbers.
    package var largestDifference: Float = 0
    /// The images with a fault, at most ``reported``: id, fault, stored mean, mean computed from the vectors.
    package var wrong: [(id: String, fault: Fault, stored: Float, computed: Float)] = []
    /// The number of images with a fault.
    package var wrongCount = 0
    /// The references with a fault, at most ``reported``.
    package var wrongReferences: [(id: String, fault: Fault)] = []
    /// The number of references with a fault.
    package var wrongReferenceCount = 0

    /// The largest number of images, and of references, that are named.
    package static let reported = 100
    /// The largest difference of means that rounding explains.
    package static let tolerance: Float = 1e-5

    /// A fault of an image or a reference; the first of several.
    package enum Fault: String, Sendable {
        /// The vector doesn't match its checksum.
        case vector
        /// The id leads to another row.
        case id
        /// The bounds of the code don't hold, so that a search could miss the image.
        case code
        /// The mean differs from the one computed from the vectors.
        case mean
    }
}
