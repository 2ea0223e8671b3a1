package import NIOCore
internal import Synchronization

/// The connections that are open: not more than there may be, and ended so that no request is lost.
///
/// In the end none is accepted any more, but those that have been are served: one with a request under way ends once its
/// answer is sent. Any other has a moment to send one, as a client that has just connected is about to.
package final class Connections: Sendable {
    private struct Entry {
        let channel: any Channel
        /// Whether it belongs to an event loop already: it can't be closed before.
        var registered = false
        /// Whether somebody serves it.
        var taken = false
        var busy = false
        /// Whether its client knows that no other answer will come.
        var isLast = false
        /// Whether it has to go so that another can come.
        var leaving = false
        /// A counter's value when it was last of use: those with lower ones have been idle for longer.
        var used: UInt64

        var isIdle: Bool { registered && !busy && !leaving }
    }
    private struct State {
        var open: [ObjectIdentifier: Entry] = [:]
        var uses: UInt64 = 0
        var draining = false
        /// Whether a connection without a request has to go.
        var patienceIsOver = false
        var whenAllTaken: (@Sendable () -> Void)?
        var whenRoom: @Sendable () -> Void = {}

        /// If as many are open as can be, the one that has been idle for longest: closing it lets the next come in.
        mutating func takeIdle(_ limit: Int) -> (any Channel)? {
            guard open.count >= limit, !open.values.contains(where: \.leaving),
                let idle = open.values.filter(\.isIdle).min(by: { $0.used < $1.used })
            else { return nil }
            open[ObjectIdentifier(idle.channel)]?.leaving = true
            return idle.channel
        }

        /// What is to be called now that all are served and no more will come; only once.
        mutating func takeWhenAllTaken() -> (@Sendable () -> Void)? {
            guard draining, open.values.allSatisfy(\.taken) else { return nil }
            defer { whenAllTaken = nil }
            return whenAllTaken
        }
    }
    private let state = Mutex(State())
    /// How many there can be.
    private let limit: Int

    /// - Parameter limit: how many there can be.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Whether no more can be accepted.
    package var isFull: Bool { state.withLock { $0.open.count >= limit } }

    /// Whether all connections are being ended.
    package var isDraining: Bool { state.withLock { $0.draining } }

    /// Sets what is called each time that a connection has ended.
    package func whenRoom(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.whenRoom = body }
    }

    /// A connection was accepted.
    package func add(_ channel: any Channel) {
        state.withLock { state in
            state.uses += 1
            state.open[ObjectIdentifier(channel)] = Entry(channel: channel, used: state.uses)
        }
        channel.closeFuture.whenComplete { [self] _ in remove(channel) }
    }

    /// A connection that was added belongs to an event loop now.
    package func registered(_ channel: any Channel) {
        let (mustGo, idle) = state.withLock { state in
            state.open[ObjectIdentifier(channel)]?.registered = true
            return (state.patienceIsOver, state.takeIdle(limit))
        }
        if mustGo { channel.close(promise: nil) }
        idle.map(Self.finish)
    }

    /// Somebody serves a connection from now on.
    package func taken(_ channel: any Channel) {
        let whenAllTaken = state.withLock { state in
            state.open[ObjectIdentifier(channel)]?.taken = true
            return state.takeWhenAllTaken()
        }
        whenAllTaken?()
    }

    private func remove(_ channel: any Channel) {
        let (whenRoom, idle, whenAllTaken) = state.withLock { state in
            state.open[ObjectIdentifier(channel)] = nil
            return (state.whenRoom, state.takeIdle(limit), state.takeWhenAllTaken())
        }
        idle.map(Self.finish)
        whenRoom()
        whenAllTaken?()
    }

    /// A request has begun to come, whose answer must be sent.
    package func begin(_ channel: any Channel) {
        state.withLock { $0.open[ObjectIdentifier(channel)]?.busy = true }
    }

    /// Whether an answer that is about to be sent is the last, so that its client must be told to connect anew.
    package func isLastAnswer(_ channel: any Channel) -> Bool {
        state.withLock { state in
            if state.draining { state.open[ObjectIdentifier(channel)]?.isLast = true }
            return state.draining
        }
    }

    /// All answers have been taken.
    package func end(_ channel: any Channel) {
        let (mustGo, idle) = state.withLock { state in
            state.uses += 1
            state.open[ObjectIdentifier(channel)]?.busy = false
            state.open[ObjectIdentifier(channel)]?.used = state.uses
            let isLast = state.open[ObjectIdentifier(channel)]?.isLast ?? false
            return (isLast || state.patienceIsOver, state.takeIdle(limit))
        }
        if mustGo { Self.finish(channel) }
        idle.map(Self.finish)
    }

    /// Ends each connection once its next answer is sent.
    ///
    /// - Parameter whenAllTaken: is called once all that have been accepted are served.
    package func drain(whenAllTaken: @escaping @Sendable () -> Void) {
        let now = state.withLock { state in
            state.draining = true
            state.whenAllTaken = whenAllTaken
            return state.takeWhenAllTaken()
        }
        now?()
    }

    /// Ends, from now on, all connections that have no request under way.
    package func closeIdle() {
        let idle = state.withLock { state in
            state.patienceIsOver = true
            return state.open.values.filter(\.isIdle).map(\.channel)
        }
        for channel in idle { Self.finish(channel) }
    }

    /// Ends all connections now, whatever is under way.
    package func closeAll() {
        let all = state.withLock { $0.open.values.filter(\.registered).map(\.channel) }
        for channel in all { channel.close(promise: nil) }
    }

    /// Closes once everything written has been sent: closing the output waits for that, closing all does not.
    private static func finish(_ channel: any Channel) {
        channel.close(mode: .output).whenComplete { _ in channel.close(promise: nil) }
    }
}
