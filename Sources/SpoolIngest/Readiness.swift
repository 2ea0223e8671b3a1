internal import PosixSupport
package import ShardFormats
package import SpoolProtocol

/// Decides when a file of the spool is complete.
///
/// A file that was seen to be renamed into its folder is complete. Any other may still be being written, and a file's
/// size doesn't tell: `numpy.lib.format.open_memmap` gives a file its full size before a row is written.
///
/// - A shard is complete if its header agrees with its size and it has not changed for ``quietSeconds``. If the header
///   never agrees, the shard counts as complete after 30 times as long, and reading it finds the fault.
/// - A deletion list or a sidecar has no header. It is complete if its last byte is a line feed and it has not changed
///   for ``listQuietSeconds``. If the line feed never comes, it is rejected after 30 times as long.
/// - If a sidecar with ids was written after its shard came, the shard is rejected: a producer renames the sidecar first.
/// - A sidecar with heaps is complete by the rules for a shard. If it comes after the claim, it is not used.
package struct Readiness {
    /// Seconds for which a file must not have changed.
    package var quietSeconds: Double
    /// Seconds for which a list that is written in place must not have changed.
    package var listQuietSeconds: Double
    private let folders: SpoolFolders
    /// Files that are known to be complete as long as they look like this, by their paths below the spool.
    private var complete: [String: FileSystem.Entry] = [:]
    /// Files that weren't quiet for long enough: how they looked, and since when, on a clock that never jumps.
    private var observed: [String: (entry: FileSystem.Entry, since: Double)] = [:]
    /// Unclaimed shards as they were first looked at, and their sidecars, by the paths of the shards below the spool.
    private var firstLooks: [String: (shard: FileSystem.Entry, sidecar: FileSystem.Entry?)] = [:]

    /// What can be done with a file now.
    package enum Verdict: Equatable, Sendable {
        /// It is complete.
        case ready
        /// It may still be being written: look again after this many seconds. `holdsLater`: files of its folder that
        /// came later wait with it, so that a deletion and the shards after it take effect in their order.
        case waiting(seconds: Double, holdsLater: Bool = false)
        /// It breaks a rule. `movesSidecar`: the fault is in its sidecar, which is rejected with it.
        case rejected(ShardError, movesSidecar: Bool)
    }

    /// An incomplete file waits for this many quiet times.
    package static let maximumQuietTimes = 30.0
    /// Beyond this many names, all earlier ones are forgotten.
    private static let maximumNames = 65_536
    /// Seconds until a file is looked at again that has changed since the scan.
    private static let changePause = 0.1

    /// Knows nothing of any file yet.
    package init(_ folders: SpoolFolders, quietSeconds: Double, listQuietSeconds: Double) {
        self.folders = folders
        self.quietSeconds = quietSeconds
        self.listQuietSeconds = listQuietSeconds
    }

    /// Remembers files that were renamed into an incoming folder, as they look now.
    package mutating func noteRenamed(_ names: [VectorRole: Set<String>]) {
        for (role, names) in names {
            if complete.count + names.count > Self.maximumNames { complete.removeAll() }
            for name in names where [.shard, .sidecar].contains(SpoolNames.kind(of: Array(name.utf8))) {
                // A file that can't be looked at now counts as not seen renamed.
                let entry = try? FileSystem.entry("\(folders.incoming(role))/\(name)")
                complete[SpoolFile.relativePath(ShardKey(role, name), isClaimed: false)] = entry ?? nil
            }
        }
    }

    /// Remembers that a file which was complete has been claimed, and is complete as long as it stays as it is.
    package mutating func noteClaimed(_ shard: ClaimedShard) {
        forget(shard.key, isClaimed: false)
        complete[SpoolFile.relativePath(shard.key, isClaimed: true)] = shard.entry
    }

    /// Forgets a file and its sidecars: others of their names have to be quiet.
    package mutating func forget(_ key: ShardKey, isClaimed: Bool) {
        let names = [key.name] + key.sidecars
        for path in names.map({ SpoolFile.relativePath(ShardKey(key.role, $0), isClaimed: isClaimed) }) {
            complete[path] = nil
            observed[path] = nil
            firstLooks[path] = nil
        }
    }

    /// Forgets observed files that are no longer there.
    package mutating func keep(_ files: [SpoolFile]) {
        guard !observed.isEmpty || !firstLooks.isEmpty else { return }
        let paths = Set(files.flatMap { [$0.relativePath, $0.sidecarPath, $0.heapsPath].compactMap(\.self) })
        observed = observed.filter { paths.contains($0.key) }
        firstLooks = firstLooks.filter { paths.contains($0.key) }
    }

    /// Decides about a file that a scan has found.
    package mutating func verdict(on file: SpoolFile, now: SpoolTime) throws -> Verdict {
        if !file.entry.isRegularFile { return .ready }
        if file.isClaimed { return try verdictOnClaimed(file, now) }
        // Only a deletion list can have no sidecar.
        guard let path = file.sidecarPath else { return try verdictOnList(file.relativePath, file.entry, now) }
        let sidecar = try FileSystem.entry("\(folders.root)/\(path)")
        let isLate = isLate(sidecar, file)
        let shardVerdict = try verdictOnFiles(file, now)
        guard shardVerdict == .ready, let sidecar, sidecar.isRegularFile else { return shardVerdict }
        if isLate { return try verdictOnLateSidecar(of: file, path, sidecar, now) }
        let verdict = try verdictOnList(path, sidecar, now)
        // A sidecar that is still being written could hold other shards for as long as its producer likes.
        guard case .waiting(let seconds, _) = verdict, sidecar.modified > file.entry.changed else { return verdict }
        return .waiting(seconds: seconds)
    }

    /// Whether a sidecar was written after its shard came.
    ///
    /// Only the time of its last write counts: a rename or chmod after the shard came does not make it late. A sidecar
    /// that was there at the first look and has been written since then counts as the shard's.
    private mutating func isLate(_ sidecar: FileSystem.Entry?, _ file: SpoolFile) -> Bool {
        let path = file.relativePath
        if firstLooks[path]?.shard != file.entry { firstLooks[path] = (file.entry, sidecar) }
        guard let sidecar, sidecar.modified > file.entry.changed else { return false }
        guard let first = firstLooks[path]?.sidecar, first.inode == sidecar.inode else { return true }
        return first.modified == sidecar.modified
    }

    /// A claimed file was complete unless a producer that has it open goes on writing.
    private mutating func verdictOnClaimed(_ file: SpoolFile, _ now: SpoolTime) throws -> Verdict {
        if isComplete(file.relativePath, file.entry) { return .ready }
        var age = quietTime(file.relativePath, file.entry, isClaimed: true, now)
        for path in [file.sidecarPath, file.heapsPath].compactMap(\.self) {
            guard let entry = try FileSystem.entry("\(folders.root)/\(path)") else { continue }
            age = min(age, quietTime(path, entry, isClaimed: true, now))
        }
        return try verdict(age: age, file.relativePath)
    }

    /// The verdict on a shard and, if there are any, its heaps.
    private mutating func verdictOnFiles(_ file: SpoolFile, _ now: SpoolTime) throws -> Verdict {
        let verdict = try verdictOnShard(file.relativePath, file.entry, now)
        guard verdict == .ready, let path = file.heapsPath,
            let heaps = try FileSystem.entry("\(folders.root)/\(path)"), heaps.isRegularFile
        else { return verdict }
        return try verdictOnShard(path, heaps, now)
    }

    /// The verdict on the file at `path` below the spool, whose header tells its size.
    private mutating func verdictOnShard(
        _ path: String, _ entry: FileSystem.Entry, _ now: SpoolTime
    ) throws -> Verdict {
        if isComplete(path, entry) { return .ready }
        return try verdict(age: quietTime(path, entry, isClaimed: false, now), path)
    }

    /// The verdict on the file at `path` below the spool that has not changed for `age` seconds.
    private func verdict(age: Double, _ path: String) throws -> Verdict {
        if age < quietSeconds { return .waiting(seconds: quietSeconds - age) }
        guard age < quietSeconds * Self.maximumQuietTimes,
            let format = ShardFormat(fileName: FileSystem.name(of: path)),
            try !LoadedFile.isComplete(path: "\(folders.root)/\(path)", format: format)
        else { return .ready }
        return .waiting(seconds: max(quietSeconds, Self.changePause))
    }

    /// The verdict on the deletion list or sidecar at `path` below the spool.
    private mutating func verdictOnList(
        _ path: String, _ entry: FileSystem.Entry, _ now: SpoolTime
    ) throws -> Verdict {
        if isComplete(path, entry) { return .ready }
        // A write sets both times to the same. A rename, a link, a chmod or a copy with its times leaves `changed`
        // later than `modified`; then the writer has ended.
        let isWrittenInPlace = entry.changed == entry.modified
        let quiet = isWrittenInPlace ? max(quietSeconds, listQuietSeconds) : quietSeconds
        let age = quietTime(path, entry, isClaimed: false, now)
        if age < quiet { return .waiting(seconds: quiet - age, holdsLater: isWrittenInPlace) }
        guard isWrittenInPlace, try !LoadedFile.endsInLineFeed(path: "\(folders.root)/\(path)") else { return .ready }
        if age < quiet * Self.maximumQuietTimes { return .waiting(seconds: max(quiet, Self.changePause)) }
        return .rejected(
            .unfinishedList(FileSystem.name(of: path)), movesSidecar: path.hasSuffix(SpoolNames.sidecarSuffix))
    }

    /// The verdict on a shard whose sidecar came after it: the producer may be about to replace the shard as well.
    private mutating func verdictOnLateSidecar(
        of file: SpoolFile, _ path: String, _ sidecar: FileSystem.Entry, _ now: SpoolTime
    ) throws -> Verdict {
        guard try FileSystem.entry("\(folders.root)/\(file.relativePath)") == file.entry else {
            return .waiting(seconds: Self.changePause)
        }
        let age = quietTime(path, sidecar, isClaimed: false, now)
        if age < quietSeconds { return .waiting(seconds: quietSeconds - age) }
        return .rejected(.lateIDs(FileSystem.name(of: path), shard: file.key.name), movesSidecar: false)
    }

    private func isComplete(_ path: String, _ entry: FileSystem.Entry) -> Bool {
        complete[path]?.isSameFile(as: entry) ?? false
    }

    /// Seconds for which a file has not changed: by its own time, or by what was seen if that lies in the future.
    ///
    /// A claim changes `changed`, so that time of a claimed file says nothing.
    private mutating func quietTime(
        _ path: String, _ entry: FileSystem.Entry, isClaimed: Bool, _ now: SpoolTime
    ) -> Double {
        let changed = isClaimed ? entry.modified : max(entry.modified, entry.changed)
        let age = now.wall - Double(changed) / 1e9
        if age >= max(quietSeconds, listQuietSeconds) { return age }
        if let seen = observed[path], seen.entry == entry { return max(age, now.uptime - seen.since) }
        observed[path] = (entry, now.uptime)
        return max(age, 0)
    }
}
