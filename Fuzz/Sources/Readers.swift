import ShardFormats

/// The readers of shards: any bytes give a valid shard or an error with a reason.
enum Readers {
    private static let maximumBytes = 1 << 20

    /// Reads a shard; `nil` if the bytes are rejected.
    ///
    /// A shard must be complete by its header too, with finite numbers and valid ids. A rejection must have a reason
    /// and a remedy.
    @discardableResult
    private static func read(_ name: String, _ bytes: [UInt8], ids: [UInt8]? = nil) -> Shard? {
        guard let format = ShardFormat(fileName: name) else { fatalError("no format of \(name)") }
        let completeness = ShardReader.completeness(format, size: bytes.count) { range in
            expect(range.lowerBound >= 0 && range.upperBound <= bytes.count, "a range outside the file is read")
            return Array(bytes[range])
        }
        do throws(ShardError) {
            let shard = try ShardReader.read(
                fileName: name, bytes: bytes, ids: ids, maximumBytes: maximumBytes, v2Elements: .bfloat16)
            expect(completeness == .complete, "the shard is read, and counts as \(completeness)")
            expect(
                shard.matrix.values.count == shard.matrix.rows * shard.matrix.dimension,
                "the matrix has another number of values")
            expect(shard.matrix.rows > 0 && shard.matrix.dimension > 0, "the matrix is empty")
            expect(shard.matrix.values.allSatisfy(\.isFinite), "a number is not finite")
            check(ids: shard.ids, count: shard.matrix.rows)
            return shard
        } catch {
            expect(!error.message.isEmpty && !error.advice.isEmpty, "a rejection has no reason")
            return nil
        }
    }

    private static func check(ids: [String], count: Int) {
        expect(ids.count == count, "\(ids.count) ids for \(count) rows")
        expect(
            ids.allSatisfy { !$0.utf8.isEmpty && $0.utf8.count <= IDList.maximumByteCount }, "an id has a wrong length")
        expect(Set(ids.map { Array($0.utf8) }).count == count, "an id repeats")
    }

    /// Compares with ``RowMajorNPY``, by which large files are read.
    static func npy(_ bytes: [UInt8]) {
        let shard = read("a.npy", bytes)
        let header = Array(bytes.prefix(4096))
        guard let npy = RowMajorNPY(header: header, byteCount: bytes.count, maximumBytes: maximumBytes) else { return }
        guard let shard else { return }
        expect(
            (npy.rows, npy.dimension) == (shard.matrix.rows, shard.matrix.dimension),
            "the row-major reader finds another shape")
        let matrix = npy.matrix(rows: npy.rows) { target in
            expect(npy.dataOffset + target.byteCount == bytes.count, "the row-major reader finds another size")
            target.withUnsafeMutableBytes { $0.copyBytes(from: bytes[npy.dataOffset...]) }
        }
        expect(
            matrix.values.map(\.bitPattern) == shard.matrix.values.map(\.bitPattern),
            "the row-major reader finds other numbers")
    }

    static func npz(_ bytes: [UInt8]) {
        read("a.npz", bytes)
    }

    /// Reads arrays in an archive that is valid otherwise, with correct checksums.
    static func npzMembers(_ bytes: [UInt8]) {
        let length = min(Int(bytes.first ?? 0), max(0, bytes.count - 1))
        let ids = Array(bytes.dropFirst().prefix(length))
        let vectors = Array(bytes.dropFirst(1 + length))
        let members = [
            ZipBuilder.Member(name: "embeddings.npy", data: vectors), ZipBuilder.Member(name: "ids.npy", data: ids),
        ]
        read("a.npz", ZipBuilder(members: ids.isEmpty ? [members[0]] : members).build())
    }

    /// Reads the arrays of a file of heaps: the first bytes are the sizes of all arrays but the last.
    static func heaps(_ bytes: [UInt8]) {
        let names = ["references", "similarities", "reference_ids", "reference_count", "reference_checksum"]
        var rest = bytes.dropFirst(names.count - 1)
        var members: [ZipBuilder.Member] = []
        for (index, name) in names.enumerated() {
            let size = index < names.count - 1 && index < bytes.count ? Int(bytes[index]) : rest.count
            members.append(ZipBuilder.Member(name: "\(name).npy", data: Array(rest.prefix(size))))
            rest = rest.dropFirst(size)
        }
        do throws(ShardError) {
            let heaps = try HeapFile.read(ZipBuilder(members: members).build(), maximumBytes: maximumBytes)
            expect(heaps.references.count == heaps.images * heaps.width, "there is another number of references")
            expect(heaps.similarities.count == heaps.references.count, "there is another number of similarities")
            expect(heaps.references.allSatisfy { Int($0) < heaps.referenceIDs.count }, "a reference has no id")
            expect(heaps.similarities.allSatisfy(\.isFinite), "a similarity is not finite")
        } catch {
            expect(!error.message.isEmpty && !error.advice.isEmpty, "a rejection has no reason")
        }
    }

    static func safeTensors(_ bytes: [UInt8]) {
        read("a.safetensors", bytes)
    }

    /// Reads a sidecar for three rows.
    static func ids(_ bytes: [UInt8]) {
        let vectors = Bytes.npy(shape: "(3, 1)", data: Bytes.floats([1, 2, 3]))
        read("a.npy", vectors, ids: bytes)
        parse(bytes) { bytes throws(ShardError) in try IDList.parse(bytes) }
    }

    static func deletions(_ bytes: [UInt8]) {
        parse(bytes) { bytes throws(ShardError) in
            let ids = try IDList.read(bytes, maximumBytes: 1 << 20)
            check(ids: ids, count: ids.count)
            expect(!ids.isEmpty, "the list is empty")
            return ids
        }
    }

    /// Parses ids, which must be the lines of the text, byte for byte.
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
            expect(
                Array(lines.joined(separator: [UInt8(ascii: "\n")])) == text, "the ids are not the lines of the text")
        } catch {
            expect(!error.message.isEmpty && !error.advice.isEmpty, "a rejection has no reason")
        }
    }
}
