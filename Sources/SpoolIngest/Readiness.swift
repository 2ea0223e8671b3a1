internal import PosixSupport
package import ShardFormats
package import SpoolProtocol

/// Decides when a file in the spool is complete (*whole*), so that it can be claimed and read.
///
/// A file that was renamed into its folder is whole. Any other file may still be written. It counts as whole if its
/// size is the one that its header tells, and it has not changed for `quietSeconds`, the *quiet time*. The size alone
/// is not enough: `numpy.lib.format.open_memmap` gives a file its full size before it writes a row. A file whose size
/// never fits its header counts as whole after 30 quiet times; reading it then rejects it.
package struct Readiness {
    /// Seconds for which a file must not have changed.
    package var quietSeconds: Double
    private let folders: SpoolFolders
    /// Files that are known to be whole, by their paths below the spool.
    ///
    /// They are whole until they change.
    private var whole: [String: FileSystem.Entry] = [:]
    /// Files that were not quiet for long enough: their entry, and since when (``SpoolTime/uptime``) it is the same.
    private var observed: [String: (entry: FileSystem.Entry, since: Double)] = [:]

    private static let maximumQuietTimes = 30.0
    /// The maximum number of entries in `whole`.
    ///
    /// If there would be more, all are forgotten.
    private static let maximumNames = 65_536

    package init(_ folders: SpoolFolders, quietSeconds: Double) {
        self.folders = folders
        self.quietSeconds = quietSeconds
    }

    /// Records that files were renamed into an incoming folder.
    ///
    /// They are whole until they change.
    package mutating func noteRenamed(_ names: [VectorRole: Set<String>]) {
        for (role, names) in names {
            if whole.count + names.count > Self.maximumNames { whole.removeAll() }
            for name in names where SpoolScan.isShard(name) {
                // If the system returns an error, the file counts as not renamed.
                let entry = try? FileSystem.entry("\(folders.incoming(role))/\(name)")
                whole[SpoolFile.relativePath(ShardKey(role, name), isClaimed: false)] = entry ?? nil
            }
        }
    }

    /// Records that a whole file has been claimed.
    ///
    /// In `processing/` it is whole until it changes.
    package mutating func noteClaimed(_ shard: ClaimedShard) {
        forget(shard.key, isClaimed: false)
        whole[SpoolFile.relativePath(shard.key, isClaimed: true)] = shard.entry
    }

    /// Forgets a file.
    ///
    /// A file at its path must then be quiet before it is whole.
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

    /// The seconds after which `file` should be checked again; 0 if it is whole.
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

    /// The key of a file's sidecar in `observed`.
    ///
    /// No file has this path.
    private static func sidecarPath(_ file: SpoolFile) -> String { "\(file.relativePath)/sidecar" }

    /// The seconds for which a file has not changed: according to its times or, if these are too recent or in the
    /// future, according to earlier calls.
    ///
    /// For a claimed file only the mtime counts, because the claim changes the ctime.
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
