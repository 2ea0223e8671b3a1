import NIOCore
import Synchronization

/// The connections that are open: not more than there may be, and ended well, one with a request under way once its
/// answer is sent, any other at once.
final class Connections: Sendable {
    private struct Entry {
        let channel: any Channel
        /// Whether it belongs to an event loop already: it can't be closed before.
        var registered = false
        var busy = false

        var isIdle: Bool { registered && !busy }
        /// A counter's value when it was last of use: those with lower ones have been idle for longer.
        var used: UInt64
    }
    private struct State {
        var open: [ObjectIdentifier: Entry] = [:]
        var uses: UInt64 = 0
        var draining = false
        var whenRoom: @Sendable () -> Void = {}
    }
    private let state = Mutex(State())
    /// How many there can be.
    private let limit: Int

    init(limit: Int) {
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

    /// A connection was accepted. If it is the last that there can be, the one that has been idle for longest is closed,
    /// so that the next can come in.
    func add(_ channel: any Channel) {
        let idle = state.withLock { state -> (any Channel)? in
            let idle = state.open.count + 1 < limit ? nil : state.open.values.filter(\.isIdle).min { $0.used < $1.used }
            state.uses += 1
            state.open[ObjectIdentifier(channel)] = Entry(channel: channel, used: state.uses)
            return idle?.channel
        }
        channel.closeFuture.whenComplete { [self] _ in remove(channel) }
        idle?.close(promise: nil)
    }

    /// A connection that was added belongs to an event loop now.
    func registered(_ channel: any Channel) {
        let draining = state.withLock { state in
            state.open[ObjectIdentifier(channel)]?.registered = true
            return state.draining
        }
        if draining { channel.close(promise: nil) }
    }

    private func remove(_ channel: any Channel) {
        let whenRoom = state.withLock { state in
            state.open[ObjectIdentifier(channel)] = nil
            return state.whenRoom
        }
        whenRoom()
    }

    /// A request came whose answer must be sent.
    func begin(_ channel: any Channel) {
        state.withLock { $0.open[ObjectIdentifier(channel)]?.busy = true }
    }

    /// The answer has been handed to the connection.
    func end(_ channel: any Channel) {
        let draining = state.withLock { state in
            state.uses += 1
            state.open[ObjectIdentifier(channel)]?.busy = false
            state.open[ObjectIdentifier(channel)]?.used = state.uses
            return state.draining
        }
        if draining { Self.finish(channel) }
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
