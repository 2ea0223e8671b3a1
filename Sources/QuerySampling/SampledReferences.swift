/// The references that this process has sampled and that the corpus still has, with the users whose queries they are.
///
/// It limits what one user's queries can be: see ``add(_:client:now:)``.
package struct SampledReferences {
    private struct Reference {
        let client: UInt32
        /// Its place in the order of additions.
        var number: UInt64
        /// When it was added or renewed the last time, in seconds.
        var time: Double
    }

    private var maximum = 0
    private var maximumPerClient = 0
    private var secondsToLive: Double?
    private var references: [QueryHash: Reference] = [:]
    /// All references in the order of additions.
    ///
    /// An element whose number is not that of the reference is outdated.
    private var order = FIFO()
    private var orders: [UInt32: FIFO] = [:]
    private var counts: [UInt32: Int] = [:]
    private var next: UInt64 = 0

    package init(_ settings: SamplingSettings) {
        apply(settings)
    }

    /// Applies other limits to later additions; what is counted stays counted.
    package mutating func apply(_ settings: SamplingSettings) {
        maximum = settings.maximumReferences
        maximumPerClient = settings.referencesPerClient
        secondsToLive = settings.secondsToLive
    }

    /// The number of references.
    package var count: Int { references.count }

    /// The number of elements of the queues, outdated ones included.
    package var elements: Int { order.count + orders.values.reduce(0) { $0 + $1.count } }

    /// The number of references that come from the queries of a user.
    package func count(of client: UInt32) -> Int { counts[client, default: 0] }

    /// The seconds since a reference was added or renewed; `nil` if there is none.
    package func age(of hash: QueryHash, now: Double) -> Double? { references[hash].map { now - $0.time } }

    /// Adds a reference, or renews the one that the same query is already, which stays that of the first user.
    ///
    /// If the user has the maximum of references already, or more since the limits were lowered, their oldest ones are
    /// removed. References that retention removes from the corpus, the oldest beyond the maximum and those that are too
    /// old, are forgotten.
    ///
    /// - Returns: the references that must be removed from the corpus.
    package mutating func add(_ hash: QueryHash, client: UInt32, now: Double) -> [QueryHash] {
        forget(now: now)
        next += 1
        let owner = references[hash]?.client ?? client
        var removed: [QueryHash] = []
        if references[hash] == nil {
            while count(of: owner) >= maximumPerClient, let oldest = removeOldest(of: owner) { removed.append(oldest) }
            counts[owner, default: 0] += 1
        }
        references[hash] = Reference(client: owner, number: next, time: now)
        order.append(hash, next)
        orders[owner, default: FIFO()].append(hash, next)
        while references.count > maximum, let oldest = Self.removeFirst(of: &order, references) { forget(oldest) }
        removeOutdated(of: owner)
        return removed
    }

    /// Removes outdated elements of the queues if they are more than half, so that renewals don't let them grow.
    private mutating func removeOutdated(of client: UInt32) {
        let references = references
        func isCurrent(_ hash: QueryHash, _ number: UInt64) -> Bool { references[hash]?.number == number }
        if order.count > 64 + 2 * references.count { order.removeAll { !isCurrent($0, $1) } }
        if let own = orders[client], own.count > 64 + 2 * count(of: client) {
            orders[client]?.removeAll { !isCurrent($0, $1) }
        }
    }

    /// Forgets what retention has removed because of its age.
    private mutating func forget(now: Double) {
        guard let secondsToLive else { return }
        while let (hash, number) = order.first {
            if let reference = references[hash], reference.number == number {
                guard reference.time + secondsToLive <= now else { return }
                forget(hash)
            }
            order.removeFirst()
        }
    }

    private mutating func removeOldest(of client: UInt32) -> QueryHash? {
        var own = orders.removeValue(forKey: client) ?? FIFO()
        let oldest = Self.removeFirst(of: &own, references)
        orders[client] = own
        if let oldest { forget(oldest) }
        return oldest
    }

    /// Removes and returns the first reference of a queue, without outdated elements before it.
    private static func removeFirst(of queue: inout FIFO, _ references: [QueryHash: Reference]) -> QueryHash? {
        while let (hash, number) = queue.first {
            queue.removeFirst()
            if references[hash]?.number == number { return hash }
        }
        return nil
    }

    private mutating func forget(_ hash: QueryHash) {
        guard let client = references.removeValue(forKey: hash)?.client else { return }
        let rest = counts[client, default: 1] - 1
        counts[client] = rest > 0 ? rest : nil
        if rest <= 0 { orders[client] = nil }
    }
}

/// A queue of references with their numbers, whose memory is that of its elements.
private struct FIFO {
    private var elements: [(hash: QueryHash, number: UInt64)] = []
    private var start = 0

    var first: (hash: QueryHash, number: UInt64)? { start < elements.count ? elements[start] : nil }

    var count: Int { elements.count - start }

    mutating func append(_ hash: QueryHash, _ number: UInt64) {
        elements.append((hash, number))
    }

    mutating func removeAll(where isRemoved: (_ hash: QueryHash, _ number: UInt64) -> Bool) {
        elements = elements[start...].filter { !isRemoved($0.hash, $0.number) }
        start = 0
    }

    mutating func removeFirst() {
        start += 1
        guard start > 64, start * 2 > elements.count else { return }
        elements.removeFirst(start)
        start = 0
    }
}
