import ShardFormats
import Testing

@Suite struct IDListTests {
    @Test(
        "Reads one id from each line",
        arguments: [
            ("a\nb\n", ["a", "b"]),
            ("a\nb", ["a", "b"]),
            ("a\r\nb\r\n", ["a", "b"]),
            ("a\r\nb", ["a", "b"]),
            ("\u{feff}a\nb\n", ["a", "b"]),
            ("a b\tc\n", ["a b\tc"]),
            ("a\n\nb\n", ["a", "", "b"]),
            ("\n", [""]),
            ("", []),
            ("日本\nGrüße\n", ["日本", "Grüße"]),
            ("a\rb\n", ["a\rb"]),
            ("\u{feff}\u{feff}a\r\r\n\u{feff}b\r\n", ["\u{feff}a\r", "\u{feff}b"]),
        ])
    func parses(text: String, ids: [String]) throws {
        #expect(try IDList.parse(Array(text.utf8)) == ids)
    }

    @Test("Counts the lines before it reads them")
    func countsFirst() {
        let invalid: [UInt8] = [0xff, 0x0a, 0xff]
        #expect(code { try IDList.parse(invalid, rows: 3) } == .idsTooFew)
        #expect(code { try IDList.parse(invalid, rows: 1) } == .idsTooMany)
        #expect(code { try IDList.parse(invalid, rows: 2) } == .idsNotUTF8)
    }

    @Test("Lists the rows whose bytes are not UTF-8")
    func rejectsInvalidText() {
        let bytes = Array("a\n".utf8) + [0xc3, 0x28, 0x0a] + Array("b\n".utf8) + [0xed, 0xa0, 0x80, 0x0a]
        let error = #expect(throws: ShardError.self) { try IDList.parse(bytes) }
        #expect(error?.code == .idsNotUTF8)
        #expect(error?.rows == [1, 3])
    }

    @Test("Accepts 500 bytes and no more")
    func limitsLength() throws {
        let longest = String(repeating: "é", count: 250)
        #expect(try IDList.parse(Array(longest.utf8)) == [longest])
        try IDList.validate([longest], rows: 1)
        #expect(code { try IDList.parse(Array("a\n\(longest)x\n".utf8)) } == .idTooLong)
        #expect(code { try IDList.validate([longest + "x"], rows: 1) } == .idTooLong)
    }

    @Test("Rejects a list with another number of ids than rows, or with an empty id")
    func validates() throws {
        try IDList.validate(["a", "b"], rows: 2)
        #expect(code { try IDList.validate(["a"], rows: 2) } == .idsTooFew)
        #expect(code { try IDList.validate(["a", "b"], rows: 1) } == .idsTooMany)
        #expect(code { try IDList.validate(["a", ""], rows: 2) } == .idEmpty)
    }

    @Test("Lists the rows that repeat an id")
    func findsDuplicates() {
        let error = #expect(throws: ShardError.self) { try IDList.validate(["a", "b", "a", "c", "b", "a"], rows: 6) }
        #expect(error?.code == .idsDuplicate)
        #expect(error?.rows == [2, 4, 5])
        #expect(error?.message.contains(#""a" of row 0"#) == true)
    }

    @Test("Compares ids by their bytes, even if they are equivalent in Unicode")
    func comparesBytes() throws {
        try IDList.validate(["\u{e9}", "e\u{301}"], rows: 2)
    }

    private func code(_ body: () throws -> some Any) -> ShardError.Code? {
        #expect(throws: ShardError.self) { try body() }?.code
    }

    @Test("Reads a list of ids without vectors")
    func readsList() throws {
        #expect(try IDList.read(Array("a\nb\r\n".utf8), maximumBytes: 100) == ["a", "b"])
    }

    @Test(
        "Rejects a bad list of ids without vectors",
        arguments: [
            ("", .noRows), ("a\n\n", .idEmpty), ("a\nb\na", .idsDuplicate),
            (String(repeating: "a\n", count: 4097), .tooLarge),
        ] as [(String, ShardError.Code)])
    func rejectsList(text: String, code: ShardError.Code) {
        let error = #expect(throws: ShardError.self) { try IDList.read(Array(text.utf8), maximumBytes: 100) }
        #expect(error?.code == code)
    }
}
