import Foundation
import IncrementalBias
import Logging
import Observability
import PosixSupport
import ShardFormats
import SpoolIngest
import SpoolProtocol
import Synchronization
import VectorMath
import WireAPI

/// A clock that only a test advances.
final class TestClock: Sendable {
    private let time = Mutex(SpoolTime.now())

    var now: SpoolTime { time.withLock { $0 } }

    func advance(_ seconds: Double) {
        time.withLock { time in
            time.wall += seconds
            time.uptime += seconds
        }
    }
}

/// A temporary spool with a corpus and a pipeline.
final class TestSpool {
    let root: String
    let folders: SpoolFolders
    let corpus: Corpus
    let clock = TestClock()
    let status = SpoolStatus(changes: ChangeSignal())
    private let settings: Settings
    private(set) var pipeline: IngestPipeline
    private let minimumStagedBytes: Int

    private final class Settings: Sendable {
        let value = Mutex(
            IngestSettings(
                finishedShards: .move, largestShard: 1 << 20, retention: .everything, quietSeconds: 0,
                listQuietSeconds: 0, rescanSeconds: 30))
    }

    init(minimumStagedBytes: Int = LargeShard.minimumBytes) throws {
        root = FileManager.default.temporaryDirectory.appending(path: "nnnd-test-\(UUID().uuidString)").path()
        folders = SpoolFolders(root: "\(root)/spool")
        try folders.make()
        try FileSystem.makeFolder("\(root)/data", mode: 0o700)
        let store = RequestedSettings(metric: .innerProduct, precision: .float32)
        corpus = try Corpus(folder: "\(root)/data", settings: store, k: 2, threads: 1)
        settings = Settings()
        self.minimumStagedBytes = minimumStagedBytes
        pipeline = IngestPipeline(
            Self.context(corpus, folders, settings, status, clock, minimumStagedBytes: minimumStagedBytes))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    private static func context(
        _ corpus: Corpus, _ folders: SpoolFolders, _ settings: Settings, _ status: SpoolStatus, _ clock: TestClock,
        minimumStagedBytes: Int
    ) -> IngestContext {
        IngestContext(
            corpus: corpus, folders: folders, settings: { settings.value.withLock { $0 } }, status: status,
            metrics: DaemonMetrics(), heartbeat: Heartbeat(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: { clock.now }, minimumStagedBytes: minimumStagedBytes)
    }

    /// Changes the settings.
    func set(_ body: (inout IngestSettings) -> Void) {
        settings.value.withLock { body(&$0) }
    }

    /// Replaces the pipeline by a new one, as after a crash.
    func restart() {
        pipeline = IngestPipeline(
            Self.context(corpus, folders, settings, status, clock, minimumStagedBytes: minimumStagedBytes))
    }

    /// Runs the pipeline until it has nothing to do.
    ///
    /// Returns the seconds until it has.
    @discardableResult
    func run() throws -> Double {
        while true {
            let summary = try pipeline.runOnce()
            if summary.wait > 0 { return summary.wait }
        }
    }

    func noteRenamed(_ names: String...) {
        pipeline.noteRenamed([.images: Set(names)])
    }

    /// Waits until a file that changes now has a later time than all others.
    ///
    /// Times of files are coarse.
    func letTimePass() throws {
        let path = "\(root)/tick"
        try Data().write(to: URL(filePath: path))
        let before = try FileSystem.entry(path)?.modified
        repeat { try Data().write(to: URL(filePath: path)) } while try FileSystem.entry(path)?.modified == before
    }

    // The content of the folders.

    func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    /// The names in all folders for images that aren't empty.
    var files: [String: [String]] {
        get throws {
            var all = ["images": folders.incoming(.images), "processing": folders.processing(.images)]
            for destination in SpoolFolders.Destination.allCases {
                all[destination.rawValue] = folders.destination(destination, .images)
                all["processing/\(destination.rawValue)"] = folders.leaving(destination, .images)
            }
            return try all.mapValues(names).filter { !$0.value.isEmpty }
        }
    }

    func receipt(_ name: String) throws -> ShardReceipt? {
        let path = "\(folders.done(.images))/\(SpoolNames.receipt(of: name))"
        return try FileManager.default.contents(atPath: path).map { try WireJSON.decode(ShardReceipt.self, from: $0) }
    }

    func failure(_ name: String) throws -> ShardFailure? {
        let path = "\(folders.failed(.images))/\(SpoolNames.rejection(of: name))"
        return try FileManager.default.contents(atPath: path).map { try WireJSON.decode(ShardFailure.self, from: $0) }
    }

    var images: Int { get throws { try corpus.state().images.count } }

    func hasImage(_ id: String) throws -> Bool { try corpus.explainImage(id) != nil }
}

/// An .npy file of `rows` vectors of dimension 2.
///
/// Another `seed` gives other vectors.
func npy(_ rows: Int, seed: Float = 1) -> [UInt8] {
    NPY.write(Matrix(rows: rows, dimension: 2, values: (0..<2 * rows).map { seed + Float($0) }))
}

/// The content of a sidecar with these ids.
func lines(_ ids: String...) -> [UInt8] { Array(ids.map { $0 + "\n" }.joined().utf8) }

extension TestSpool {
    func write(_ bytes: [UInt8], _ folder: String, _ name: String) throws {
        try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
    }

    /// Writes a sidecar and then a shard to the incoming folder.
    func drop(_ name: String, _ bytes: [UInt8], ids: [UInt8]? = nil) throws {
        if let ids, let sidecar = SpoolNames.sidecar(of: name) { try write(ids, folders.incoming(.images), sidecar) }
        try write(bytes, folders.incoming(.images), name)
    }

    func entry(_ folder: String, _ name: String) throws -> FileSystem.Entry? {
        try FileSystem.entry("\(folder)/\(name)")
    }

    /// Claims a shard as the pipeline does.
    @discardableResult
    func claim(_ name: String) throws -> ClaimedShard? {
        let key = ShardKey(.images, name)
        guard let entry = try entry(folders.incoming(.images), name) else { return nil }
        guard
            case .claimed(let shard) = try ShardClaimer(folders).claim(
                SpoolFile(key, entry, isClaimed: false), now: clock.now.date)
        else {
            return nil
        }
        return shard
    }

    /// Commits a claimed shard.
    ///
    /// Does not publish it.
    func commit(_ shard: ClaimedShard) throws -> Receipt? {
        let reader = SpoolReader(corpus: corpus, folders: folders, maximumBytes: 1 << 20)
        guard case .read(let read) = try reader.read(shard),
            case .applied(let receipt)? = try corpus.ingest(
                [read.content], acknowledged: [], now: { self.clock.now.date }
            ).first
        else { return nil }
        return receipt
    }

    /// Puts a folder on another file system than the spool, so that no file can be moved into it.
    ///
    /// - Returns: a function that restores the folder.
    func moveToOtherFileSystem(_ folder: String) throws -> () throws -> Void {
        let other = "/dev/shm/nnnd-test-\(UUID().uuidString)"
        try FileSystem.makeFolder(other, mode: 0o700)
        try FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createSymbolicLink(atPath: folder, withDestinationPath: other)
        return { [folders] in
            try FileManager.default.removeItem(atPath: folder)
            try FileManager.default.removeItem(atPath: other)
            try folders.make()
        }
    }
}
