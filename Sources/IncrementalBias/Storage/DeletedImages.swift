internal import VectorMath

/// The form in which the change log stores deleted images: for each its row (`u32`), the number of bytes of its id
/// (`u32`) and the id in UTF-8.
enum DeletedImages {
    /// The size of a value after which another one begins, in bytes: two LMDB pages can hold any value.
    private static let bytesPerPart = 7600

    /// The values for some deleted images.
    static func parts(of images: [(row: UInt32, id: String)]) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var part: [UInt8] = []
        for (row, id) in images {
            for number in [row, UInt32(id.utf8.count)] {
                part += (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32($0 * 8)) }
            }
            part += id.utf8
            if part.count > bytesPerPart {
                parts.append(part)
                part = []
            }
        }
        return part.isEmpty ? parts : parts + [part]
    }

    /// Calls `body` for each image of a value.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if the value is cut off.
    static func forEach(in bytes: RawSpan, _ body: (_ row: UInt32, _ id: String) -> Void) throws(StoreError) {
        var position = 0
        while position < bytes.byteCount {
            guard bytes.byteCount - position >= 8 else { throw damaged }
            let row = NumberView.uint32(bytes.extracting(position..<position + 4))
            let length = Int(NumberView.uint32(bytes.extracting(position + 4..<position + 8)))
            position += 8
            guard bytes.byteCount - position >= length else { throw damaged }
            let id = NumberView.bytes(bytes.extracting(position..<position + length))
            body(row, String(decoding: id, as: UTF8.self))
            position += length
        }
    }

    private static let damaged = StoreError.damaged("a list of deleted images in the change log is cut off")
}
