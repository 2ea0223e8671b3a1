internal import IncrementalBias
package import PosixSupport
package import ShardFormats
package import SpoolProtocol

/// A file of an incoming folder whose name isn't UTF-8.
package struct UnnamedFile: Sendable {
    /// The folder's role.
    package let role: VectorRole
    /// The name as bytes.
    package let name: FileName

    /// The key of the file in a ``RetrySchedule``.
    ///
    /// It differs from all paths of files with UTF-8 names.
    package var retryKey: String { "%/\(role.rawValue)/\(name.escaped)" }
}

/// A list of the files that wait in a spool.
package struct SpoolScan {
    /// The first ``limit`` files, in the order in which they are processed.
    ///
    /// First come claimed files, in the order of their claims; then files of the incoming folders, by ctime; then
    /// folders and other entries that aren't files.
    package private(set) var files: [SpoolFile] = []
    /// Files in the incoming folders whose names aren't UTF-8, at most ``limit``.
    package private(set) var unnamed: [UnnamedFile] = []
    /// The number of all waiting files, including those beyond ``limit``.
    package private(set) var count = 0
    /// The last error of the system for a single file.
    package private(set) var fault: SystemError?

    /// The maximum number of files in ``files``, so that a full spool takes little memory.
    ///
    /// The next scan finds the others.
    package static let limit = 4096

    /// Scans the incoming folders and `processing/`.
    ///
    /// - Parameters:
    ///   - folders: the spool.
    ///   - claims: the order of the claims.
    ///   - isSkipped: returns whether a file is only counted, not listed.
    ///   - isSkippedName: the same for files whose names aren't UTF-8.
    package init(
        _ folders: SpoolFolders, claims: ClaimLog, isSkipped: (SpoolFile) -> Bool,
        isSkippedName: (UnnamedFile) -> Bool
    ) throws {
        for role in VectorRole.allCases {
            for isClaimed in [true, false] {
                let folder = isClaimed ? folders.processing(role) : folders.incoming(role)
                try FileSystem.forEachName(in: folder) { name in
                    guard SpoolNames.kind(of: name.bytes) == .shard else { return }
                    guard let text = name.text else {
                        let file = UnnamedFile(role: role, name: name)
                        if !isClaimed, unnamed.count < Self.limit, !isSkippedName(file) { unnamed.append(file) }
                        return
                    }
                    add(ShardKey(role, text), in: folder, isClaimed: isClaimed, claims, isSkipped)
                }
            }
        }
        keepFirst(claims)
    }

    private mutating func add(
        _ key: ShardKey, in folder: String, isClaimed: Bool, _ claims: ClaimLog, _ isSkipped: (SpoolFile) -> Bool
    ) {
        do throws(SystemError) {
            guard let entry = try FileSystem.entry("\(folder)/\(key.name)") else { return }
            let file = SpoolFile(key, entry, isClaimed: isClaimed)
            if !isSkipped(file) { files.append(file) }
        } catch {
            fault = error
        }
        count += 1
        if files.count >= 2 * Self.limit { keepFirst(claims) }
    }

    private mutating func keepFirst(_ claims: ClaimLog) {
        let order = files.map { ($0, claims.number(of: $0.key) ?? .max) }
        files = order.sorted { $0.0.order(claim: $0.1) < $1.0.order(claim: $1.1) }.map(\.0)
        if files.count > Self.limit { files.removeLast(files.count - Self.limit) }
    }
}

extension SpoolFile {
    /// The sort key for ``SpoolScan/files``.
    ///
    /// A rename changes the ctime.
    ///
    /// - Parameter claim: the number of the file's claim.
    fileprivate func order(claim: Int) -> (Int, Int, Int64, String) {
        (isClaimed ? 0 : entry.isRegularFile ? 1 : 2, isClaimed ? claim : 0, entry.changed, key.name)
    }
}
