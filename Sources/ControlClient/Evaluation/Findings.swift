package import WireAPI

/// What an evaluation says, in sentences.
package struct Findings {
    private let report: EvaluationReport

    package init(_ report: EvaluationReport) {
        self.report = report
    }

    /// Whether the settings of the daemon help, and whether other ones would be better.
    package var verdict: [String] {
        guard let gain = report.method("current")?.gain else { return [withoutAnswers] }
        return [effect(gain)] + tuning
    }

    /// What the choice of k and alpha by labelled queries is worth; empty without it.
    package var tuning: [String] {
        guard let tuning = report.tuning else { return [] }
        let pair = Self.pair(tuning.k, tuning.alpha)
        if tuning.k == report.k, tuning.alpha == report.alpha {
            return ["The best pair for all queries is the one that is set, \(pair)."]
        }
        let difference = Self.difference(tuning.gainOverCurrent)
        guard tuning.isBetterThanCurrent else {
            return [
                "The best pair for all queries is \(pair). The data can't tell it from the current settings: "
                    + "\(difference). Keep the settings, or label more queries."
            ]
        }
        return ["The pair \(pair) is better than the current settings: \(difference)."]
    }

    /// What a choice of k and alpha by half of the queries is worth for the other half; empty without answers.
    package var crossValidation: [String] {
        guard let gain = report.tuning?.gain else { return [] }
        return [
            "Pairs that random halves of the queries choose gain, on the other halves, \(Self.difference(gain)) over no "
                + "correction."
        ]
    }

    /// How even the proposal of k and alpha without labels makes the ranking; empty without it.
    package var evenness: [String] {
        guard let proposal = report.unlabelled else { return [] }
        var columns: [(name: String, point: EvaluationReport.UnlabelledTuning.Point)] = []
        func add(_ name: String, where isWanted: (EvaluationReport.UnlabelledTuning.Point) -> Bool) {
            if let point = proposal.sweep.first(where: isWanted) { columns.append((name, point)) }
        }
        add("without NNN") { $0.alpha == 0 }
        add("as set") { $0.k == report.k && $0.alpha == report.alpha }
        add("as proposed") { $0.k == proposal.k && $0.alpha == proposal.alpha }
        let antihubs = columns.map { "\(NumberFormat.percent($0.point.antihubs))% \($0.name)" }
        let first = columns.map { "\(NumberFormat.count($0.point.distinctFirst)) \($0.name)" }
        return [
            "Images in nobody's top 10: \(antihubs.joined(separator: ", ")).",
            "Different images in first place: \(first.joined(separator: ", ")).",
        ]
    }

    /// What the proposal of k and alpha without labels is, and what it assumes; empty without it.
    package var proposal: [String] {
        guard let proposal = report.unlabelled else { return [] }
        let source = proposal.source == "references" ? "held-out references" : "the queries"
        let assumption =
            "This assumes that every image is about as likely to be asked for. Where most images are never asked for, a "
            + "proposal can be worse than the current settings. Some labelled queries decide it better."
        guard proposal.isBetterThanNone else {
            return [
                "Hubness over \(source) gives no reason to change the settings: the number of images in nobody's top 10 "
                    + "can't be told from the one without NNN.", assumption,
            ]
        }
        return [
            "By hubness over \(source) the proposal is \(Self.pair(proposal.k, proposal.alpha)): the weakest correction "
                + "whose number of images in nobody's top 10 can't be told from the smallest one.", assumption,
        ]
    }

    /// How flat the optimum is; empty without a choice.
    package var flatness: [String] {
        guard let near = report.tuning?.nearBest ?? report.unlabelled?.nearBest else { return [] }
        guard near.pairs > 1 else { return ["No other pair of the \(near.of) is as good."] }
        let ks = Self.range(NumberFormat.count(near.smallestK), NumberFormat.count(near.largestK))
        let alphas = Self.range(NumberFormat.short(near.smallestAlpha), NumberFormat.short(near.largestAlpha))
        return [
            "The data can't tell \(near.pairs) of the \(near.of) pairs from the best one: k \(ks), alpha \(alphas)."
        ]
    }

    private func effect(_ gain: EvaluationReport.Interval) -> String {
        let setting = "NNN as set (\(Self.pair(report.k, report.alpha)))"
        if gain.low > 0 {
            return "\(setting) gains \(NumberFormat.percent(gain.value)) points of R@1 \(Self.interval(gain))."
        }
        if gain.high < 0 {
            let loss = EvaluationReport.Interval(value: -gain.value, low: -gain.high, high: -gain.low)
            return "\(setting) loses \(NumberFormat.percent(loss.value)) points of R@1 \(Self.interval(loss))."
        }
        return "The data can't tell whether \(setting) helps: \(Self.difference(gain)). Label more queries."
    }

    private var withoutAnswers: String {
        let text =
            "Without answers this does not show whether NNN finds more right images, only how evenly it finds them"
        guard let before = report.hubness["none"], let after = report.hubness["current"] else { return text + "." }
        return text
            + ": \(NumberFormat.percent(before.antihubs))% of the images are in nobody's top 10 without NNN, and "
            + "\(NumberFormat.percent(after.antihubs))% with NNN as set."
    }

    /// A pair of settings, such as "k = 128, alpha = 0.75".
    package static func pair(_ k: Int, _ alpha: Float) -> String {
        "k = \(k), alpha = \(NumberFormat.short(alpha))"
    }

    /// A difference of recall at 1 with its interval, such as "+2.4 points of R@1 (95% interval +1.0 to +3.8)".
    private static func difference(_ gain: EvaluationReport.Interval) -> String {
        "\(NumberFormat.points(gain.value)) points of R@1 (95% interval \(NumberFormat.points(gain.low)) to "
            + "\(NumberFormat.points(gain.high)))"
    }

    private static func interval(_ gain: EvaluationReport.Interval) -> String {
        "(95% interval \(NumberFormat.percent(gain.low)) to \(NumberFormat.percent(gain.high)))"
    }

    private static func range(_ low: String, _ high: String) -> String {
        low == high ? low : "\(low) to \(high)"
    }
}
