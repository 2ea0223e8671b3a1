import NIOCore
import Synchronization

/// The connections that are open, to end them well: one with a request under way once its answer is sent, any other at
/// once.
final class Connections: Sendable {
    private struct State {
        var open: [ObjectIdentifier: (channel: any Channel, busy: Bool)] = [:]
        var draining = false
    }
    private let state = Mutex(State())

    /// A connection was accepted.
    func add(_ channel: any Channel) {
        let draining = state.withLock { state in
            state.open[ObjectIdentifier(channel)] = (channel, false)
            return state.draining
        }
        if draining { channel.close(promise: nil) }
    }

    /// A connection is closed.
    func remove(_ channel: any Channel) {
        state.withLock { $0.open[ObjectIdentifier(channel)] = nil }
    }

    /// A request came whose answer must be sent.
    func begin(_ channel: any Channel) {
        state.withLock { $0.open[ObjectIdentifier(channel)]?.busy = true }
    }

    /// The answer has been handed to the connection.
    func end(_ channel: any Channel) {
        let draining = state.withLock { state in
            state.open[ObjectIdentifier(channel)]?.busy = false
            return state.draining
        }
        if draining { Self.finish(channel) }
    }

    /// Ends all connections, each as soon as it has nothing under way.
    func drain() {
        let idle = state.withLock { state in
            state.draining = true
            return state.open.values.filter { !$0.busy }.map(\.channel)
        }
        for channel in idle { Self.finish(channel) }
    }

    /// Ends all connections now, whatever is under way.
    func closeAll() {
        let all = state.withLock { $0.open.values.map(\.channel) }
        for channel in all { channel.close(promise: nil) }
    }

    /// Closes once everything written has been sent: closing the output waits for that, closing all does not.
    private static func finish(_ channel: any Channel) {
        channel.close(mode: .output).whenComplete { _ in channel.close(promise: nil) }
    }
}
