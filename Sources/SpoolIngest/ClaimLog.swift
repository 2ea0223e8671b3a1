internal import Glibc
internal import PosixSupport
internal import ShardFormats
package import SpoolProtocol

/// The order in which shards were claimed, kept in a file, so that they take effect in that order after a crash too.
///
/// A file's time of change tells when it came only until its claim, and is too coarse to tell one claim from the next.
/// A log that can't be written is no reason to stop: the order then follows from the times and names of the files.
package struct ClaimLog {
    private let path: String
    private var numbers: [ShardKey: Int] = [:]
    private var next = 0
    /// Records in the file.
    private var records = 0

    /// A file with more records than this is written anew when most of them are no longer needed.
    private static let maximumIdleRecords = 4096
    private static let maximumBytes = 64 << 20

    /// Reads the log of a spool.
    package init(_ folders: SpoolFolders) {
        path = folders.claimLog
        guard let file = try? ShardFile(path: path, limit: Self.maximumBytes) else { return }
        for record in (file.bytes ?? []).split(separator: 0) {
            records += 1
            guard let key = Self.key(record) else { continue }
            next += 1
            numbers[key] = next
        }
    }

    /// The number of a shard's claim: smaller is earlier; `nil` where it isn't known.
    package func number(of key: ShardKey) -> Int? { numbers[key] }

    /// Records that a shard is about to be claimed.
    package mutating func add(_ key: ShardKey) {
        next += 1
        numbers[key] = next
        records += 1
        write(Self.record(key), O_APPEND)
    }

    /// Forgets shards that are no longer in `processing/`.
    package mutating func remove(_ keys: [ShardKey]) {
        for key in keys { numbers[key] = nil }
        guard records > 0 else { return }
        if numbers.isEmpty {
            records = 0
            write([], O_TRUNC)
        } else if records > Self.maximumIdleRecords, records > 2 * numbers.count {
            records = numbers.count
            let keys = numbers.sorted { $0.value < $1.value }.map(\.key)
            try? FileSystem.writeAtomically(keys.flatMap(Self.record), to: path)
        }
    }

    /// Forgets all shards but these, which lie in `processing/`.
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
