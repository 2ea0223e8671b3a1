import ControlClient
import Foundation
import FoundationXML
import Testing
import WireAPI

@Suite struct ReportPageTests {
    private func page(
        _ report: EvaluationReport, hubs: HubsReport = Evaluations.hubs(), texts: [String: String] = [:]
    ) -> String {
        ReportPage(report: report, hubs: hubs, texts: texts, written: Documents.time).html
    }

    /// The page as a tree; it is well-formed XML.
    private func document(
        _ report: EvaluationReport, hubs: HubsReport = Evaluations.hubs(), texts: [String: String] = [:]
    ) throws -> XMLDocument {
        try XMLDocument(xmlString: page(report, hubs: hubs, texts: texts), options: [.nodePreserveWhitespace])
    }

    private func texts(_ path: String, in document: XMLDocument) throws -> [String] {
        try document.nodes(forXPath: path).map { $0.stringValue ?? "" }
    }

    /// A report with every optional part.
    private var full: EvaluationReport {
        var report = Evaluations.report()
        report.methods[0].groups = .init(sizes: [.init(n: 6, bias: 0.25, maxSkew: 0.5)], ndkl: 0.0625)
        report.referenceCurve = [0.01, 1].map {
            .init(share: $0, references: Int(8000 * $0), gains: [0.01, 0.02], gain: 0.015)
        }
        let quantiles = EvaluationReport.Quantiles(p05: 0.1, p25: 0.2, p50: 0.3, p75: 0.4, p95: 0.5)
        report.referenceDistance = .init(queries: quantiles, references: quantiles)
        return report
    }

    @Test func eachPictureHasATitleADescriptionAndATable() throws {
        let document = try document(full)
        let pictures = try document.nodes(forXPath: "//svg")
        #expect(pictures.count == 7)
        for picture in pictures.compactMap({ $0 as? XMLElement }) {
            #expect(picture.attribute(forName: "role")?.stringValue == "img")
            let ids = picture.attribute(forName: "aria-labelledby")?.stringValue?.split(separator: " ") ?? []
            #expect(ids.count == 2)
            for id in ids {
                #expect(try texts("//*[@id='\(id)']", in: document).count == 1)
                #expect(try texts("//*[@id='\(id)']", in: document).first?.isEmpty == false)
            }
        }
        #expect(try texts("//figure/details//table", in: document).count == pictures.count)
        #expect(try texts("//figure/figcaption", in: document).count == pictures.count)
    }

    @Test func idsOccurOnceAndAllReferencesToThemResolve() throws {
        let document = try document(full)
        let ids = try texts("//@id", in: document)
        #expect(Set(ids).count == ids.count)
        let references = try texts("//@aria-labelledby", in: document).flatMap {
            $0.split(separator: " ").map(String.init)
        }
        #expect(Set(references).isSubset(of: ids))
    }

    @Test func eachSectionBeginsWithWhatIsSeenAndWhatItMeans() throws {
        let sections = try document(full).nodes(forXPath: "//main/section[position() < last()]")
        #expect(sections.count == 8)
        for section in sections {
            let names = try section.nodes(forXPath: "div[1]/*").prefix(3).compactMap(\.name)
            #expect(names == ["h2", "p", "p"])
        }
    }

    @Test func thePageShowsHowWellReferencesMatchTheQueriesIfThatIsKnown() throws {
        let match = ReferenceMatchStatus(
            generation: 7, queries: 512, querySimilarity: 0.5, referenceSimilarity: 0.75, farther: 0.931,
            newReferences: 1200, changed: nil)
        let page = ReportPage(
            report: full, hubs: Evaluations.hubs(), match: match, texts: [:], written: Documents.time)
        let document = try XMLDocument(xmlString: page.html)
        let cells = try texts("//section[@aria-labelledby='section-traffic']//td", in: document)
        #expect(cells == ["512", "0.500", "0.750", "93.1%", "1,200", "not known"])
        #expect(try texts("//section[@aria-labelledby='section-traffic']", in: self.document(full)).isEmpty)
    }

    @Test func thePageHasNoScriptAndLoadsNothing() throws {
        let document = try document(full)
        for path in ["//script", "//link", "//img", "//@src", "//@href", "//iframe", "//@onclick"] {
            #expect(try texts(path, in: document).isEmpty)
        }
        let page = page(full)
        #expect(!page.contains("url(") && !page.contains("@import"))
    }

