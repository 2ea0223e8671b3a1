internal import Glibc
internal import IncrementalBias
internal import PosixSupport
package import ShardFormats
package import SpoolProtocol

/// Decides when a waiting file is whole.
///
/// A file that was seen to be renamed into place is. Any other may still be being written: it is taken when its
/// header agrees with its size and it has not changed for the quiet time. (`numpy.lib.format.open_memmap` gives a
/// file its full size before a row is written: the size alone tells nothing.) One whose header never agrees is taken
/// after ``patience`` quiet times, to be refused.
package struct Readiness {
    private let folders: SpoolFolders
    /// How long a file must not have changed.
    package var quietSeconds: Double
    private var renamed: [String: FileSystem.Entry] = [:]
    /// Files that weren't quiet for long enough: how they looked, and since when, on a clock that never jumps.
    private var observed: [String: (entry: FileSystem.Entry, since: Double)] = [:]

    private static let patience = 30.0
    /// Beyond this many names, files count as not seen renamed.
    private static let namesRemembered = 65_536

    package init(_ folders: SpoolFolders, quietSeconds: Double) {
        self.folders = folders
        self.quietSeconds = quietSeconds
    }

    /// Remembers files that were renamed into place, as they look now: another under the same name is another file.
    package mutating func noteRenamed(_ names: [VectorRole: Set<String>]) {
        for (kind, names) in names {
            if renamed.count + names.count > Self.namesRemembered { renamed.removeAll() }
            for name in names where SpoolScan.isShard(name) {
                // What can't be looked at now counts as not seen renamed.
                renamed[key(kind, name)] = (try? FileSystem.entry("\(folders.incoming(kind))/\(name)")) ?? nil
            }
        }
    }

    /// Forgets a file that has been dealt with.
    package mutating func forget(_ file: WaitingFile) {
        renamed[key(file.kind, file.name)] = nil
        observed[key(file.kind, file.name)] = nil
    }

    /// Forgets files that have gone away.
    package mutating func keep(_ files: [WaitingFile]) {
        guard !observed.isEmpty else { return }
        let keys = Set(files.map { key($0.kind, $0.name) })
        observed = observed.filter { keys.contains($0.key) }
    }

    /// Seconds to wait until `file` should be looked at again; 0 when it is ready.
    package mutating func delay(_ file: WaitingFile) throws -> Double {
        if !file.entry.isRegularFile { return 0 }
        if let entry = renamed[key(file.kind, file.name)], entry.isSameFile(as: file.entry) { return 0 }
        let age = quietTime(file)
        if age < quietSeconds { return quietSeconds - age }
        // One that was taken had been read before, or came into its place: that may still be being written.
        guard !file.isTaken, age < quietSeconds * Self.patience, let format = ShardFormat(fileName: file.name) else {
            return 0
        }
        if try ShardFile.isComplete(path: "\(folders.incoming(file.kind))/\(file.name)", format: format) { return 0 }
        return max(quietSeconds, 0.1)
    }

    /// How long the file has not changed: by its own time, or by what was seen where that lies in the future.
    private mutating func quietTime(_ file: WaitingFile) -> Double {
        let age = Self.seconds(CLOCK_REALTIME) - Double(max(file.entry.modified, file.entry.changed)) / 1e9
        if age >= quietSeconds { return age }
        let now = Self.seconds(CLOCK_MONOTONIC)
        if let seen = observed[key(file.kind, file.name)], seen.entry == file.entry { return now - seen.since }
        observed[key(file.kind, file.name)] = (file.entry, now)
        return 0
    }

    private func key(_ kind: VectorRole, _ name: String) -> String { "\(kind.rawValue)/\(name)" }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
