import Glibc

/// A system call that failed on a file.
struct SystemError: Error, CustomStringConvertible {
    /// The value of `errno`.
    let code: CInt
    /// The file's path, or what else to call it.
    let subject: String

    init(_ code: CInt, _ subject: String) {
        self.code = code
        self.subject = subject
    }

    /// The file and the system's words for the error.
    var description: String {
        let reason = unsafe strerror(code)
        guard let reason = unsafe reason else { return "\(subject): error \(code)" }
        return unsafe "\(subject): \(String(cString: reason))"
    }

    /// Makes a system call until no signal interrupts it.
    static func check(_ subject: String, _ call: () -> Int) throws(SystemError) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            let code = errno
            if code != EINTR { throw SystemError(code, subject) }
        }
    }
}