    @Test func theVerdictIsAtTheTop() throws {
        #expect(try texts("//header/p[@class='verdict']", in: try document(full)) == Findings(full).verdict)
    }

    @Test func theHeatMapHasAFieldForEachPairAndMarksTheTwoPairs() throws {
        let document = try document(Evaluations.report())
        let fields = "//rect[starts-with(@class, 'heat')]"
        // One for each pair, and ten colours in the legend.
        #expect(try texts(fields, in: document).count == 16 + 10)
        #expect(try texts("//*[@class='near']", in: document).count == 4)
        #expect(try texts("//circle[@class='mark over']", in: document).count == 1)
        #expect(try texts("//rect[@class='mark over']", in: document).count == 1)
    }

    @Test func allCoordinatesAreInsideOfTheirPictures() throws {
        for report in [full, Evaluations.report(labelled: false)] {
            let document = try document(report)
            for picture in try document.nodes(forXPath: "//svg").compactMap({ $0 as? XMLElement }) {
                let box = picture.attribute(forName: "viewBox")?.stringValue?.split(separator: " ").compactMap {
                    Double($0)
                }
                let size = try #require(box)
                for (names, limit) in [(["x", "x1", "x2", "cx"], size[2]), (["y", "y1", "y2", "cy"], size[3])] {
                    for name in names {
                        for value in try picture.nodes(forXPath: ".//@\(name)") {
                            let number = try #require(Double(value.stringValue ?? ""))
                            #expect((0...limit).contains(number), "\(name) in \(size)")
                        }
                    }
                }
            }
        }
    }

    @Test func withoutAnswersTheProposalIsShownAndNoGain() throws {
        let document = try document(Evaluations.report(labelled: false))
        #expect(try texts("//section[@aria-labelledby='section-methods']", in: document).isEmpty)
        let sweep = try texts("//section[@aria-labelledby='section-sweep']/div/p", in: document)
        #expect(sweep.contains { $0.contains("every image is about as likely to be asked for") })
    }

    @Test func textsStandBesideIDsAndAreEscaped() throws {
        let image = Evaluations.image("<b>&\"", references: ["r\u{1}"])
        let hubs = Evaluations.hubs(byAppearances: [image], suspicious: [image])
        let document = try document(full, hubs: hubs, texts: ["<b>&\"": "<script>alert(1)</script>", "r\u{1}": "two"])
        let names = try texts("//ol/li/p[@class='name']", in: document)
        #expect(names == Array(repeating: "<script>alert(1)</script> <b>&\"", count: 2))
        #expect(try texts("//ol/li/ul/li", in: document).first == "0.900 two r\\u{1}")
    }

    @Test func degenerateReportsArePagesToo() throws {
        var report = Evaluations.report(labelled: false)
        report.means = .init(low: 0.5, high: 0.5, counts: [3])
        let empty = EvaluationReport.Hubness(
            skewness: 0, robinHood: 0, antihubs: 1, largest: 0, histogram: [.init(appearances: 0, images: 3)],
            lorenz: [])
        report.hubness = ["none": empty, "current": empty]
        report.unlabelled?.sweep = [.init(k: 1, alpha: 0, antihubs: 0.5, distinctFirst: 1, isNearBest: false)]
        #expect(try document(report).nodes(forXPath: "//svg").count == 4)
        report.means.counts = []
        report.hubness = [:]
        report.unlabelled?.sweep = []
        #expect(try document(report).nodes(forXPath: "//svg").isEmpty)
    }

    // MARK: The file

    @Test func theFileIsReplacedAsAWhole() throws {
        let folder = try TemporaryFolder()
        try folder.write(Array("old".utf8), to: "r.html")
        try ReportFile(path: "\(folder.path)/r.html").write("new")
        #expect(try folder.bytes("r.html") == Array("new".utf8) && folder.names == ["r.html"])
    }

    @Test func onlyAFileInAnExistingFolderCanBeAReport() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/link", withDestinationPath: "target")
        for (path, status, part) in [
            (folder.path, ExitStatus.inputOutput, "is a folder; name a file"),
            ("\(folder.path)/new/", .inputOutput, "can't be a report"), ("", .inputOutput, "can't be a report"),
            ("\(folder.path)/link", .inputOutput, "is not a regular file"),
            ("\(folder.path)/none/r.html", .noInput, "/none does not exist; make it"),
        ] {
            let failure = #expect(throws: Failure.self) { try ReportFile(path: path) }
            #expect(failure?.status == status && failure?.message?.contains(part) == true)
        }
    }
}
