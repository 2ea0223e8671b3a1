/// Keeps the states of all connections of a server and decides what to do when one changes.
///
/// It uses no channels and no clock; ``Connections`` carries out its decisions.
///
/// When the limit of open connections is reached, the connection that has been idle for longest is closed, so that the
/// next client can connect.
///
/// A shutdown loses no request. After ``drain()`` no connection is accepted, and each one ends with its next response.
/// After ``endIdle()`` each one without a request ends.
package struct ConnectionStates<ID: Hashable & Sendable>: Sendable {
    /// What the server must do.
    package enum Action: Equatable, Sendable {
        /// Close a connection once everything written to it has been sent.
        case finish(ID)
        /// Close a connection at once.
        case close(ID)
        /// Accept connections again, if accepting was held back.
        case resumeAccepting
        /// Close the listening channel: a task serves every accepted connection, and no more are accepted.
        case allServed
    }

    private struct Entry {
        /// Whether the connection belongs to an event loop; before that it can't be closed.
        var isRegistered = false
        /// Whether a task serves it.
        var isServed = false
        /// Whether a request is under way.
        var isBusy = false
        /// Whether the last response carried `Connection: close`.
        var announcedClose = false
        /// Whether it is being ended so that another one can come.
        var isEnding = false
        /// A number that grows with each use of any connection; a lower number means idle for longer.
        var lastUse: UInt64

        var isIdle: Bool { isRegistered && !isBusy && !isEnding }
    }

    private let limit: Int
    private var entries: [ID: Entry] = [:]
    private var uses: UInt64 = 0
    private var endsIdle = false
    private var reportedAllServed = false
    /// Whether the server is shutting down.
    package private(set) var isDraining = false

    /// - Parameter limit: the maximum number of connections.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Whether another connection can be accepted.
    package var canAccept: Bool { !isDraining && entries.count < limit }

    /// A connection was accepted.
    package mutating func accepted(_ id: ID) {
        entries[id] = Entry(lastUse: nextUse())
    }

    /// A connection belongs to an event loop now.
    package mutating func registered(_ id: ID) -> [Action] {
        entries[id]?.isRegistered = true
        return (endsIdle ? [.close(id)] : []) + endLongestIdle()
    }

    /// A task serves a connection from now on.
    package mutating func served(_ id: ID) -> [Action] {
        entries[id]?.isServed = true
        return reportAllServed()
    }

    /// A request has begun to arrive.
    package mutating func requestBegan(_ id: ID) {
        entries[id]?.isBusy = true
    }

    /// A response is about to be sent.
    ///
    /// - Returns: whether it must carry `Connection: close`.
    package mutating func announcesClose(_ id: ID) -> Bool {
        if isDraining { entries[id]?.announcedClose = true }
        return isDraining
    }

    /// The client has taken all responses.
    package mutating func responsesTaken(_ id: ID) -> [Action] {
        guard var entry = entries[id] else { return [] }
        entry.isBusy = false
        entry.lastUse = nextUse()
        entries[id] = entry
        return (entry.announcedClose || endsIdle ? [.finish(id)] : []) + endLongestIdle()
    }

    /// A connection was closed.
    package mutating func closed(_ id: ID) -> [Action] {
        entries[id] = nil
        return endLongestIdle() + [.resumeAccepting] + reportAllServed()
    }

    /// Begins the shutdown: each connection ends with its next response.
    package mutating func drain() -> [Action] {
        isDraining = true
        return reportAllServed()
    }

    /// Ends, now and later, each connection that has no request under way.
    package mutating func endIdle() -> [Action] {
        endsIdle = true
        return entries.filter(\.value.isIdle).sorted { $0.value.lastUse < $1.value.lastUse }.map { .finish($0.key) }
    }

    /// Ends all connections, whatever is under way.
    package func endAll() -> [Action] {
        entries.filter(\.value.isRegistered).sorted { $0.value.lastUse < $1.value.lastUse }.map { .close($0.key) }
    }

    private mutating func nextUse() -> UInt64 {
        uses += 1
        return uses
    }

    /// Ends the connection that has been idle for longest, if the limit is reached and none is being ended for that.
    private mutating func endLongestIdle() -> [Action] {
        guard entries.count >= limit, !entries.values.contains(where: \.isEnding),
            let id = entries.filter(\.value.isIdle).min(by: { $0.value.lastUse < $1.value.lastUse })?.key
        else { return [] }
        entries[id]?.isEnding = true
        return [.finish(id)]
    }

    private mutating func reportAllServed() -> [Action] {
        guard isDraining, !reportedAllServed, entries.values.allSatisfy(\.isServed) else { return [] }
        reportedAllServed = true
        return [.allServed]
    }
}
