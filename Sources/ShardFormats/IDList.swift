/// The ids of a shard: one for each row, each different from the others byte by byte.
///
/// Ids are compared as bytes: two spellings of a character that Unicode calls equivalent are two ids, although
/// Swift's `==` on strings calls them equal.
package enum IDList {
    /// The most bytes of UTF-8 that an id can have.
    package static let maximumByteCount = 500

    /// Reads a sidecar: UTF-8, one id a line.
    ///
    /// Lines end with LF or CRLF; the last end is optional. A byte order mark at the start is ignored.
    ///
    /// - Parameter rows: the number of ids that there must be; checked before memory is allocated for them.
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

    /// Reads and checks a list of ids that belong to no vectors, such as ids to delete.
    ///
    /// - Parameter maximumBytes: the most bytes that a shard can have, which limits the number of ids too.
    /// - Throws: `no_rows` for an empty list, `too_large`, else as ``parse(_:rows:)`` and ``validate(_:rows:)``.
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

    /// The number of ids in a text.
    private static func lines(of text: ArraySlice<UInt8>) -> Int {
        text.count { $0 == newline } + (text.isEmpty || text.last == newline ? 0 : 1)
    }

    /// Checks a list against the number of rows in its shard.
    ///
    /// - Throws: `ids_too_few`, `ids_too_many`, `id_empty`, `id_too_long`, `ids_duplicate`.
    package static func validate(_ ids: [String], rows: Int) throws(ShardError) {
        if let error = ShardError.wrongIDCount(ids.count, rows: rows) { throw error }
        let empty = first(of: ids) { $0.utf8.isEmpty }
        if !empty.isEmpty { throw .emptyIDs(rows: empty) }
        let tooLong = first(of: ids) { $0.utf8.count > maximumByteCount }
        if !tooLong.isEmpty { throw .tooLongIDs(rows: tooLong) }
        try checkDuplicates(ids)
    }

    private static func first(of ids: [String], where isBad: (String) -> Bool) -> [Int] {
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

/// An id that equals another if their bytes are equal.
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
