internal import LMDB
internal import VectorMath

/// A set of rows among ``rowCount`` consecutive ones, as a bitmap.
///
/// The change log stores such a set as a list of 16-bit numbers if it has few rows, else as a bitmap, like a container of
/// a Roaring bitmap (Chambi et al., "Better bitmap performance with Roaring bitmaps", 2016).
struct ChangedRowChunk {
    /// The number of rows in a chunk: as many bits as fit into two LMDB pages, without the header of their value.
    static let rowCount = 65_408
    /// The size of a stored bitmap, in bytes; a list is shorter.
    private static let bitmapBytes = rowCount / 8

    /// Bit `i` of the bitmap: whether the chunk's row `i` is in the set.
    private var words = [UInt64](repeating: 0, count: rowCount / 64)

    /// The set without rows.
    init() {}

    /// Adds a row, counted from the first one of the chunk.
    mutating func insert(_ row: Int) {
        words[row / 64] |= 1 << UInt64(row % 64)
    }

    /// Whether the set has a row, counted from the first one of the chunk.
    func contains(_ row: Int) -> Bool {
        words[row / 64] >> UInt64(row % 64) & 1 == 1
    }

    /// The rows of the set in ascending order, counted from the first one of the chunk.
    var rows: [Int] {
        var rows: [Int] = []
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                rows.append(index * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return rows
    }

    /// Adds the rows of another set.
    mutating func formUnion(_ other: ChangedRowChunk) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    /// Adds the rows of a stored set.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if the bytes are no set.
    mutating func formUnion(stored bytes: RawSpan) throws(StoreError) {
        if bytes.byteCount == Self.bitmapBytes {
            for index in words.indices {
                words[index] |= NumberView.uint64(bytes.extracting(index * 8..<index * 8 + 8))
            }
            return
        }
        guard bytes.byteCount % 2 == 0, bytes.byteCount < Self.bitmapBytes else { throw Self.damaged }
        for position in stride(from: 0, to: bytes.byteCount, by: 2) {
            let row = Int(NumberView.uint16(bytes.extracting(position..<position + 2)))
            guard row < Self.rowCount else { throw Self.damaged }
            insert(row)
        }
    }

    /// Stores the set as the value of a key.
    ///
    /// - Returns: the size of the value in bytes.
    func store(_ database: Database, _ key: UInt64, in transaction: borrowing WriteTransaction) throws -> Int {
        let count = words.reduce(0) { $0 + $1.nonzeroBitCount }
        if count * 2 < Self.bitmapBytes {
            try transaction.put(database, key, rows.map { UInt16($0) }.span)
            return count * 2
        }
        try transaction.put(database, key, words.span)
        return Self.bitmapBytes
    }

    private static let damaged = StoreError.damaged("a set of rows in the change log is impossible")
}

extension ChangedRowChunk {
    /// Splits rows by the chunks that contain them.
    ///
    /// - Returns: the number of each chunk that contains a row, and its set.
    static func chunks(of rows: [UInt32]) -> [(number: Int, chunk: ChangedRowChunk)] {
        var chunks: [Int: ChangedRowChunk] = [:]
        // Rows mostly come in ascending order: the chunk of the last row is kept outside the dictionary.
        var (number, chunk) = (-1, ChangedRowChunk())
        for row in rows {
            let (wanted, position) = Int(row).quotientAndRemainder(dividingBy: rowCount)
            if wanted != number {
                if number >= 0 { chunks[number] = chunk }
                (number, chunk) = (wanted, chunks[wanted] ?? ChangedRowChunk())
            }
            chunk.insert(position)
        }
        if number >= 0 { chunks[number] = chunk }
        return chunks.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
