import ArgumentParser
import DaemonSupport
import FoundationEssentials
import Logging
import Observability
import PosixSupport

/// Runs a command and reports the error that ends it: one line on standard error, and the exit status.
enum CommandRunner {
    /// Runs `body`, the work of a command.
    ///
    /// - Throws: `ExitCode` after a `ConfigurationError`, `StartupError` or `SystemError`, which is written to standard
    ///   error; other errors as they are.
    static func run(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as ConfigurationError {
            throw exit("\(error)", status: error.exitCode)
        } catch let error as StartupError {
            throw exit("\(error)", status: error.exitCode)
        } catch let error as SystemError {
            throw exit("\(error)", status: StartupError.Status.system.rawValue)
        }
    }

    /// Writes `message` to standard error and returns the exit code.
    private static func exit(_ message: String, status: Int32) -> ExitCode {
        let isJournal = LogOutput.isJournal(ProcessInfo.processInfo.environment)
        LogOutput.write((isJournal ? LogLine.prefix(.error, isJournal: true) : "nnnd: ") + message)
        return ExitCode(status)
    }
}
