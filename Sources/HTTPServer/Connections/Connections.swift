internal import NIOCore
internal import Synchronization

/// The open connections of a server: keeps their channels and carries out what ``ConnectionStates`` decides.
package final class Connections: Sendable {
    private struct State {
        var states: ConnectionStates<ObjectIdentifier>
        var channels: [ObjectIdentifier: any Channel] = [:]
        var resumeAccepting: @Sendable () -> Void = {}
        var allServed: @Sendable () -> Void = {}

        /// The effect of an action on the channels.
        func effect(of action: ConnectionStates<ObjectIdentifier>.Action) -> @Sendable () -> Void {
            switch action {
            case .finish(let id):
                // Closing the output waits until everything has been sent; closing all does not.
                { [channel = channels[id]] in
                    channel?.close(mode: .output).whenComplete { _ in channel?.close(promise: nil) }
                }
            case .close(let id): { [channel = channels[id]] in channel?.close(promise: nil) }
            case .resumeAccepting: resumeAccepting
            case .allServed: allServed
            }
        }
    }
    private let state: Mutex<State>

    /// - Parameter limit: the maximum number of connections.
    package init(limit: Int) {
        state = Mutex(State(states: ConnectionStates(limit: limit)))
    }

    /// Whether another connection can be accepted.
    var canAccept: Bool { state.withLock { $0.states.canAccept } }

    /// Whether the server is shutting down.
    var isDraining: Bool { state.withLock { $0.states.isDraining } }

    /// Sets the function that is called each time a connection has ended, so that another can be accepted.
    func onResumeAccepting(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.resumeAccepting = body }
    }

    /// A connection was accepted.
    func accepted(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        state.withLock { state in
            state.channels[id] = channel
            state.states.accepted(id)
        }
        channel.closeFuture.whenComplete { [self] _ in
            update { $0.closed(id) }
            state.withLock { $0.channels[id] = nil }
        }
    }

    /// An accepted connection belongs to an event loop now.
    func registered(_ channel: any Channel) { update { $0.registered(ObjectIdentifier(channel)) } }

    /// A task serves a connection from now on.
    func served(_ channel: any Channel) { update { $0.served(ObjectIdentifier(channel)) } }

    /// A request has begun to arrive.
    func requestBegan(_ channel: any Channel) {
        state.withLock { $0.states.requestBegan(ObjectIdentifier(channel)) }
    }

    /// Whether the response that is about to be sent must carry `Connection: close`.
    func announcesClose(_ channel: any Channel) -> Bool {
        state.withLock { $0.states.announcesClose(ObjectIdentifier(channel)) }
    }

    /// The client has taken all responses.
    func responsesTaken(_ channel: any Channel) { update { $0.responsesTaken(ObjectIdentifier(channel)) } }

    /// Ends each connection with its next response.
    ///
    /// - Parameter allServed: is called when every accepted connection has a task that serves it. From then on the
    ///   listening channel can be closed.
    package func drain(allServed: @escaping @Sendable () -> Void) {
        state.withLock { $0.allServed = allServed }
        update { $0.drain() }
    }

    /// Ends, now and later, each connection that has no request under way.
    func endIdle() { update { $0.endIdle() } }

    /// Ends all connections, whatever is under way.
    func endAll() { update { $0.endAll() } }

    /// Changes the states, then carries out the actions that follow.
    private func update(
        _ change: (inout ConnectionStates<ObjectIdentifier>) -> [ConnectionStates<ObjectIdentifier>.Action]
    ) {
        let effects = state.withLock { state in change(&state.states).map { state.effect(of: $0) } }
        // After the lock is released: closing a channel calls methods of this object.
        for effect in effects { effect() }
    }
}
