import HTTPServer
import Testing

/// The decisions about connections, without channels.
///
/// Two connections can be open.
@Suite struct ConnectionStatesTests {
    private var states = ConnectionStates<Int>(limit: 2)

    /// Accepts a connection and serves it.
    private mutating func open(_ id: Int) -> [ConnectionStates<Int>.Action] {
        states.accepted(id)
        return states.registered(id) + states.served(id)
    }

    @Test mutating func connectionsAreAcceptedUpToTheLimit() {
        #expect(states.canAccept)
        #expect(open(1) == [])
        #expect(states.canAccept)
        states.accepted(2)
        #expect(!states.canAccept)
        #expect(states.closed(2) == [.resumeAccepting])
        #expect(states.canAccept)
    }

    @Test mutating func atTheLimitTheConnectionThatIsIdleForLongestEnds() {
        #expect(open(1) == [])
        states.requestBegan(1)
        #expect(states.responsesTaken(1) == [])
        #expect(open(2) == [.finish(1)])
        // One at a time makes way.
        states.requestBegan(2)
        #expect(states.responsesTaken(2) == [])
        #expect(states.closed(1) == [.resumeAccepting])
        #expect(open(3) == [.finish(2)])
    }

    @Test mutating func aBusyConnectionMakesNoWay() {
        #expect(open(1) == [])
        states.requestBegan(1)
        states.accepted(2)
        states.requestBegan(2)
        #expect(states.registered(2) == [])
        #expect(states.responsesTaken(1) == [.finish(1)])
    }

    @Test mutating func aConnectionThatIsNotRegisteredYetMakesNoWay() {
        states.accepted(1)
        states.accepted(2)
        #expect(states.registered(2) == [.finish(2)])
    }

    @Test mutating func aDrainedConnectionEndsWithItsNextResponse() {
        #expect(open(1) == [])
        #expect(states.announcesClose(1) == false)
        #expect(states.drain() == [.allServed])
        #expect(states.isDraining && !states.canAccept)
        states.requestBegan(1)
        #expect(states.announcesClose(1) == true)
        #expect(states.responsesTaken(1) == [.finish(1)])
        #expect(states.closed(1) == [.resumeAccepting])
        #expect(!states.canAccept)
    }

    @Test mutating func aResponseFromBeforeTheDrainIsNotTheLast() {
        #expect(open(1) == [])
        states.requestBegan(1)
        #expect(states.announcesClose(1) == false)
        #expect(states.drain() == [.allServed])
        #expect(states.responsesTaken(1) == [])
    }

    @Test mutating func allServedComesOnceAllAcceptedConnectionsAre() {
        states = ConnectionStates(limit: 9)
        states.accepted(1)
        states.accepted(2)
        #expect(states.drain() == [])
        #expect(states.registered(1) == [])
        #expect(states.served(1) == [])
        #expect(states.closed(2) == [.resumeAccepting, .allServed])
        #expect(states.closed(1) == [.resumeAccepting])
    }

    @Test mutating func idleConnectionsEndNowAndLater() {
        states = ConnectionStates(limit: 9)
        #expect(open(1) == [])
        states.accepted(2)
        states.requestBegan(1)
        _ = states.drain()
        #expect(states.endIdle() == [])
        #expect(states.registered(2) == [.close(2)])
        #expect(states.responsesTaken(1) == [.finish(1)])
    }

    @Test mutating func inTheEndAllRegisteredConnectionsAreClosed() {
        #expect(open(1) == [])
        states.requestBegan(1)
        states.accepted(2)
        #expect(states.endAll() == [.close(1)])
    }

    @Test mutating func anUnknownConnectionChangesNothing() {
        #expect(states.responsesTaken(9) == [])
        #expect(states.registered(9) == [])
        #expect(states.canAccept)
    }
}
