package import FoundationEssentials
package import WireAPI

/// A page that shows an evaluation with pictures: `nnnctl report`.
///
/// It is one file without scripts that loads nothing. Every picture's numbers are in a table below it.
package struct ReportPage {
    private let report: EvaluationReport
    private let hubs: HubsReport
    private let match: ReferenceMatchStatus?
    private let texts: [String: String]
    private let written: Date

    /// - Parameters:
    ///   - report: the evaluation.
    ///   - hubs: the images that appear most, of the same corpus.
    ///   - match: how well the references match live queries; `nil` if that has not been measured.
    ///   - texts: id -> text to show beside it.
    ///   - written: the time that the page names.
    package init(
        report: EvaluationReport, hubs: HubsReport, match: ReferenceMatchStatus? = nil, texts: [String: String],
        written: Date
    ) {
        self.report = report
        self.hubs = hubs
        self.match = match
        self.texts = texts
        self.written = written
    }

    /// The page as HTML, which is well-formed XML too.
    package var html: String {
        let head = Markup.element(
            "head", [:],
            [
                .element("meta", ["charset": "utf-8"]),
                .element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
                .element("meta", ["name": "color-scheme", "content": "light dark"]),
                .element("title", text: Self.title), PageStyle.markup,
            ])
        let sections = PageSections(report: report, hubs: hubs, match: match, texts: texts).all.map(\.markup)
        let body = Markup.element(
            "body", [:], [header, .element("main", [:], sections + [Glossary(report).markup]), footer])
        return "<!DOCTYPE html>\n" + Markup.element("html", ["lang": "en"], [head, body]).source + "\n"
    }

    private static let title = "Does NNN help on this data?"

    private var header: Markup {
        let verdict = Findings(report).verdict.map { Markup.element("p", ["class": "verdict"], text: $0) }
        let facts = facts.map { fact in
            Markup.element(
                "div", [:],
                [.element("dt", text: fact.name), .element("dd", text: fact.value)])
        }
        return .element(
            "header", [:],
            [.element("h1", text: Self.title)] + verdict
                + (facts.isEmpty ? [] : [.element("dl", ["class": "facts"], facts)])
                + [.element("p", ["class": "basis"], text: basis)])
    }

    /// What the figures come from.
    private var basis: String {
        let source = report.unlabelled?.source == "references" ? "references taken as queries" : "queries"
        return "\(NumberFormat.count(report.images)) images, \(NumberFormat.count(report.references)) references, "
            + "\(NumberFormat.count(report.queries)) \(source); set: \(Findings.pair(report.k, report.alpha)). "
            + "Arrows go from no correction to NNN as set."
    }

    /// The main results.
    private var facts: [(name: String, value: String)] {
        var facts: [(String, String)] = []
        if let before = report.method("none")?.recall, let after = report.method("current")?.recall {
            facts.append(
                (
                    "right image first (R@1)",
                    "\(NumberFormat.percent(before.at1))% \u{2192} \(NumberFormat.percent(after.at1))%"
                ))
        }
        if let before = report.hubness["none"], let after = report.hubness["current"] {
            facts.append(
                (
                    "images in nobody's top 10",
                    "\(NumberFormat.percent(before.antihubs))% \u{2192} \(NumberFormat.percent(after.antihubs))%"
                ))
            facts.append(
                (
                    "most top 10s of one image",
                    "\(NumberFormat.count(before.largest)) \u{2192} \(NumberFormat.count(after.largest))"
                ))
        }
        return facts
    }

    private var footer: Markup {
        let day = written.formatted(.iso8601.year().month().day())
        return .element(
            "footer", [:],
            [
                .element(
                    "p",
                    text: "Written by nnnctl \(Version.current) on \(day) from generation "
                        + "\(NumberFormat.count(Int(clamping: report.generation))) of the corpus. This page loads "
                        + "nothing from the network.")
            ])
    }
}
