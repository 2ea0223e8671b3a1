internal import WireAPI

/// The parts of the page in their order; parts without data are left out.
struct PageSections {
    let report: EvaluationReport
    let hubs: HubsReport
    /// How well the references match live queries; `nil` if that has not been measured.
    let match: ReferenceMatchStatus?
    /// Id -> text to show beside it.
    let texts: [String: String]

    var all: [PageSection] {
        [methods, sweep, hubness, biases, references, traffic, groups, frequent, suspicious].compactMap(\.self)
    }

    private var methods: PageSection? {
        MethodsFigure(report).map { figure in
            PageSection(
                id: "section-methods", title: "Does it help?",
                seen: "The picture shows how many more first places each method gives to right images than a search "
                    + "without correction.",
                meaning:
                    "A dot right of the line at 0 is a gain; the bar is its 95% interval, which shows how far chance in "
                    + "the choice of the queries could move it.", figures: [figure.figure])
        }
    }

    private var sweep: PageSection? {
        SweepFigure(report).map { figure in
            let findings = Findings(report)
            let labelled = report.unlabelled == nil
            let choice =
                labelled ? findings.tuning + findings.crossValidation : findings.proposal + findings.evenness
            return PageSection(
                id: "section-sweep", title: "Which k and alpha?",
                seen: labelled
                    ? "Each field is one pair of settings: k, the number of references that make a bias, and alpha, its "
                        + "weight; brighter fields have more right images in first place."
                    : "Each field is one pair of settings: k, the number of references that make a bias, and alpha, its "
                        + "weight; brighter fields leave fewer images in nobody's top 10.",
                meaning: "A large bright area means that the exact choice matters little.",
                findings: choice + findings.flatness, figures: [figure.figure])
        }
    }

    private var hubness: PageSection? {
        HubnessFigures(report).map { figures in
            PageSection(
                id: "section-hubness", title: "Are some images found too often?",
                seen: "The pictures count how often each image stands in the top 10 of the "
                    + "\(NumberFormat.count(report.queries, "query", "queries")), without NNN and with NNN as set.",
                meaning:
                    "A long tail to the right means hubs, images that are found for queries that they don't answer; "
                    + "a high point at 0 means images that nobody can find.",
                figures: [figures.appearances, figures.lorenz], content: [hubnessTable])
        }
    }

    private var hubnessTable: Markup {
        DataTable(
            caption: "Hubness of each method",
            columns: ["method", "in nobody's top 10", "largest N_10", "skewness", "Robin Hood index"],
            rows: report.hubnessInOrder.map { method, hubness in
                [
                    method.title, "\(NumberFormat.percent(hubness.antihubs))%", NumberFormat.count(hubness.largest),
                    NumberFormat.fixed(hubness.skewness, decimals: 2),
                    NumberFormat.fixed(hubness.robinHood, decimals: 3),
                ]
            }
        ).markup(id: "hubness-table")
    }

    private var biases: PageSection? {
        guard report.means.counts.contains(where: { $0 > 0 }) else { return nil }
        return PageSection(
            id: "section-biases", title: "How large are the biases?",
            seen:
                "The picture shows how many images have which mean similarity to the references that are nearest to them.",
            meaning:
                "The wider the hill, the more the correction changes the order of images; single images far to the "
                + "right deserve a look.",
            figures: [MeansFigure(report: report, hubs: hubs).figure])
    }

    private var references: PageSection? {
        var figures: [Figure] = []
        if let curve = report.referenceCurve, !curve.isEmpty {
            figures.append(ReferenceCurveFigure(curve: curve, tuning: report.tuning).figure)
        }
        if let distance = report.referenceDistance {
            figures.append(ReferenceDistanceFigure(distance: distance).figure)
        }
        guard !figures.isEmpty else { return nil }
        return PageSection(
            id: "section-references", title: "Are the references good, and are there enough?",
            seen: "The pictures show what a part of the references gives, and how near queries and references are to "
                + "their nearest reference.",
            meaning:
                "A curve that is still rising at its end says that more references would help; queries that are much "
                + "farther from the references than these are from each other say that the references are of another kind.",
            figures: figures)
    }

    private var traffic: PageSection? {
        guard let match else { return nil }
        let table = DataTable(
            caption: "Live queries and references", columns: ["measure", "value"],
            rows: [
                ["live queries", NumberFormat.count(match.queries)],
                ["median similarity of queries", NumberFormat.fixed(match.querySimilarity, decimals: 3)],
                ["median similarity of references", NumberFormat.fixed(match.referenceSimilarity, decimals: 3)],
                ["pairs with the query farther", "\(NumberFormat.percent(match.farther))%"],
                ["references of the last hour", NumberFormat.count(match.newReferences)],
                ["top 10 that they change", match.changed.map { "\(NumberFormat.percent($0))%" } ?? "not known"],
            ])
        return PageSection(
            id: "section-traffic", title: "Do the references match the traffic?",
            seen: "The table compares queries that users have sent with references: the similarity of each to its "
                + "nearest reference, and in how many pairs of a query and a reference the query is farther from it.",
            meaning: "50% of the pairs means that queries and references are alike; near 100%, the references are of "
                + "another kind, and the correction helps little.",
            content: [table.markup(id: "traffic-table")])
    }

    private var groups: PageSection? {
        let methods = report.methods.filter { $0.groups != nil }
        guard let sizes = methods.first?.groups?.sizes.map(\.n) else { return nil }
        let columns = sizes.flatMap { ["Bias@\($0)", "MaxSkew@\($0)"] }
        let rows = methods.map { method in
            let values = method.groups?.sizes.flatMap { [$0.bias, $0.maxSkew] } ?? []
            return [method.title]
                + (values + [method.groups?.ndkl, method.averagePrecision]).map { value in
                    value.map { NumberFormat.fixed($0, decimals: 3) } ?? ""
                }
        }
        let table = DataTable(
            caption: "Group measures", columns: ["method"] + columns + ["NDKL", "average precision"], rows: rows)
        return PageSection(
            id: "section-groups", title: "Are groups of images shown evenly?",
            seen: "The table compares the labels of the first images with the labels of all images.",
            meaning: "Bias@n is 0 if two labels are equally frequent among the first n images; MaxSkew@n and NDKL are "
                + "0 if the labels are as frequent there as among all labelled images.",
            content: [table.markup(id: "groups-table")])
    }

    private var frequent: PageSection? {
        guard !hubs.byAppearances.isEmpty else { return nil }
        return PageSection(
            id: "section-frequent", title: "The largest hubs",
            seen:
                "These images stand in most top 10s without NNN, each with the references that are most similar to it.",
            meaning: "They are close to many different queries; with NNN they should appear less often.",
            content: [HubList(images: hubs.byAppearances, report: hubs, texts: texts).markup])
    }

    private var suspicious: PageSection? {
        guard hubs.suspiciousCount > 0 else {
            return PageSection(
                id: "section-suspicious", title: "Suspicious images",
                seen: "No image has a bias that is far above those of the others (a robust z-score above 3.5).",
                meaning: "Nothing here looks like a broken or planted image.")
        }
        return PageSection(
            id: "section-suspicious", title: "Suspicious images",
            seen:
                "\(NumberFormat.count(hubs.suspiciousCount, "image has a bias", "images have biases")) far above those "
                + "of the others (a robust z-score above 3.5); the list shows at most \(hubs.suspicious.count).",
            meaning: "Such an image can be broken, empty, planted, or only very typical: look at it.",
            content: [HubList(images: hubs.suspicious, report: hubs, texts: texts).markup])
    }
}
