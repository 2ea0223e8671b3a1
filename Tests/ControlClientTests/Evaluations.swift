import WireAPI

/// Reports of evaluations with default values, of which tests change those that matter to them.
enum Evaluations {
    static let ks = [1, 4, 16, 128]
    static let alphas: [Float] = [0, 0.5, 0.75, 1]

    static func interval(_ value: Double, _ low: Double, _ high: Double) -> EvaluationReport.Interval {
        .init(value: value, low: low, high: high)
    }

    static func method(
        _ name: String, k: Int? = nil, alpha: Float? = nil, parameters: [String: Double]? = nil, at1: Double?,
        gain: EvaluationReport.Interval? = nil
    ) -> EvaluationReport.Method {
        .init(
            name: name, k: k, alpha: alpha, parameters: parameters,
            recall: at1.map { .init(at1: $0, at5: $0 + 0.2, at10: $0 + 0.25) }, mrr: at1.map { $0 + 0.08 },
            medianRank: at1.map { _ in 4.5 }, gain: gain)
    }

    /// A hubness of 100 images and 20 queries: `largest` appearances of one image, one of each of the others.
    static func hubness(largest: Int, antihubs: Int) -> EvaluationReport.Hubness {
        .init(
            skewness: Double(largest) / 10, robinHood: 0.5, antihubs: Double(antihubs) / 100, largest: largest,
            histogram: [
                .init(appearances: 0, images: antihubs), .init(appearances: 1, images: 99 - antihubs),
                .init(appearances: largest, images: 1),
            ], lorenz: (0...100).map { $0 < antihubs ? 0 : Double($0 - antihubs) / Double(100 - antihubs) })
    }

    /// A report with answers, or one with a proposal by hubness.
    static func report(
        labelled: Bool = true, gain: EvaluationReport.Interval = interval(0.024, 0.01, 0.038),
        over current: EvaluationReport.Interval = interval(0.011, 0.002, 0.019), isBetter: Bool = true
    ) -> EvaluationReport {
        let pairs = ks.flatMap { k in alphas.map { (k, $0) } }
        let near = EvaluationReport.NearBest(
            pairs: 3, of: 16, smallestK: 16, largestK: 128, smallestAlpha: 0.75, largestAlpha: 1)
        func recall(_ k: Int, _ alpha: Float) -> Double { 0.3 + Double(alpha) / 20 - (k == 1 ? 0.1 : 0) }
        return EvaluationReport(
            generation: 1234, queries: 1000, images: 5000, references: 8000, k: 128, alpha: 0.75, capacity: 160,
            methods: [
                method("none", at1: labelled ? 0.341 : nil, gain: labelled ? interval(0, 0, 0) : nil),
                method("current", k: 128, alpha: 0.75, at1: labelled ? 0.365 : nil, gain: labelled ? gain : nil),
            ] + (labelled ? [method("tuned", k: 16, alpha: 1, at1: 0.385, gain: interval(0.035, 0.02, 0.05))] : []),
            hubness: ["none": hubness(largest: 19, antihubs: 31), "current": hubness(largest: 7, antihubs: 12)],
            sweep: labelled
                ? pairs.map { .init(k: $0, alpha: $1, recall: recall($0, $1), isNearBest: $0 > 4 && $1 > 0.6) } : [],
            tuning: labelled
                ? .init(
                    k: 16, alpha: 1, repeats: 100, gain: interval(0.035, 0.02, 0.05), gainOverCurrent: current,
                    isBetterThanCurrent: isBetter, nearBest: near) : nil,
            unlabelled: labelled
                ? nil
                : .init(
                    k: 4, alpha: 0.5, source: "references", isBetterThanNone: true, nearBest: near,
                    sweep: pairs.map {
                        .init(k: $0, alpha: $1, antihubs: 0.4 - Double($1) / 10, distinctFirst: 9, isNearBest: $0 == 4)
                    }),
            referenceCurve: nil, referenceDistance: nil, means: .init(low: 0.2, high: 0.6, counts: [5, 40, 50, 4, 1]),
            tookMs: 1234)
    }

    static func image(_ id: String, z: Double = 1, references: [String] = ["r1", "r2"]) -> HubsReport.Image {
        .init(
            id: id, mean: 0.5, bias: 0.375, z: z, appearancesBefore: 19, appearances: 7,
            references: references.enumerated().map { .init(id: $1, similarity: 0.9 - Float($0) / 10) })
    }

    static func hubs(
        byMean: [HubsReport.Image] = [image("a")], byAppearances: [HubsReport.Image] = [image("b")],
        suspicious: [HubsReport.Image] = [], suspiciousCount: Int? = nil
    ) -> HubsReport {
        HubsReport(
            generation: 1234, queries: 1000, source: "references", k: 128, alpha: 0.75, medianMean: 0.35,
            deviation: 0.05, byMean: byMean, byAppearances: byAppearances, suspicious: suspicious,
            suspiciousCount: suspiciousCount ?? suspicious.count)
    }
}
