import ControlClient
import Testing

@Suite struct EvaluationFilesTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// The path of a new file with this content.
    private func file(_ content: String) throws -> String {
        try file(Array(content.utf8))
    }

    private func file(_ bytes: [UInt8]) throws -> String {
        try folder.write(bytes, to: "f.tsv")
        return "\(folder.path)/f.tsv"
    }

    private func answers(_ content: String, queries: Int) throws -> [[String]] {
        try AnswersFile(path: try file(content)).read(forQueries: queries, in: "q.npy")
    }

    private func message<T>(_ body: () throws -> T) -> String {
        let failure = #expect(throws: Failure.self) { _ = try body() }
        #expect(failure?.status == .dataRejected)
        return failure?.message ?? ""
    }

    @Test func eachLineHasTheAnswersOfOneQuery() throws {
        #expect(try answers("a\nb\tc d\t\u{e9}\n", queries: 2) == [["a"], ["b", "c d", "\u{e9}"]])
    }

    @Test func filesOfSpreadsheetsAreReadToo() throws {
        // A byte order mark, CR LF, tabs for empty cells, and no line end after the last line.
        #expect(try answers("\u{feff}a\t\t\r\nb\t\tc", queries: 2) == [["a"], ["b", "c"]])
    }

    @Test func anotherNumberOfLinesThanQueriesIsRejected() {
        let text = message { try answers("a\nb\n", queries: 3) }
        #expect(
            text.hasSuffix("f.tsv has 2 lines, and q.npy has 3 queries: write a line for each query, in the same order")
        )
        #expect(message { try answers("a\n", queries: 2) }.contains("has 1 line, and q.npy has 2 queries"))
        #expect(message { try answers("", queries: 1) }.contains("has 0 lines, and q.npy has 1 query:"))
    }

    @Test(arguments: ["a\n\nb\n", "a\n\t\t\nb\n"]) func aQueryWithoutAnswersIsNamed(content: String) {
        #expect(message { try answers(content, queries: 3) }.contains("f.tsv: line 2 has no id: each query needs"))
    }

    @Test func aLineThatIsNotUTF8IsNamed() throws {
        let path = try file([0x61, 0x0a, 0xff, 0x0a])
        let text = message { try AnswersFile(path: path).read(forQueries: 2, in: "q.npy") }
        #expect(text.contains("line 2 is not UTF-8"))
    }

    @Test func aMissingFileIsAnInputThatCanNotBeRead() {
        let failure = #expect(throws: Failure.self) {
            try AnswersFile(path: "\(folder.path)/none").read(forQueries: 1, in: "q.npy")
        }
        #expect(failure?.status == .noInput && failure?.message?.contains("/none") == true)
    }

    @Test func groupsAreLabelsByID() throws {
        let groups = try GroupsFile(path: try file("a\tx\nb\ty z\na\tx\n")).read()
        #expect(groups == ["a": "x", "b": "y z"])
    }

    @Test(
        arguments: [
            ("", "is empty"), ("a\tx\nb\n", "line 2 must be an id, a tab and a label"),
            ("a\tx\ty\n", "line 1 must be"), ("\tx\n", "line 1 must be"), ("a\t\n", "line 1 must be"),
            ("a\tx\na\ty\n", "line 2 labels 'a' as 'y', and a line before it as 'x'"),
        ]) func wrongGroupsAreRejected(content: String, expected: String) throws
    {
        let path = try file(content)
        #expect(message { try GroupsFile(path: path).read() }.contains(expected))
    }

    @Test func textsAreTheSecondFieldsByID() throws {
        let texts = try TextsFile(path: try file("id\twords\tgloss\na\tone two\tthree\na\tlater\n")).read()
        #expect(texts == ["id": "words", "a": "one two"])
    }

    @Test func aTextWithoutATabIsRejected() throws {
        let path = try file("a\tb\nc\n")
        #expect(message { try TextsFile(path: path).read() }.contains("line 2 has no tab"))
    }
}
