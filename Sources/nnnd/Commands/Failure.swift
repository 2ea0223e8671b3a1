import ArgumentParser
import DaemonSupport
import FoundationEssentials
import Logging
import Observability
import PosixSupport

/// The end of the program after an error: one line on standard error, and the exit status.
enum Failure {
    /// Runs a command.
    ///
    /// - Throws: `ExitCode`, once the error is written; errors of other kinds as they are.
    static func reporting(_ body: () async throws -> Void) async throws {
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

    private static func exit(_ message: String, status: Int32) -> ExitCode {
        let isJournal = LogOutput.isJournal(ProcessInfo.processInfo.environment)
        LogOutput.write((isJournal ? LogLine.prefix(.error, isJournal: true) : "nnnd: ") + message)
        return ExitCode(status)
    }
}
