import ControlClient
import Testing

@Suite struct TerminalTests {
    private let plain = TextStyle(isColoured: false)
    private let coloured = TextStyle(isColoured: true)

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "-1,000")])
    func setsThousandsApart(value: Int, text: String) {
        #expect(NumberFormat.count(value) == text)
    }

    @Test func namesOneAndMany() {
        #expect(NumberFormat.count(1, "row", "rows") == "1 row")
        #expect(NumberFormat.count(0, "row", "rows") == "0 rows")
    }

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1 << 20, "1.0 MiB"),
        ((1 << 20) - 1, "1.0 MiB"), (3 << 40, "3.0 TiB"), (Int.max, "8.0 EiB"),
    ]) func showsBytesInBinaryUnits(value: Int, text: String) {
        #expect(NumberFormat.bytes(value) == text)
    }

    @Test(arguments: [
        (0.0123, "12.3 ms"), (0.99999, "1.0 s"), (4.5, "4.5 s"), (59.96, "1 min 0 s"), (200, "3 min 20 s"),
        (7500, "2 h 5 min"), (781_200, "9 d 1 h"), (.infinity, "inf s"),
    ]) func showsDurations(seconds: Double, text: String) {
        #expect(NumberFormat.duration(seconds) == text)
    }

    @Test(
        arguments: [
            (0.5, "0.500000"), (-0.25, "-0.250000"), (-0.0000001, "0.000000"), (.nan, "nan"),
        ] as [(Float, String)]) func showsScores(value: Float, text: String)
    {
        #expect(NumberFormat.score(value) == text)
    }

    @Test(
        arguments: [
            (1.19e-7, "1.19e-07"), (0, "0.0"), (9.999e-4, "1.00e-03"), (-12345, "-1.23e+04"), (.infinity, "inf"),
        ] as [(Float, String)]) func showsSmallNumbersWithAnExponent(value: Float, text: String)
    {
        #expect(NumberFormat.brief(value) == text)
    }

    @Test func sharesAndDifferencesAreInPercent() {
        #expect([0.341, 0, 1, -0.02].map(NumberFormat.percent) == ["34.1", "0.0", "100.0", "-2.0"])
        #expect([0.024, -0.003, 0, 0.0004, -0.0004].map(NumberFormat.points) == ["+2.4", "-0.3", "0.0", "0.0", "0.0"])
    }

    @Test func shortNumbersHaveNoFractionOfZero() {
        #expect([0.75, 1, 20, 0.125].map { NumberFormat.short(Float($0)) } == ["0.75", "1", "20", "0.125"])
        #expect(NumberFormat.short(4.5) == "4.5")
    }

    @Test func numbersCanHaveAnyCountOfDecimals() {
        #expect((0...3).map { NumberFormat.fixed(2.71828, decimals: $0) } == ["3", "2.7", "2.72", "2.718"])
        #expect(NumberFormat.fixed(-0.4, decimals: 0) == "0")
    }

    @Test func controlCharactersAreEscaped() {
        #expect("a\u{1b}[31m\u{7}b".printable == "a\\u{1b}[31m\\u{7}b")
        #expect("left\u{202e}right\u{2066}".printable == "left\\u{202e}right\\u{2066}")
        #expect("größe 日本 👍".printable == "größe 日本 👍")
        #expect("two\r\nlines\tand a tab".onOneLine == "two lines and a tab")
    }

    @Test(arguments: [("abc", 3), ("ü", 1), ("日本", 4), ("👍", 2), ("\u{1b}[1mab\u{1b}[0m", 2), ("e\u{301}", 1)])
    func measuresTextInColumns(text: String, width: Int) {
        #expect(text.terminalWidth == width)
    }

    @Test func aTableAlignsItsColumns() {
        var table = Table([.leading("id"), .trailing("rows")])
        table.append(["日本", "1"])
        table.append(["a", "1,000"])
        #expect(table.lines(style: plain, indent: 2) == ["  id     rows", "  日本      1", "  a     1,000"])
    }

    @Test func aPropertyListAlignsItsValues() {
        let list = PropertyList([("name", "value"), ("", "more"), ("longer", "other")])
        #expect(list.lines(style: plain, indent: 1) == [" name    value", "         more", " longer  other"])
    }

    @Test func aStyleWithoutColoursChangesNothing() {
        #expect(plain.bold("a") + plain.dim("b") + plain.red("c") == "abc")
        #expect(coloured.bold("a") == "\u{1b}[1ma\u{1b}[0m")
        #expect(coloured.red("") == "")
    }
}
