import ArgumentParser
import ControlClient
import ShardFormats
import WireAPI

extension VectorRole: ExpressibleByArgument {}

extension DaemonOptions {
    /// Puts shards or deletion lists into the daemon's spool and shows each step; SIGINT and SIGTERM cancel it.
    ///
    /// - Parameters:
    ///   - files: the shards or deletion lists, in order.
    ///   - role: whether they are images or references.
    ///   - waits: whether to wait until each has taken effect or is rejected.
    ///   - timeout: the maximum time to wait; `nil` for no limit.
    ///
    /// - Throws: `ExitCode` if the daemon rejected a file, and what ``Ingestion/run(_:)`` throws.
    func ingest(_ files: [ShardFile], as role: VectorRole, waits: Bool, timeout: Duration?) async throws {
        let daemon = client
        let rejected = try await cancelledBySignals {
            let spool = ProducerSpool(role, try await daemon.status().value.spool)
            try spool.check()
            var ingestion = Ingestion(
                files, into: spool, waits: waits, timeout: timeout, status: { try await daemon.status().value })
            var report = IngestReport(total: files.count)
            let console = Console()
            defer { console.clearProgress() }
            return try await ingestion.run { try console.show(report.message(for: $0)) }
        }
        if rejected > 0 { throw ExitCode(ExitStatus.dataRejected.rawValue) }
    }
}
