import Foundation
import IncrementalBias
import Logging
import Observability
import PosixSupport
import ServiceLifecycle
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Testing

@Suite struct SpoolServiceTests {
    @Test func aSecondDaemonCanNotLockTheSpool() throws {
        let spool = try TestSpool()
        let first = try SpoolLock(spool.folders)
        #expect(throws: StartupError.self) { try SpoolLock(spool.folders) }
        withExtendedLifetime(first) {}
    }

    @Test func eventsNameRenamedFilesAndReportLostFolders() throws {
        let spool = try TestSpool()
        let watch = try SpoolWatch(spool.folders)
        try spool.write(npy(1), spool.root, "s.npy")
        try FileSystem.move("\(spool.root)/s.npy", to: "\(spool.folders.incoming(.images))/s.npy")
        var events = watch.wait(seconds: 10)
        #expect(events.renamed == [.images: ["s.npy"]])
        #expect(events.changed && !events.folderLost)
        watch.wake()
        events = watch.wait(seconds: 10)
        #expect(!events.changed)
        try FileManager.default.removeItem(atPath: spool.folders.incoming(.images))
        #expect(watch.wait(seconds: 10).folderLost)
        #expect(throws: SystemError.self) { try SpoolWatch(spool.folders) }
    }

    @Test func theServiceProcessesWhatIsRenamedIntoTheSpoolUntilItIsStopped() async throws {
        let spool = try TestSpool()
        let service = try SpoolService(
            corpus: spool.corpus, root: spool.folders.root,
            settings: {
                IngestSettings(
                    finishedShards: .move, largestShard: 1 << 20, retention: .everything, quietSeconds: 60,
                    listQuietSeconds: 60,
                    rescanSeconds: 30)
            }, status: spool.status, metrics: DaemonMetrics(), heartbeat: Heartbeat(), returnFreedMemory: {},
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service)], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        let running = Task { try await group.run() }
        let done = try SpoolWatch(SpoolFolders(root: "\(spool.folders.root)/done"))
        try spool.write(npy(1), spool.root, "s.npy")
        try FileSystem.move("\(spool.root)/s.npy", to: "\(spool.folders.incoming(.images))/s.npy")
        while try spool.receipt("s.npy") == nil { _ = done.wait(seconds: 10) }
        // A deleted folder is created again.
        try FileManager.default.removeItem(atPath: spool.folders.incoming(.images))
        let root = try SpoolWatch(SpoolFolders(root: spool.folders.root + "/done"))
        while try spool.entry(spool.folders.root, "images") == nil { _ = root.wait(seconds: 0.01) }
        service.rescanSoon()
        await group.triggerGracefulShutdown()
        try await running.value
        #expect(try spool.images == 1)
    }
}
