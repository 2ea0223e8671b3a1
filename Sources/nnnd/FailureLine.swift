import ArgumentParser
import DaemonSupport
import FoundationEssentials
import Logging
import Observability
import PosixSupport
import WireAPI

/// Why the program ends, for people and programs: one line on standard error, and the exit status.
enum FailureLine {
    /// Runs a command.
    ///
    /// - Throws: `ExitCode`, once it has said why; other errors as they are.
    static func telling(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as ConfigurationError {
            throw failure("\(error)", status: error.exitCode)
        } catch let error as StartupError {
            throw failure("\(error)", status: error.exitCode)
        } catch let error as SystemError {
            throw failure("\(error)", status: StartupError.Status.system.rawValue)
        }
    }

    private static func failure(_ message: String, status: Int32) -> ExitCode {
        let isJournal = LogOutput.isJournal(ProcessInfo.processInfo.environment)
        LogOutput.write((isJournal ? LineLogHandler.start(.error, isJournal: true) : "nnnd: ") + message)
        return ExitCode(status)
    }
}
