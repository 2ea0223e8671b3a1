internal import FoundationEssentials
package import ShardFormats
package import WireAPI

extension QueryVectors {
    /// The rows of a matrix, as an .npy file in base64.
    package init(_ matrix: Matrix) {
        self = .npy(base64: Data(NPY.write(matrix)).base64EncodedString())
    }
}
