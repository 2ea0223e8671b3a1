internal import Glibc
internal import PosixSupport
internal import ShardFormats
package import SpoolProtocol

/// A file with the order in which shards were claimed, so that they take effect in this order even after a crash.
///
/// The ctimes of the files are no substitute: a claim changes the ctime of a file, and ctimes of several claims can be
/// equal. If the log can't be written, ingestion continues. After a crash the order then follows ctimes and names.
package struct ClaimLog {
    private let path: String
    private var numbers: [ShardKey: Int] = [:]
    private var next = 0
    /// The number of records in the file.
    private var records = 0

    /// If the file has more records than this, and over half of them are no longer needed, it is rewritten.
    private static let minimumRecordsToRewrite = 4096
    private static let maximumBytes = 64 << 20

    /// Reads the log of a spool.
    ///
    /// A log that is missing or can't be read counts as empty.
    package init(_ folders: SpoolFolders) {
        path = folders.claimLog
        guard let file = try? LoadedFile(path: path, limit: Self.maximumBytes) else { return }
        for record in (file.bytes ?? []).split(separator: 0) {
            records += 1
            guard let key = Self.key(record) else { continue }
            next += 1
            numbers[key] = next
        }
    }

    /// The number of a shard's claim; earlier claims have smaller numbers.
    ///
    /// `nil` if the log doesn't contain the shard.
    package func number(of key: ShardKey) -> Int? { numbers[key] }

    /// Records that a shard is about to be claimed.
    package mutating func add(_ key: ShardKey) {
        next += 1
        numbers[key] = next
        records += 1
        write(Self.record(key), O_APPEND)
    }

    /// Removes shards that are no longer in `processing/`.
    package mutating func remove(_ keys: [ShardKey]) {
        for key in keys { numbers[key] = nil }
        guard records > 0 else { return }
        if numbers.isEmpty {
            records = 0
            write([], O_TRUNC)
        } else if records > Self.minimumRecordsToRewrite, records > 2 * numbers.count {
            records = numbers.count
            let keys = numbers.sorted { $0.value < $1.value }.map(\.key)
            try? FileSystem.writeAtomically(keys.flatMap(Self.record), to: path)
        }
    }

    /// Removes all shards except `keys`, which are in `processing/`.
    package mutating func keep(_ keys: Set<ShardKey>) {
        remove(numbers.keys.filter { !keys.contains($0) })
    }

    private func write(_ bytes: [UInt8], _ mode: Int32) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | mode, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if !bytes.isEmpty { _ = unsafe Glibc.write(descriptor, bytes, bytes.count) }
    }

    private static func record(_ key: ShardKey) -> [UInt8] { Array("\(key.role.rawValue)/\(key.name)".utf8) + [0] }

    private static func key(_ record: ArraySlice<UInt8>) -> ShardKey? {
        guard let slash = record.firstIndex(of: UInt8(ascii: "/")),
            let text = String(validating: record[..<slash], as: UTF8.self), let role = VectorRole(rawValue: text),
            let name = String(validating: record[(slash + 1)...], as: UTF8.self)
        else { return nil }
        return ShardKey(role, name)
    }
}
