internal import Glibc
internal import SystemPackage

/// A failed system call: what was tried, and the value of `errno`.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What was tried, for example "open /etc/nnnd/nnnd.yaml".
    package let action: String
    private let code: Errno

    /// The error of a system call.
    ///
    /// - Parameters:
    ///   - action: what was tried, for example "open PATH".
    ///   - number: the value of `errno` after the call.
    package init(_ action: String, number: Int32 = errno) {
        self.action = action
        code = Errno(rawValue: number)
    }

    /// The value of `errno`.
    package var number: Int32 { code.rawValue }

    /// Whether to expect the same error for other files, because the disk is full or too many files are open, for
    /// example.
    package var affectsAllFiles: Bool {
        let codes: [Errno] = [
            .noSpace, .diskQuotaExceeded, .ioError, .readOnlyFileSystem, .tooManyOpenFiles, .tooManyOpenFilesInSystem,
            .noMemory,
        ]
        return codes.contains(code)
    }

    /// Whether the error says that nothing exists at the path.
    package var isMissing: Bool { code == .noSuchFileOrDirectory || code == .notDirectory }

    /// Whether the error says that the process lacks a permission.
    package var isPermissionDenied: Bool { code == .permissionDenied || code == .notPermitted }

    /// The action and the system's message, for example "open PATH: No such file or directory".
    package var description: String { "\(action): \(code)" }
}

/// Makes a system call, and repeats it if a signal interrupts it (EINTR).
///
/// - Parameters:
///   - action: what is tried, for a ``SystemError``; see ``SystemError/action``.
///   - call: makes the call. It returns a negative number if the call fails, and leaves the reason in `errno`.
/// - Returns: the result of the call, 0 or more.
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
