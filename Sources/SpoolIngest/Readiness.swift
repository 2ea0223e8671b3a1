internal import PosixSupport
package import ShardFormats
package import SpoolProtocol

/// Decides when a file is whole.
///
/// A file that was seen to be renamed into its folder is whole. Any other may still be being written: it is whole when its
/// header agrees with its size and it has not changed for the quiet time. (`numpy.lib.format.open_memmap` gives a
/// file its full size before a row is written: the size alone tells nothing.) A file whose header never agrees counts as
/// whole after 30 quiet times, and is rejected then.
package struct Readiness {
    /// Seconds for which a file must not have changed.
    package var quietSeconds: Double
    private let folders: SpoolFolders
    /// Files that are known to be whole as long as they look like this, by their paths below the spool.
    private var whole: [String: FileSystem.Entry] = [:]
    /// Files that weren't quiet for long enough: how they looked, and since when, on a clock that never jumps.
    private var observed: [String: (entry: FileSystem.Entry, since: Double)] = [:]

    private static let maximumQuietTimes = 30.0
    /// Beyond this many names, files count as not seen renamed.
    private static let maximumNames = 65_536

    /// Knows nothing of any file yet.
    package init(_ folders: SpoolFolders, quietSeconds: Double) {
        self.folders = folders
        self.quietSeconds = quietSeconds
    }

    /// Remembers files that were renamed into an incoming folder, as they look now.
    package mutating func noteRenamed(_ names: [VectorRole: Set<String>]) {
        for (role, names) in names {
            if whole.count + names.count > Self.maximumNames { whole.removeAll() }
            for name in names where SpoolScan.isShard(name) {
                // A file that can't be looked at now counts as not seen renamed.
                let entry = try? FileSystem.entry("\(folders.incoming(role))/\(name)")
                whole[SpoolFile.relativePath(ShardKey(role, name), isClaimed: false)] = entry ?? nil
            }
        }
    }

    /// Remembers that a file which was whole has been claimed, and is whole as long as it stays as it is.
    package mutating func noteClaimed(_ shard: ClaimedShard) {
        forget(shard.key, isClaimed: false)
        whole[SpoolFile.relativePath(shard.key, isClaimed: true)] = shard.entry
    }

    /// Forgets a file: one of its name has to be quiet.
    package mutating func forget(_ key: ShardKey, isClaimed: Bool) {
        let path = SpoolFile.relativePath(key, isClaimed: isClaimed)
        whole[path] = nil
        observed[path] = nil
    }

    /// Forgets observed files that are no longer there.
    package mutating func keep(_ files: [SpoolFile]) {
        guard !observed.isEmpty else { return }
        let paths = Set(files.flatMap { [$0.relativePath, Self.sidecarPath($0)] })
        observed = observed.filter { paths.contains($0.key) }
    }

    /// Seconds to wait until `file` should be looked at again; 0 when it is whole.
    package mutating func delay(_ file: SpoolFile, now: SpoolTime) throws -> Double {
        if !file.entry.isRegularFile { return 0 }
        if let entry = whole[file.relativePath], entry.isSameFile(as: file.entry) { return 0 }
        var age = quietTime(file.relativePath, file.entry, isClaimed: file.isClaimed, now: now)
        if file.isClaimed, let sidecar = file.key.sidecar {
            if let entry = try FileSystem.entry("\(folders.processing(file.key.role))/\(sidecar)") {
                age = min(age, quietTime(Self.sidecarPath(file), entry, isClaimed: true, now: now))
            }
        }
        if age < quietSeconds { return quietSeconds - age }
        guard age < quietSeconds * Self.maximumQuietTimes, let format = ShardFormat(fileName: file.key.name) else {
            return 0
        }
        if try ShardFile.isComplete(path: "\(folders.root)/\(file.relativePath)", format: format) { return 0 }
        return max(quietSeconds, 0.1)
    }

    /// What the sidecar of a file is observed by: the path of no file.
    private static func sidecarPath(_ file: SpoolFile) -> String { "\(file.relativePath)/sidecar" }

    /// Seconds for which a file has not changed: by its own time, or by what was seen where that lies in the future.
    ///
    /// A claim changes the time of the last change, so that of a claimed file says nothing.
    private mutating func quietTime(
        _ path: String, _ entry: FileSystem.Entry, isClaimed: Bool, now: SpoolTime
    ) -> Double {
        let changed = isClaimed ? entry.modified : max(entry.modified, entry.changed)
        let age = now.wall - Double(changed) / 1e9
        if age >= quietSeconds { return age }
        if let seen = observed[path], seen.entry == entry { return max(age, now.uptime - seen.since) }
        observed[path] = (entry, now.uptime)
        return max(age, 0)
    }
}
