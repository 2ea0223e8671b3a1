internal import Glibc
internal import SystemPackage

/// A system call that failed: what was tried, and the error that the system reported.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call and its subject, for example "open /etc/nnnd/nnnd.yaml".
    package let action: String
    private let code: Errno

    /// An error of the system.
    ///
    /// - Parameters:
    ///   - action: the call and its subject.
    ///   - number: a value of `errno`; the current one unless given.
    package init(_ action: String, number: Int32 = errno) {
        self.action = action
        code = Errno(rawValue: number)
    }

    /// The value of `errno`.
    package var number: Int32 { code.rawValue }

    /// Whether the cause may lie in a single file, so that other files can be processed meanwhile.
    ///
    /// A full disk or too many open files concern every file.
    package var isOfOneFile: Bool {
        let shared: [Errno] = [
            .noSpace, .diskQuotaExceeded, .ioError, .readOnlyFileSystem, .tooManyOpenFiles, .tooManyOpenFilesInSystem,
            .noMemory,
        ]
        return !shared.contains(code)
    }

    /// Whether nothing exists at the path.
    package var isMissing: Bool { code == .noSuchFileOrDirectory || code == .notDirectory }

    /// Whether the process lacks a permission.
    package var isPermissionDenied: Bool { code == .permissionDenied || code == .notPermitted }

    /// The action and the system's words for the error.
    package var description: String { "\(action): \(code)" }
}

/// Makes a system call until no signal interrupts it, and returns its result, which is 0 or more.
///
/// - Parameters:
///   - action: the call and its subject, for the error.
///   - call: makes the call; returns a negative number where it failed.
@discardableResult
func systemCall<Result: SignedInteger>(
    _ action: @autoclosure () -> String, _ call: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let number = errno
        if number != EINTR { throw SystemError(action(), number: number) }
    }
}
