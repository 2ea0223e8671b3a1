/// A choice of k and alpha without labels, by the number of antihubs.
///
/// An antihub is an image that is in nobody's top 10. Fewer antihubs mean that the correction spreads the queries more
/// evenly over the images. That helps where every image is about as likely to be asked for. Where most images are never
/// asked for, antihubs are as they should be, and the fewest antihubs come from a correction that is too strong. So the
/// weakest correction is chosen that the sample can't tell from the one with the fewest antihubs.
package struct AntihubChoice: Equatable, Sendable {
    /// The index of the chosen pair: of ``nearBest`` the one with the smallest alpha, then with the largest k.
    package let chosen: Int
    /// The indices of the pairs whose number of antihubs the sample can't tell from the smallest one.
    ///
    /// Pairs with A and B antihubs can't be told apart if A - B <= 1.96 sqrt(A + B), as for two counts of rare events.
    package let nearBest: [Int]
    private let fewest: Int

    /// Chooses a pair.
    ///
    /// - Parameters:
    ///   - antihubs: for each pair of k and alpha the number of antihubs; at least one pair.
    ///   - ks: the k of each pair.
    ///   - alphas: the alpha of each pair.
    package init(antihubs: [Int], ks: [Int], alphas: [Float]) {
        precondition(!antihubs.isEmpty, "there is nothing to choose from")
        precondition(ks.count == antihubs.count && alphas.count == antihubs.count, "each pair has a k and an alpha")
        let fewest = antihubs.min() ?? 0
        let nearBest = antihubs.indices.filter { Self.isNear(antihubs[$0], fewest) }
        self.fewest = fewest
        self.nearBest = nearBest
        chosen = nearBest.min { (alphas[$0], ks[$1]) < (alphas[$1], ks[$0]) } ?? 0
    }

    /// Whether the sample can't tell a number of antihubs from the smallest one.
    ///
    /// If it is so for the ranking without correction, the sample does not show that any pair helps.
    package func isNearBest(_ antihubs: Int) -> Bool { Self.isNear(antihubs, fewest) }

    private static func isNear(_ antihubs: Int, _ fewest: Int) -> Bool {
        Double(antihubs - fewest) <= 1.959_963_984_540_054 * Double(antihubs + fewest).squareRoot()
    }
}
