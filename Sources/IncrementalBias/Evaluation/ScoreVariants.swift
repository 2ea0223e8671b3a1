/// The ways to score images that one pass over the images compares.
///
/// The score of an image is similarity - weight x column value. A column has one number for each image, for example its
/// mean of the k largest similarities to references.
package struct ScoreVariants: Sendable {
    /// The weights of all variants.
    package let weights: [Float]
    /// The variants of each column: consecutive ranges of all variants.
    let groups: [(column: Int, variants: Range<Int>)]

    /// The number of variants.
    package var count: Int { weights.count }

    /// Creates variants.
    ///
    /// - Parameter variants: for each variant its column and its weight. Fastest if those of a column are consecutive.
    package init(_ variants: [(column: Int, weight: Float)]) {
        weights = variants.map(\.weight)
        groups = variants.chunked(by: \.column).map { (variants[$0.lowerBound].column, $0) }
    }

    /// The column of each variant.
    package var columns: [Int] { groups.flatMap { group in group.variants.map { _ in group.column } } }
}
