/// The result of ``Corpus/verify(sample:isCancelled:)``.
package struct Verification: Sendable {
    /// The number of images that were checked.
    package var checked = 0
    /// The largest finite difference between a stored mean and the mean computed from the vectors.
    package var largestDifference: Float = 0
    /// The images with a fault, at most ``maximumListed``: the id, the fault, the stored mean and the computed mean.
    package var wrong: [(id: String, fault: Fault, stored: Float, computed: Float)] = []
    /// The number of images with a fault.
    package var wrongCount = 0
    /// The references with a fault, at most ``maximumListed``.
    package var wrongReferences: [(id: String, fault: Fault)] = []
    /// The number of references with a fault.
    package var wrongReferenceCount = 0

    /// The maximum number of images, and of references, that are listed.
    package static let maximumListed = 100
    /// The difference up to which means count as equal; multiplied by the mean if that is above 1.
    package static let tolerance: Float = 1e-5

    /// A fault of an image or a reference.
    ///
    /// If there are several faults, the first in this order is reported.
    package enum Fault: String, Sendable {
        /// The vector does not match its checksum.
        case vector
        /// The row has an id whose row is another.
        case id
        /// The error bounds of the code do not hold for the vector, so a search could miss the image.
        case code
        /// The stored mean differs from the mean computed from the vectors.
        case mean
        /// The image does not stand once in the list of each of its cells, with the right sign code, so an approximate
        /// search could miss it. nnnd removes all cells then, and makes them anew.
        case cell
    }
}
