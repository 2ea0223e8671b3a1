/// The numbers of one image from which the bias of each baseline is computed.
package struct ImageSums: Sendable {
    /// The product of the image and the mean of the references.
    package var meanProduct: Double
    /// For each k of ``BaselineVariants`` the mean of the image's k largest similarities to references.
    package var means: [Float]
    /// ``SimilaritySums/logarithms`` over the references.
    package var references: [Double]
    /// ``SimilaritySums/logarithms`` over the images.
    ///
    /// The image itself counts once. A sample of m of the other images counts with the weight (images - 1) / m, so that
    /// the images inside and outside of the sample have comparable sums.
    package var images: [Double]

    package init(meanProduct: Double, means: [Float], references: [Double], images: [Double]) {
        self.meanProduct = meanProduct
        self.means = means
        self.references = references
        self.images = images
    }
}
