import ShardFormats
import Testing

@Suite struct ShardErrorTests {
    @Test("Keeps at most 20 rows")
    func keepsFewRows() {
        #expect(ShardError.zeroVector(rows: Array(0..<100)).rows == Array(0..<20))
    }

    @Test("The message names the rows")
    func namesRows() {
        #expect(ShardError.zeroVector(rows: [7]).message.hasPrefix("Row 7 (counted from 0) has only zeros"))
        #expect(ShardError.zeroVector(rows: [1, 4]).message.hasPrefix("Rows 1 and 4 (counted from 0) have"))
        let many = ShardError.normTooLarge(rows: [1, 2, 3, 4, 5, 6])
        #expect(many.message.hasPrefix("Rows 1, 2, 3, 4, 5 and more (counted from 0) have"))
    }

    @Test("Codes are in snake case, and all are different")
    func codes() {
        let raw = ShardError.Code.allCases.map(\.rawValue)
        #expect(Set(raw).count == raw.count)
        #expect(raw.allSatisfy { $0.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz_0123456789".utf8.contains($0) } })
        #expect(ShardError.unreadable(reason: "no").code.rawValue == "unreadable")
        #expect(ShardError.notRegularFile(kind: "a pipe").code.rawValue == "not_regular_file")
        #expect(ShardError.tooLarge(byteCount: 2, limit: 1).code.rawValue == "too_large")
        #expect(ShardError.Code.idsNotUTF8.rawValue == "ids_not_utf8")
    }

    @Test("A message quotes only a short and printable part of a file's name")
    func quotesNamesSafely() {
        let name = "\u{1b}[31m\n" + String(repeating: "x", count: 100_000)
        let error = #expect(throws: ShardError.self) {
            try ShardReader.read(fileName: name, bytes: [], ids: nil, maximumBytes: 1)
        }
        let message = error?.message ?? ""
        #expect(message.utf8.count < 300)
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
    }
}
