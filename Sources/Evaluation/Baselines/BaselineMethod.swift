/// A published method against hubness that an evaluation compares with.
///
/// Within the ranking of one query each method is the similarity minus one number per image, a bias, as in NNN. So an
/// image's biases for all methods and parameters can be computed in one pass, and ranks follow as they do for NNN.
package enum BaselineMethod: String, CaseIterable, Sendable {
    /// Distribution Normalization: the mean reference, times lambda, is subtracted from each query.
    ///
    /// The bias is lambda x the product of image and mean reference. The paper subtracts a mean from the images too,
    /// which changes all scores of a query alike. Source: Zhou, Ren, Li, Zabih and Lim, "Test-time distribution
    /// normalization for contrastively learned visual-language models", NeurIPS 2023, arXiv 2302.11084.
    case distributionNormalization = "distribution_normalization"
    /// Cross-domain similarity local scaling.
    ///
    /// The bias is half of the mean of the k largest similarities to references. The other half, the mean similarity of
    /// the query to its nearest images, changes all scores of a query alike. So CSLS is NNN with alpha = 0.5. Source:
    /// Conneau, Lample, Ranzato, Denoyer and Jégou, "Word translation without parallel data", ICLR 2018,
    /// arXiv 1710.04087.
    case csls
    /// Inverted softmax.
    ///
    /// The bias is ln(sum over the references of exp(beta x similarity)) / beta. Source: Smith, Turban, Hamblin and
    /// Hammerla, "Offline bilingual word vectors, orthogonal transformations and the inverted softmax", ICLR 2017,
    /// arXiv 1702.03859.
    case invertedSoftmax = "inverted_softmax"
    /// Dynamic inverted softmax, which QB-Norm uses.
    ///
    /// A query whose most similar image is also the most similar image of some reference is ranked by inverted softmax,
    /// any other query by similarity (``ranks(invertedSoftmax:none:firstIsActive:)``). Source: Bogolin, Croitoru, Jin,
    /// Liu and Albanie, "Cross modal retrieval with querybank normalisation", CVPR 2022, arXiv 2112.12777.
    case dynamicInvertedSoftmax = "dynamic_inverted_softmax"
    /// Dual inverted softmax, which DBNorm uses: the product of the inverted softmax over references and the one over
    /// images.
    ///
    /// The bias is (ln(sum over the references of exp(beta1 x similarity)) + ln(sum over the images of exp(beta2 x
    /// similarity))) / (beta1 + beta2). The images include the image itself. Source: Wang, Jian and Xue, "Balance act:
    /// mitigating hubness in cross-modal retrieval with query and gallery banks", EMNLP 2023, arXiv 2310.11612.
    case dualInvertedSoftmax = "dual_inverted_softmax"

    /// The ranks of dynamic inverted softmax.
    ///
    /// - Parameters:
    ///   - invertedSoftmax: for each query the rank under inverted softmax.
    ///   - none: for each query the rank by similarity.
    ///   - firstIsActive: for each query whether its most similar image is the most similar image of some reference.
    package static func ranks(invertedSoftmax: [UInt32], none: [UInt32], firstIsActive: [Bool]) -> [UInt32] {
        firstIsActive.indices.map { firstIsActive[$0] ? invertedSoftmax[$0] : none[$0] }
    }
}
