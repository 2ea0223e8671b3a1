/// Collects ids row by row, and the rows whose id is invalid.
struct IDCollector {
    private var ids: [String] = []
    private var invalid: [Int] = []
    private var tooLong: [Int] = []
    private var row = 0

    init(capacity: Int) {
        ids.reserveCapacity(capacity)
    }

    /// Adds the next row's id in UTF-8.
    mutating func append(utf8 bytes: some Collection<UInt8>) {
        if bytes.count > IDList.maximumByteCount {
            list(in: &tooLong)
        } else if let id = String(validating: bytes, as: UTF8.self) {
            ids.append(id)
        } else {
            list(in: &invalid)
        }
        row += 1
    }

    /// Adds the next row's id as Unicode code points.
    mutating func append(codePoints: some Collection<UInt32>) {
        if codePoints.count > IDList.maximumByteCount {
            list(in: &tooLong)
        } else if let id = String(validating: codePoints, as: UTF32.self) {
            ids.append(id)
        } else {
            list(in: &invalid)
        }
        row += 1
    }

    /// The ids of all rows.
    ///
    /// - Throws: `ids_not_utf8`, `id_too_long`.
    func finish() throws(ShardError) -> [String] {
        if !invalid.isEmpty { throw .invalidIDText(rows: invalid) }
        if !tooLong.isEmpty { throw .tooLongIDs(rows: tooLong) }
        return ids
    }

    private func list(in rows: inout [Int]) {
        if rows.count < ShardError.maximumListedRows { rows.append(row) }
    }
}
