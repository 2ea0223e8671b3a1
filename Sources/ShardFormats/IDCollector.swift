/// Collects ids row by row, and records the rows whose id is not valid.
struct IDCollector {
    private var ids: [String] = []
    /// The first rows whose id is not valid Unicode.
    private var invalid: [Int] = []
    /// The first rows whose id is too long.
    private var tooLong: [Int] = []
    /// The number of the next row.
    private var row = 0

    /// Creates a collector, with memory for `capacity` ids.
    init(capacity: Int) {
        ids.reserveCapacity(capacity)
    }

    /// Adds the id of the next row, in UTF-8.
    mutating func append(utf8 bytes: some Collection<UInt8>) {
        if bytes.count > IDList.maximumByteCount {
            record(in: &tooLong)
        } else if let id = String(validating: bytes, as: UTF8.self) {
            ids.append(id)
        } else {
            record(in: &invalid)
        }
        row += 1
    }

    /// Adds the id of the next row, as Unicode code points.
    ///
    /// An id of more than 500 bytes of UTF-8 but at most 500 code points is accepted here; ``IDList/validate(_:rows:)``
    /// rejects it.
    mutating func append(codePoints: some Collection<UInt32>) {
        if codePoints.count > IDList.maximumByteCount {
            record(in: &tooLong)
        } else if let id = String(validating: codePoints, as: UTF32.self) {
            ids.append(id)
        } else {
            record(in: &invalid)
        }
        row += 1
    }

    /// Returns the ids of all rows.
    ///
    /// - Throws: `ids_not_utf8` or `id_too_long`, if there is such a row.
    func finish() throws(ShardError) -> [String] {
        if !invalid.isEmpty { throw .invalidIDText(rows: invalid) }
        if !tooLong.isEmpty { throw .tooLongIDs(rows: tooLong) }
        return ids
    }

    private func record(in rows: inout [Int]) {
        if rows.count < ShardError.maximumListedRows { rows.append(row) }
    }
}
