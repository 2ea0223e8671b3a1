import NIOCore
import Synchronization

/// The connections that are open: not more than there may be, and ended well, one with a request under way once its
/// answer is sent, any other at once.
package final class Connections: Sendable {
    private struct Entry {
        let channel: any Channel
        /// Whether it belongs to an event loop already: it can't be closed before.
        var registered = false
        var busy = false
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
        var whenRoom: @Sendable () -> Void = {}

        /// If as many are open as can be, the one that has been idle for longest: closing it lets the next come in.
        mutating func takeIdle(_ limit: Int) -> (any Channel)? {
            guard open.count >= limit, !open.values.contains(where: \.leaving),
                let idle = open.values.filter(\.isIdle).min(by: { $0.used < $1.used })
            else { return nil }
            open[ObjectIdentifier(idle.channel)]?.leaving = true
            return idle.channel
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
    var isFull: Bool { state.withLock { $0.open.count >= limit } }

    /// Whether all connections are being ended.
    var isDraining: Bool { state.withLock { $0.draining } }

    /// Sets what is called each time that a connection has ended.
    func whenRoom(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.whenRoom = body }
    }

    /// A connection was accepted.
    func add(_ channel: any Channel) {
        state.withLock { state in
            state.uses += 1
            state.open[ObjectIdentifier(channel)] = Entry(channel: channel, used: state.uses)
        }
        channel.closeFuture.whenComplete { [self] _ in remove(channel) }
    }

    /// A connection that was added belongs to an event loop now.
    func registered(_ channel: any Channel) {
        let (draining, idle) = state.withLock { state in
            state.open[ObjectIdentifier(channel)]?.registered = true
            return (state.draining, state.takeIdle(limit))
        }
        if draining { channel.close(promise: nil) }
        idle.map(Self.finish)
    }

    private func remove(_ channel: any Channel) {
        let (whenRoom, idle) = state.withLock { state in
            state.open[ObjectIdentifier(channel)] = nil
            return (state.whenRoom, state.takeIdle(limit))
        }
        idle.map(Self.finish)
        whenRoom()
    }

    /// A request has begun to come, whose answer must be sent.
    func begin(_ channel: any Channel) {
        state.withLock { $0.open[ObjectIdentifier(channel)]?.busy = true }
    }

    /// All answers have been taken.
    func end(_ channel: any Channel) {
        let (draining, idle) = state.withLock { state in
            state.uses += 1
            state.open[ObjectIdentifier(channel)]?.busy = false
            state.open[ObjectIdentifier(channel)]?.used = state.uses
            return (state.draining, state.takeIdle(limit))
        }
        if draining { Self.finish(channel) }
        idle.map(Self.finish)
    }

    /// Ends all connections, each as soon as it has nothing under way.
    func drain() {
        let idle = state.withLock { state in
            state.draining = true
            return state.open.values.filter(\.isIdle).map(\.channel)
        }
        for channel in idle { Self.finish(channel) }
    }

    /// Ends all connections now, whatever is under way.
    func closeAll() {
        let all = state.withLock { $0.open.values.filter(\.registered).map(\.channel) }
        for channel in all { channel.close(promise: nil) }
    }

    /// Closes once everything written has been sent: closing the output waits for that, closing all does not.
    private static func finish(_ channel: any Channel) {
        channel.close(mode: .output).whenComplete { _ in channel.close(promise: nil) }
    }
}
