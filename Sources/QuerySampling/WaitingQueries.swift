/// The sampled queries that wait until they are written.
///
/// Their number and their memory are bounded, and so is the part of one user.
package struct WaitingQueries {
    /// A sampled query.
    struct Query {
        let hash: QueryHash
        let vector: [Float]
        /// The user id of the client.
        let client: UInt32
        /// When it can be written, in seconds.
        let due: Double
    }

    /// The maximum number of queries.
    package static let maximumCount = 8192
    /// The maximum size of their vectors in bytes.
    static let maximumBytes = 32 << 20

    private var queries: [Query] = []
    private var hashes: Set<QueryHash> = []
    private var counts: [UInt32: Int] = [:]
    private var bytes = 0

    func contains(_ hash: QueryHash) -> Bool { hashes.contains(hash) }

    /// Appends a query.
    ///
    /// - Parameter clientShare: the largest share of the maximum that one user's queries can be.
    /// - Returns: false if there is no space for it.
    mutating func append(_ query: Query, clientShare: Double) -> Bool {
        let size = query.vector.count * 4
        let limit = min(Self.maximumCount, Self.maximumBytes / max(1, size))
        guard queries.count < limit, bytes + size <= Self.maximumBytes,
            counts[query.client, default: 0] < max(1, Int(clientShare * Double(limit)))
        else { return false }
        queries.append(query)
        hashes.insert(query.hash)
        counts[query.client, default: 0] += 1
        bytes += size
        return true
    }

    /// Removes and returns the queries that are due, the oldest first, at most `limit`.
    ///
    /// - Parameter now: the time in seconds.
    mutating func takeDue(now: Double, limit: Int) -> [Query] {
        let taken = Array(queries.prefix(limit).prefix { $0.due <= now })
        queries.removeFirst(taken.count)
        for query in taken {
            hashes.remove(query.hash)
            bytes -= query.vector.count * 4
            let rest = counts[query.client, default: 1] - 1
            counts[query.client] = rest > 0 ? rest : nil
        }
        return taken
    }
}
