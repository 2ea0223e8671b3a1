/// Reads and checks the ids of a shard: one for each row, all different.
///
/// Ids are compared byte by byte. Two strings that Unicode calls canonically equivalent are different ids, although
/// Swift's `==` says that they are equal.
package enum IDList {
    /// The maximum size of an id, in bytes of UTF-8.
    package static let maximumByteCount = 500

    /// Reads a sidecar: UTF-8 text with one id on each line.
    ///
    /// Lines end with LF or CRLF; the end of the last line is optional. A byte order mark at the start is ignored. It
    /// does not check whether ids are empty or repeated; ``validate(_:rows:)`` does.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - rows: the required number of ids, checked before memory is allocated for them; `nil` for any number.
    /// - Throws: `ids_too_few`, `ids_too_many`, `ids_not_utf8`, `id_too_long`.
    package static func parse(_ bytes: [UInt8], rows: Int? = nil) throws(ShardError) -> [String] {
        let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
        let lines = lines(of: text)
        if let rows, let error = ShardError.wrongIDCount(lines, rows: rows) { throw error }
        var collector = IDCollector(capacity: lines)
        var rest = text
        while !rest.isEmpty {
            let end = rest.firstIndex(of: newline) ?? rest.endIndex
            let line = rest[..<end]
            collector.append(utf8: line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
            rest = rest[min(end + 1, rest.endIndex)...]
        }
        return try collector.finish()
    }

    /// Reads and checks a deletion list: a file of ids without vectors, in the format of a sidecar.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - maximumBytes: the maximum size of a shard in bytes; it also limits the number of ids, as it limits rows.
    /// - Throws: `no_rows` for an empty list; `too_large`; the errors of ``parse(_:rows:)`` and ``validate(_:rows:)``.
    package static func read(_ bytes: [UInt8], maximumBytes: Int) throws(ShardError) -> [String] {
        try ArrayShape.checkRows(lines(of: bytes[...]), maximumBytes: maximumBytes)
        let ids = try parse(bytes)
        guard !ids.isEmpty else {
            throw ShardError(
                code: .noRows, message: "The list has no ids.", advice: "Put one id on each line.")
        }
        try validate(ids, rows: ids.count)
        return ids
    }

    private static let newline = UInt8(ascii: "\n")

    /// The number of lines in a text.
    private static func lines(of text: ArraySlice<UInt8>) -> Int {
        text.count { $0 == newline } + (text.isEmpty || text.last == newline ? 0 : 1)
    }

    /// Checks the ids of a shard with `rows` rows.
    ///
    /// - Throws: `ids_too_few`, `ids_too_many`, `id_empty`, `id_too_long`, `ids_duplicate`.
    package static func validate(_ ids: [String], rows: Int) throws(ShardError) {
        if let error = ShardError.wrongIDCount(ids.count, rows: rows) { throw error }
        let empty = firstRows(of: ids) { $0.utf8.isEmpty }
        if !empty.isEmpty { throw .emptyIDs(rows: empty) }
        let tooLong = firstRows(of: ids) { $0.utf8.count > maximumByteCount }
        if !tooLong.isEmpty { throw .tooLongIDs(rows: tooLong) }
        try checkDuplicates(ids)
    }

    /// The first rows whose id satisfies `isBad`, as many as an error lists.
    private static func firstRows(of ids: [String], where isBad: (String) -> Bool) -> [Int] {
        var rows: [Int] = []
        for (row, id) in ids.enumerated() where isBad(id) {
            rows.append(row)
            if rows.count == ShardError.maximumListedRows { break }
        }
        return rows
    }

    private static func checkDuplicates(_ ids: [String]) throws(ShardError) {
        var seen: [IDBytes: Int] = [:]
        seen.reserveCapacity(ids.count)
        var rows: [Int] = []
        var example: (id: String, first: Int)?
        for (row, id) in ids.enumerated() {
            guard let first = seen.updateValue(row, forKey: IDBytes(id: id)) else { continue }
            if example == nil { example = (id, first) }
            rows.append(row)
            if rows.count == ShardError.maximumListedRows { break }
        }
        if let example { throw .duplicateIDs(rows: rows, id: example.id, first: example.first) }
    }
}

/// An id that is compared byte by byte.
private struct IDBytes: Hashable {
    let id: String

    static func == (left: IDBytes, right: IDBytes) -> Bool {
        left.id.utf8.elementsEqual(right.id.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var id = id
        id.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
