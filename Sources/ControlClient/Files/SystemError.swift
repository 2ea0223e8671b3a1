internal import Glibc

/// A system call that failed on a file.
package struct SystemError: Error, CustomStringConvertible {
    /// The value of `errno`.
    package let code: CInt
    /// The file's path, or what else to call it.
    package let subject: String

    package init(_ code: CInt, _ subject: String) {
        self.code = code
        self.subject = subject
    }

    /// The file and the system's words for the error.
    package var description: String {
        let reason = unsafe strerror(code)
        guard let reason = unsafe reason else { return "\(subject): error \(code)" }
        return unsafe "\(subject): \(String(cString: reason))"
    }

    /// Makes a system call until no signal interrupts it.
    package static func check(_ subject: String, _ call: () -> Int) throws(SystemError) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            let code = errno
            if code != EINTR { throw SystemError(code, subject) }
        }
    }
}
