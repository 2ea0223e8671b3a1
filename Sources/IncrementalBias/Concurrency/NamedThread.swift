internal import Dispatch
internal import Foundation

/// Starts threads for long work, each with a name that the system shows (`ps -L`, `top -H`).
package enum NamedThread {
    /// Starts a thread that runs `body` and then ends.
    ///
    /// - Parameter name: the thread's name; Linux keeps the first 15 bytes.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        // The thread can set its name only after `start()` has returned. Without the wait the name is sometimes lost.
        let isStarted = DispatchSemaphore(value: 0)
        let thread = Thread {
            isStarted.wait()
            Thread.current.name = name
            body()
        }
        // The usual size on Linux, whatever the limit of this process is.
        thread.stackSize = 8 << 20
        thread.start()
        isStarted.signal()
    }
}
