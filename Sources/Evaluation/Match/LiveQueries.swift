/// A sample of the queries of searches, in memory only.
///
/// Between two measurements it takes a random sample of the queries that come (algorithm R, Vitter, "Random sampling
/// with a reservoir", 1985). ``take()`` adds them to the queries of earlier measurements, in place of the oldest.
package struct LiveQueries {
    /// The maximum number of queries.
    package static let maximumCount = 512
    /// The maximum number of new queries in a measurement, unless there are few queries in all.
    package static let maximumNewCount = 64
    /// The maximum size of the vectors in bytes, unless there is one vector only.
    package static let maximumBytes = 8 << 20

    /// The queries of the last measurement, in the order in which they came.
    private var measured: [[Float]] = []
    /// The sample of the queries since then.
    private var new: [[Float]] = []
    /// The number of queries since then.
    private var offeredCount = 0

    package init() {}

    package var isEmpty: Bool { measured.isEmpty && new.isEmpty }
    package var hasNew: Bool { !new.isEmpty }

    /// Offers a query.
    ///
    /// - Parameters:
    ///   - dimension: the dimension of the vector.
    ///   - vector: returns the vector; called only if the query is in the sample.
    ///   - random: returns a random number from 0 to its argument - 1.
    package mutating func offer(dimension: Int, _ vector: () -> [Float], random: (Int) -> Int) {
        offeredCount += 1
        let limit = max(Self.maximumNewCount, Self.maximumCount - measured.count)
        if new.count < min(limit, Self.limit(dimension: dimension)) {
            new.append(vector())
        } else if case let place = random(offeredCount), place < new.count {
            new[place] = vector()
        }
    }

    /// The queries to measure: the newest, as many as there can be.
    ///
    /// - Parameter dimension: the dimension of the corpus; queries of another one are forgotten.
    package mutating func take(dimension: Int) -> [[Float]] {
        measured = Array((measured + new).filter { $0.count == dimension }.suffix(Self.limit(dimension: dimension)))
        (new, offeredCount) = ([], 0)
        return measured
    }

    private static func limit(dimension: Int) -> Int {
        max(1, min(maximumCount, maximumBytes / max(1, dimension * 4)))
    }
}
