import ShardFormats

/// The readers of shards: whatever the bytes, a shard as it must be or a refusal with a reason.
enum Readers {
    private static let maximumBytes = 1 << 20

    /// A shard of these bytes; `nil` where they are refused.
    ///
    /// What is read must be whole, finite and named, the same each time, and complete to whoever looks at the header
    /// only. What is refused must say why and what to do.
    @discardableResult
    private static func read(_ name: String, _ bytes: [UInt8], ids: [UInt8]? = nil) -> Shard? {
        guard let format = ShardFormat(fileName: name) else { fatalError("no format of \(name)") }
        let completeness = ShardReader.completeness(format, size: bytes.count) { range in
            hold(range.lowerBound >= 0 && range.upperBound <= bytes.count, "asks for what isn't there")
            return Array(bytes[range])
        }
        do throws(ShardError) {
            let shard = try ShardReader.read(fileName: name, bytes: bytes, ids: ids, maximumBytes: maximumBytes)
            hold(completeness == .complete, "read, and \(completeness)")
            hold(shard.matrix.values.count == shard.matrix.rows * shard.matrix.dimension, "a matrix of another size")
            hold(shard.matrix.rows > 0 && shard.matrix.dimension > 0, "an empty matrix")
            hold(shard.matrix.values.allSatisfy(\.isFinite), "a number that is none")
            check(ids: shard.ids, count: shard.matrix.rows)
            return shard
        } catch {
            hold(!error.message.isEmpty && !error.advice.isEmpty, "refused without a reason")
            return nil
        }
    }

    private static func check(ids: [String], count: Int) {
        hold(ids.count == count, "\(ids.count) ids for \(count) rows")
        hold(
            ids.allSatisfy { !$0.utf8.isEmpty && $0.utf8.count <= IDList.maximumByteCount }, "an id of no right length")
        hold(Set(ids.map { Array($0.utf8) }).count == count, "an id twice")
    }

    /// Also against the way in which large files are read.
    static func npy(_ bytes: [UInt8]) {
        let shard = read("a.npy", bytes)
        let header = Array(bytes.prefix(4096))
        guard let plain = PlainNPY(header: header, byteCount: bytes.count, maximumBytes: maximumBytes) else { return }
        hold(plain.dataOffset + plain.rows * plain.dimension * 4 == bytes.count, "plain, of another size")
        guard let shard else { return }
        hold((plain.rows, plain.dimension) == (shard.matrix.rows, shard.matrix.dimension), "plain, of another shape")
        let values = bytes[plain.dataOffset...].withUnsafeBytes { bytes in
            (0..<shard.matrix.values.count).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
        }
        hold(values == shard.matrix.values.map(\.bitPattern), "plain, and other numbers")
    }

    static func npz(_ bytes: [UInt8]) {
        read("a.npz", bytes)
    }

    /// Arrays in an archive that is otherwise as it must be, checksums and all.
    static func npzMembers(_ bytes: [UInt8]) {
        let length = min(Int(bytes.first ?? 0), max(0, bytes.count - 1))
        let ids = Array(bytes.dropFirst().prefix(length))
        let vectors = Array(bytes.dropFirst(1 + length))
        let members = [
            ZipBuilder.Member(name: "embeddings.npy", data: vectors), ZipBuilder.Member(name: "ids.npy", data: ids),
        ]
        read("a.npz", ZipBuilder(members: ids.isEmpty ? [members[0]] : members).build())
    }

    static func safeTensors(_ bytes: [UInt8]) {
        read("a.safetensors", bytes)
    }

    /// The ids of three rows.
    static func ids(_ bytes: [UInt8]) {
        let vectors = Bytes.npy(shape: "(3, 1)", data: Bytes.floats([1, 2, 3]))
        read("a.npy", vectors, ids: bytes)
        parse(bytes) { bytes throws(ShardError) in try IDList.parse(bytes) }
    }

    static func deletions(_ bytes: [UInt8]) {
        parse(bytes) { bytes throws(ShardError) in
            let ids = try IDList.read(bytes, maximumBytes: 1 << 20)
            check(ids: ids, count: ids.count)
            hold(!ids.isEmpty, "a list of nothing")
            return ids
        }
    }

    /// Ids must be the lines, byte for byte.
    private static func parse(_ bytes: [UInt8], _ body: ([UInt8]) throws(ShardError) -> [String]) {
        do throws(ShardError) {
            let ids = try body(bytes)
            var text = ids.map { Array($0.utf8) }.joined(separator: [UInt8(ascii: "\n")]).map { $0 }
            var expected = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
            if !ids.isEmpty { text.append(UInt8(ascii: "\n")) }
            if let last = expected.last, last != UInt8(ascii: "\n") { expected.append(UInt8(ascii: "\n")) }
            let lines = expected.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
                line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            }
            hold(Array(lines.joined(separator: [UInt8(ascii: "\n")])) == text, "ids that are not the lines")
        } catch {
            hold(!error.message.isEmpty && !error.advice.isEmpty, "refused without a reason")
        }
    }
}
