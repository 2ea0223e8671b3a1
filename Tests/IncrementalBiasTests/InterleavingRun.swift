import IncrementalBias
import VectorMath

/// One run of random steps: what its vectors are, and how much comes and goes.
struct InterleavingRun: CustomStringConvertible {
    let seed: UInt64
    let source: VectorPool.Source
    let metric: Metric
    let precision: Precision
    let size: Size

    var description: String { "seed \(seed), \(source), \(metric.rawValue), \(precision.rawValue), \(size.name)" }

    /// How much comes and goes.
    struct Size {
        let name: String
        /// How many ids of each role there can be, one of these in a run.
        let ids: [Int]
        /// A step has up to `few` rows as a rule, up to `many` now and then, up to `most` at times.
        let rows: (few: Int, many: Int, most: Int)
        let largestK: Int
        /// How many images the corpus verifies after each step; `nil` for all.
        let verified: Int?

        static let small = Size(
            name: "small", ids: [50, 600], rows: (few: 6, many: 120, most: 600), largestK: 20, verified: nil)
        static let large = Size(
            name: "large", ids: [5_000], rows: (few: 20, many: 500, most: 5_000), largestK: 128, verified: 64)
    }

    /// The runs, each with a seed of its own; those that take longest come first, so that no core idles at the end.
    static func all(firstSeed: UInt64) -> [InterleavingRun] {
        var runs: [InterleavingRun] = []
        func add(_ source: VectorPool.Source, _ metric: Metric, _ precision: Precision, _ size: Size) {
            let seed = firstSeed &+ UInt64(runs.count)
            runs.append(InterleavingRun(seed: seed, source: source, metric: metric, precision: precision, size: size))
        }
        for precision in Precision.allCases {
            for metric in Metric.allCases {
                add(.wordNet, metric, precision, .large)
                add(.ties, metric, precision, .large)
            }
        }
        // Smooth vectors not as float16: which half is nearer could hang on the last bit of a normalised number.
        // (WordNet's vectors were halves before and lie near to them; those with ties are few.)
        for metric in Metric.allCases + Metric.allCases {
            add(.smooth, metric, .float32, .small)
            add(.ties, metric, .float32, .small)
        }
        return runs
    }
}
