internal import Dispatch
internal import Foundation

/// Threads that long work runs on, each with a name that the system shows (`ps -L`, `top -H`).
package enum NamedThread {
    /// Starts a thread that runs `body` and ends.
    ///
    /// - Parameter name: the system keeps 15 bytes of it.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        // A thread can name itself only once its starter knows it: without the wait the name is lost now and then.
        let isKnown = DispatchSemaphore(value: 0)
        let thread = Thread {
            isKnown.wait()
            Thread.current.name = name
            body()
        }
        thread.stackSize = 8 << 20
        thread.start()
        isKnown.signal()
    }
}
