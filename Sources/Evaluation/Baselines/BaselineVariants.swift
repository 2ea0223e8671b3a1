/// The methods and parameters that an evaluation compares with.
///
/// For example, with similarities of one image to all references and to all images:
///
///     let variants = BaselineVariants(ks: [8, 128])
///     var (references, images) = (SimilaritySums(), SimilaritySums())
///     references.add(toReferences.span)
///     images.add(toImages.span)
///     let biases = variants.biases(
///         of: ImageSums(
///             meanProduct: meanProduct, means: means, references: references.logarithms, images: images.logarithms))
package struct BaselineVariants: Sendable {
    /// The values of lambda, in the range of the paper.
    package static let lambdas = [0.25, 0.5, 0.75, 1]

    /// The variants that have biases: all but those of dynamic inverted softmax, which are those of inverted softmax
    /// with the same beta.
    package let variants: [Variant]
    private let ks: [Int]

    /// A method with its parameters.
    package struct Variant: Equatable, Sendable {
        package let method: BaselineMethod
        /// Name -> value: `lambda`, `k`, `beta`, or `beta1` and `beta2`.
        package let parameters: [String: Double]

        package init(method: BaselineMethod, parameters: [String: Double]) {
            self.method = method
            self.parameters = parameters
        }
    }

    /// Lists the variants.
    ///
    /// - Parameter ks: the values of k for CSLS.
    package init(ks: [Int]) {
        self.ks = ks
        let betas = SimilaritySums.betas
        variants =
            Self.lambdas.map { Variant(method: .distributionNormalization, parameters: ["lambda": $0]) }
            + ks.map { Variant(method: .csls, parameters: ["k": Double($0)]) }
            + betas.map { Variant(method: .invertedSoftmax, parameters: ["beta": $0]) }
            + betas.flatMap { first in
                betas.map { Variant(method: .dualInvertedSoftmax, parameters: ["beta1": first, "beta2": $0]) }
            }
    }

    /// The biases of an image for all of ``variants``, in their order.
    package func biases(of image: ImageSums) -> [Float] {
        precondition(image.means.count == ks.count, "\(image.means.count) means for \(ks.count) values of k")
        let betas = SimilaritySums.betas
        var biases: [Float] = []
        biases.reserveCapacity(variants.count)
        for lambda in Self.lambdas { biases.append(Float(lambda * image.meanProduct)) }
        // CSLS ranks by 2 x similarity - mean; half of that ranks in the same way.
        for mean in image.means { biases.append(0.5 * mean) }
        for (beta, logarithm) in zip(betas, image.references) { biases.append(Float(logarithm / beta)) }
        for (first, references) in zip(betas, image.references) {
            for (second, images) in zip(betas, image.images) {
                biases.append(Float((references + images) / (first + second)))
            }
        }
        return biases
    }
}
