internal import FoundationEssentials
internal import PosixSupport
internal import ShardFormats
package import SpoolProtocol
package import WireAPI

/// Finds the files in the incoming folders that no shard uses, and remembers which ones have been reported.
///
/// Two kinds of files are never moved: files whose names are not those of shards, because a transfer tool may still
/// rename them, and sidecars whose shards have not come. A file is reported once nothing has changed it for a while.
package struct UnusedFiles {
    /// The first ``filesKept`` of the unused files, sorted by folder and name.
    package private(set) var files: [UnusedFile] = []
    /// The number of all unused files.
    package private(set) var count = 0
    /// Files that were returned as new by an earlier ``look(_:quietSeconds:listQuietSeconds:_:)``.
    private var reported: Set<String> = []
    /// When the next look is worth it, on a clock that never jumps; `nil` if only an event can bring a file.
    private var due: Double?
    private var lastLook = -Double.infinity

    /// The maximum number of elements of ``files``.
    package static let filesKept = 16
    /// The number of files that are reported at most; more are reported only when some of these are gone.
    private static let maximumReported = 4096
    /// Seconds between two looks: events come in bursts.
    private static let pause = 1.0

    /// No file has been found yet.
    package init() {}

    /// Looks into the incoming folders, unless that was done a moment ago.
    ///
    /// - Parameters:
    ///   - folders: the spool.
    ///   - quietSeconds: a file that is not a shard, a sidecar or a deletion list is reported 30 x `quietSeconds` after
    ///     its last change.
    ///   - listQuietSeconds: a sidecar without its shard is reported this long, or `quietSeconds` if that is longer,
    ///     after its last change.
    ///   - now: the time.
    /// - Returns: the files that were not reported before.
    package mutating func look(
        _ folders: SpoolFolders, quietSeconds: Double, listQuietSeconds: Double, _ now: SpoolTime
    ) throws -> [UnusedFile] {
        guard now.uptime >= lastLook + Self.pause else {
            due = min(due ?? .infinity, lastLook + Self.pause)
            return []
        }
        lastLook = now.uptime
        var found: [UnusedFile] = []
        var soonest = Double.infinity
        for role in VectorRole.allCases {
            let folder = folders.incoming(role)
            try FileSystem.forEachName(in: folder) { name in
                let kind = SpoolNames.kind(of: name.bytes)
                guard kind == .other || kind == .sidecar, let entry = try? FileSystem.entry(name, in: folder),
                    try kind == .other || !Self.hasShard(name, in: folder)
                else { return }
                let quiet =
                    kind == .other
                    ? quietSeconds * Readiness.maximumQuietTimes : max(quietSeconds, listQuietSeconds)
                let changed = Double(max(entry.modified, entry.changed)) / 1e9
                if now.wall - changed < quiet {
                    soonest = min(soonest, changed + quiet - now.wall)
                } else {
                    found.append(
                        UnusedFile(
                            name: name.text ?? name.escaped, kind: role.rawValue,
                            reason: kind == .other
                                ? .notAShardName : Self.isHeaps(name) ? .heapsWithoutShard : .idsWithoutShard,
                            since: Date(timeIntervalSince1970: changed)))
                }
            }
        }
        due = soonest == .infinity ? nil : now.uptime + max(Self.pause, soonest)
        return record(found)
    }

    /// Seconds until the next look; `nil` if only an event can bring a file.
    package func delay(now: SpoolTime) -> Double? {
        due.map { max(0, $0 - now.uptime) }
    }

    /// - Returns: those of `found` that were not reported before.
    private mutating func record(_ found: [UnusedFile]) -> [UnusedFile] {
        count = found.count
        files = Array(found.sorted { ($0.kind, $0.name) < ($1.kind, $1.name) }.prefix(Self.filesKept))
        let keys = Set(found.map(Self.key))
        reported.formIntersection(keys)
        let new = found.filter { !reported.contains(Self.key($0)) }.prefix(Self.maximumReported - reported.count)
        reported.formUnion(new.map(Self.key))
        return Array(new)
    }

    private static func key(_ file: UnusedFile) -> String { "\(file.kind)/\(file.name)" }

    private static func isHeaps(_ sidecar: FileName) -> Bool {
        sidecar.bytes.suffix(SpoolNames.heapsSuffix.utf8.count).elementsEqual(SpoolNames.heapsSuffix.utf8)
    }

    /// Whether the folder has a shard that the sidecar can belong to.
    private static func hasShard(_ sidecar: FileName, in folder: String) throws(SystemError) -> Bool {
        guard let text = sidecar.text else { return false }
        for shard in SpoolNames.shards(ofSidecar: text) where try FileSystem.entry("\(folder)/\(shard)") != nil {
            return true
        }
        return false
    }
}
