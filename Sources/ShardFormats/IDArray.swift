/// A reader of the array `ids` in an .npz file: integers or fixed-width text, in one row or column.
enum IDArray {
    /// Reads the ids.
    ///
    /// Integers become decimal text.
    ///
    /// - Parameters:
    ///   - bytes: the member `ids.npy`, a whole .npy file.
    ///   - rows: the required number of ids; checked before memory is allocated for them.
    /// - Throws: the errors of ``NPYHeader/init(_:)``, `truncated`, `trailing_bytes`, `ids_bad_type`, `ids_too_few`,
    ///   `ids_too_many`, `ids_not_utf8`, `id_too_long`.
    static func read(_ bytes: Span<UInt8>, rows: Int) throws(ShardError) -> [String] {
        let header = try NPYHeader(bytes)
        guard header.element.byteCount != nil else { throw .badIDType(header.element) }
        guard let count = ArrayShape.idCount(header.shape) else { throw .badIDShape(header.shape) }
        try ArrayShape.checkSize(bytes.count, expected: try header.fileByteCount())
        if let error = ShardError.wrongIDCount(count, rows: rows) { throw error }
        return try read(header, bytes.extracting(header.dataOffset..<bytes.count), rows: rows)
    }

    /// Reads the ids in `data`, which has the size that the header states.
    static func read(_ header: NPYHeader, _ data: Span<UInt8>, rows: Int) throws(ShardError) -> [String] {
        guard let itemByteCount = header.element.byteCount else { throw .badIDType(header.element) }
        switch header.element {
        case .integer(let format): return format.decimals(data)
        case .text(let characters, let isBigEndian):
            return try text(data, rows: rows, characters: characters, isBigEndian: isBigEndian)
        case .bytes: return try byteStrings(data, rows: rows, itemByteCount: itemByteCount)
        default: throw .badIDType(header.element)
        }
    }

    /// Reads text of a fixed width in UTF-32.
    static func text(_ data: Span<UInt8>, rows: Int, characters: Int, isBigEndian: Bool) throws(ShardError)
        -> [String]
    {
        var collector = IDCollector(capacity: rows)
        var codePoints: [UInt32] = []
        for row in 0..<rows {
            codePoints.removeAll(keepingCapacity: true)
            for index in 0..<characters {
                let little = data.integer(at: (row * characters + index) * 4, as: UInt32.self) ?? 0
                codePoints.append(isBigEndian ? little.byteSwapped : little)
            }
            collector.append(codePoints: trimmed(codePoints))
        }
        return try collector.finish()
    }

    private static func byteStrings(_ data: Span<UInt8>, rows: Int, itemByteCount: Int) throws(ShardError) -> [String] {
        var collector = IDCollector(capacity: rows)
        for row in 0..<rows {
            let item = data.copy(row * itemByteCount..<(row + 1) * itemByteCount) ?? []
            collector.append(utf8: trimmed(item))
        }
        return try collector.finish()
    }

    /// The element without the NULs at its end.
    private static func trimmed<T: FixedWidthInteger>(_ element: [T]) -> ArraySlice<T> {
        var end = element.endIndex
        while end > element.startIndex, element[end - 1] == 0 { end -= 1 }
        return element[..<end]
    }
}
