internal import Foundation
internal import IncrementalBias
internal import WireAPI

/// The fields of a request with their defaults, checked as far as that needs no snapshot.
struct EvaluationOptions {
    /// The values of k to try, ascending; the daemon's is one of them.
    let ks: [Int]
    /// The values of alpha to try, ascending; the daemon's is one of them.
    let alphas: [Float]
    let repeats: Int
    let seed: UInt64
    /// The numbers of images for group measures.
    let groupSizes: [Int]

    static let maximumQueries = 32_768
    private static let maximumValues = 64
    private static let repeatLimits = 1...1000
    private static let seedLimits = 0...(1 << 53) - 1
    private static let groupSizeLimits = 1...1000
    private static let alphaLimits: ClosedRange<Float> = 0...1000

    /// Checks a request.
    ///
    /// - Parameters:
    ///   - k: the k of the daemon's searches.
    ///   - alpha: the alpha of the daemon's searches.
    ///   - capacity: the maximum k.
    /// - Throws: ``EvaluationError``.
    init(_ request: EvaluationRequest, k: Int, alpha: Float, capacity: Int) throws(EvaluationError) {
        let ks = request.ks ?? Self.geometricSeries(upTo: capacity)
        try Self.checkCount(ks.count, field: "ks")
        if let wrong = ks.first(where: { !(1...capacity).contains($0) }) {
            throw .kOutOfRange(wrong, capacity: capacity)
        }
        let alphas = request.alphas ?? (0...16).map { Float($0) / 8 }
        try Self.checkCount(alphas.count, field: "alphas")
        if let wrong = alphas.first(where: { !Self.alphaLimits.contains($0) }) { throw .alphaOutOfRange(wrong) }
        groupSizes = request.groupSizes ?? [6, 10]
        try Self.checkCount(groupSizes.count, field: "group_sizes")
        for size in groupSizes { try Self.check(size, Self.groupSizeLimits, field: "group_sizes") }
        repeats = request.repeats ?? 100
        try Self.check(repeats, Self.repeatLimits, field: "repeats")
        try Self.check(request.seed ?? 0, Self.seedLimits, field: "seed")
        seed = UInt64(request.seed ?? 0)
        self.ks = Set(ks + [k]).sorted()
        self.alphas = Set(alphas + [alpha]).sorted()
        if request.queries == nil {
            let given = [("answers", request.answers != nil), ("groups", request.groups != nil)]
            if let field = given.first(where: \.1) { throw .fieldWithoutQueries(field.0) }
        }
        if request.answers == nil {
            let given = [("reference_curve", request.referenceCurve), ("baselines", request.baselines)]
            if let field = given.first(where: { $0.1 == true }) { throw .fieldWithoutAnswers(field.0) }
        }
    }

    /// Different whole numbers from 1 to `last`, in a geometric series of 16, rounded.
    static func geometricSeries(upTo last: Int) -> [Int] {
        let count = 16
        let steps = (0..<count).map { pow(Double(last), Double($0) / Double(count - 1)) }
        return Set(steps.map { min(last, Int($0.rounded())) }).sorted()
    }

    private static func checkCount(_ count: Int, field: String) throws(EvaluationError) {
        guard (1...maximumValues).contains(count) else {
            throw .wrongNumberOfValues(field: field, count: count, limit: maximumValues)
        }
    }

    private static func check(_ value: Int, _ range: ClosedRange<Int>, field: String) throws(EvaluationError) {
        guard range.contains(value) else { throw .outOfRange(field: field, value: value, range: range) }
    }
}
