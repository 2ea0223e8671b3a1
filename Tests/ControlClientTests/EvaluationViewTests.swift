import ControlClient
import Testing
import WireAPI

@Suite struct EvaluationViewTests {
    private let style = TextStyle(isColoured: false)

    private func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

    /// The words of the first line that begins with these words.
    private func row(_ start: [String], in lines: [String]) -> [String]? {
        lines.map(words).first { $0.starts(with: start) }
    }

    private func evaluation(_ report: EvaluationReport) -> [String] {
        EvaluationView(report: report, style: style).lines
    }

    private func tuning(_ report: EvaluationReport) -> [String] { TuningView(report: report, style: style).lines }

    // MARK: Sentences

    @Test func aGainAboveZeroIsAGain() {
        #expect(
            Findings(Evaluations.report()).verdict == [
                "NNN as set (k = 128, alpha = 0.75) gains 2.4 points of R@1 (95% interval 1.0 to 3.8).",
                "The pair k = 16, alpha = 1 is better than the current settings: +1.1 points of R@1 (95% interval +0.2 to +1.9).",
            ])
    }

    @Test func anIntervalBelowZeroIsALoss() {
        let report = Evaluations.report(gain: Evaluations.interval(-0.02, -0.03, -0.01))
        #expect(
            Findings(report).verdict.first
                == "NNN as set (k = 128, alpha = 0.75) loses 2.0 points of R@1 (95% interval 1.0 to 3.0).")
    }

    @Test(arguments: [(-0.01, 0.018), (0, 0.02), (-0.02, 0)])
    func anIntervalWithZeroCanNotTell(low: Double, high: Double) {
        let report = Evaluations.report(gain: Evaluations.interval(0.004, low, high))
        let verdict = Findings(report).verdict.first
        #expect(
            verdict?.hasPrefix("The data can't tell whether NNN as set (k = 128, alpha = 0.75) helps: +0.4") == true)
    }

    @Test func aChoiceThatIsNoBetterIsNotProposed() {
        let report = Evaluations.report(over: Evaluations.interval(0.003, -0.008, 0.014), isBetter: false)
        #expect(
            Findings(report).tuning == [
                "The best pair for all queries is k = 16, alpha = 1. The data can't tell it from the current settings: "
                    + "+0.3 points of R@1 (95% interval -0.8 to +1.4). Keep the settings, or label more queries."
            ])
        #expect(!tuning(report).contains { $0.contains("k: 16") })
    }

    @Test func theCurrentPairCanBeTheBestOne() {
        var report = Evaluations.report()
        report.k = 16
        report.alpha = 1
        #expect(Findings(report).tuning == ["The best pair for all queries is the one that is set, k = 16, alpha = 1."])
    }

    @Test func withoutAnswersTheSentenceIsAboutHubness() {
        let verdict = Findings(Evaluations.report(labelled: false)).verdict
        #expect(verdict.count == 1 && verdict[0].hasPrefix("Without answers"))
        #expect(verdict[0].contains("31.0% of the images") && verdict[0].hasSuffix("12.0% with NNN as set."))
    }

    @Test func aSharpOptimumIsSaidToBeOne() {
        var report = Evaluations.report()
        report.tuning?.nearBest.pairs = 1
        #expect(Findings(report).flatness == ["No other pair of the 16 is as good."])
    }

    // MARK: evaluate

    @Test func methodsAreRowsOfATable() {
        let lines = evaluation(Evaluations.report())
        #expect(
            row(["none", "34.1"], in: lines) == ["none", "34.1", "54.1", "59.1", "0.421", "4.5", "-", "-"])
        #expect(
            row(["NNN", "as", "set", "k"], in: lines) == [
                "NNN", "as", "set", "k", "128,", "alpha", "0.75", "36.5", "56.5", "61.5", "0.445", "4.5", "+2.4",
                "+1.0",
                "to", "+3.8",
            ])
        #expect(row(["none", "1.90"], in: lines) == ["none", "1.90", "0.500", "31.0%", "19"])
        #expect(lines.last == "1,000 queries, 5,000 images, 8,000 references, generation 1,234; took 1.2 s")
    }

    @Test func baselinesShowTheirParameters() {
        var report = Evaluations.report()
        report.methods += [
            Evaluations.method("inverted_softmax", parameters: ["beta": 20], at1: 0.37),
            Evaluations.method("new_method", at1: 0.3),
            Evaluations.method("csls", k: 29, parameters: ["k": 29], at1: 0.37),
        ]
        let lines = evaluation(report)
        #expect(
            row(["inverted", "softmax"], in: lines)?.starts(with: ["inverted", "softmax", "beta", "20", "37.0"]) == true
        )
        #expect(row(["new_method"], in: lines)?[1] == "30.0")
        #expect(row(["CSLS"], in: lines)?.starts(with: ["CSLS", "k", "29", "37.0"]) == true)
    }

    @Test func withoutAnswersOnlyHubnessIsShown() {
        let lines = evaluation(Evaluations.report(labelled: false))
        #expect(lines.first?.hasPrefix("Hubness") == true)
        #expect(!lines.contains { $0.contains("R@1") })
    }

    @Test func groupsCurveAndDistanceAreTables() {
        var report = Evaluations.report()
        report.methods[0].groups = .init(
            sizes: [.init(n: 6, bias: 0.25, maxSkew: 0.5), .init(n: 10, bias: nil, maxSkew: 0.125)], ndkl: 0.0625)
        report.referenceCurve = [.init(share: 0.05, references: 400, gains: [0.01, 0.02], gain: 0.015)]
        let quantiles = EvaluationReport.Quantiles(p05: 0.1, p25: 0.2, p50: 0.3, p75: 0.4, p95: 0.5)
        report.referenceDistance = .init(queries: quantiles, references: quantiles)
        let lines = evaluation(report)
        #expect(row(["none", "0.250"], in: lines) == ["none", "0.250", "0.500", "-", "0.125", "0.063", "-"])
        #expect(row(["400"], in: lines) == ["400", "5%", "+1.5", "+1.0", "+2.0"])
        #expect(row(["queries", "0.100"], in: lines) == ["queries", "0.100", "0.200", "0.300", "0.400", "0.500"])
    }

    // MARK: tune

    /// `*` marks the chosen pair, `=` the current one, and `+` those that the data can't tell from the best one.
    @Test func theSweepMarksTheChosenAndTheCurrentPair() {
        let lines = tuning(Evaluations.report())
        #expect(row(["16"], in: lines) == ["16", "30.0", "32.5", "33.8+", "35.0*"])
        #expect(row(["128"], in: lines) == ["128", "30.0", "32.5", "33.8=", "35.0+"])
        #expect(
            lines.contains("The data can't tell 3 of the 16 pairs from the best one: k 16 to 128, alpha 0.75 to 1."))
    }

    @Test func theGainOfAChoiceIsThatOfHalvesThatDidNotChoose() {
        #expect(
            tuning(Evaluations.report()).contains(
                "Pairs that random halves of the queries choose gain, on the other halves, +3.5 points of R@1 "
                    + "(95% interval +2.0 to +5.0) over no correction."))
    }

    @Test func aBetterPairComesWithItsLinesForTheSettings() {
        #expect(tuning(Evaluations.report()).suffix(2) == ["  k: 16", "  alpha: 1"])
    }

    @Test func aLongSweepShowsSomeColumnsAndSaysSo() {
        var report = Evaluations.report()
        report.sweep = (0...16).map { .init(k: 16, alpha: Float($0) / 8, recall: 0.3, isNearBest: false) }
        report.tuning?.alpha = 1.125
        let lines = tuning(report)
        let header = words(lines[1]).filter { Float($0) != nil }
        #expect(header == ["0", "0.25", "0.5", "0.75", "1", "1.125", "1.25", "1.5", "1.75", "2"])
        #expect(lines.contains { $0.hasSuffix("10 of 17 values of alpha are shown, --json has all") })
    }

    @Test func aProposalSaysWhatItAssumes() {
        let lines = tuning(Evaluations.report(labelled: false))
        #expect(lines.first == "Images in nobody's top 10, in percent")
        #expect(row(["4"], in: lines) == ["4", "40.0+", "35.0*", "32.5+", "30.0+"])
        #expect(
            lines.contains { $0.hasPrefix("By hubness over held-out references the proposal is k = 4, alpha = 0.5:") })
        #expect(lines.contains { $0.contains("every image is about as likely to be asked for") })
        #expect(
            lines.contains("Images in nobody's top 10: 40.0% without NNN, 32.5% as set, 35.0% as proposed.")
                && lines.contains("Different images in first place: 9 without NNN, 9 as set, 9 as proposed."))
        #expect(lines.suffix(2) == ["  k: 4", "  alpha: 0.5"])
    }

    @Test func hubnessCanGiveNoReasonToChange() {
        var report = Evaluations.report(labelled: false)
        report.unlabelled?.isBetterThanNone = false
        report.unlabelled?.k = 128
        report.unlabelled?.alpha = 0.75
        let lines = tuning(report)
        #expect(lines.contains { $0.hasPrefix("Hubness over held-out references gives no reason to change") })
        #expect(!lines.contains { $0.contains("alpha: ") })
    }

    // MARK: hubs

    @Test func anImageIsARowAndItsReferencesTheNextOne() throws {
        let view = HubsView(report: Evaluations.hubs(), texts: ["b": "a\ntext", "r2": "two"], style: style)
        let at = try #require(view.lines.firstIndex { words($0).starts(with: ["1", "b"]) })
        #expect(words(view.lines[at]) == ["1", "b", "0.375000", "1.0", "19", "7", "a", "text"])
        #expect(view.lines[at + 1] == "       references: 0.900 r1, 0.800 r2 two")
        #expect(view.lines.contains { $0.hasPrefix("No suspicious images") })
    }

    @Test func suspiciousImagesAreCounted() {
        let report = Evaluations.hubs(byMean: [], suspicious: [Evaluations.image("x\u{7}", z: 9)], suspiciousCount: 12)
        let lines = HubsView(report: report, texts: [:], style: style).lines
        #expect(lines.contains("  and 11 more") && lines.contains { $0.contains("x\\u{7}") })
        #expect(lines.prefix(2) == ["Images with the largest biases", "  none"])
    }
}
