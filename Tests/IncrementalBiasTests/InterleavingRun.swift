import IncrementalBias
import VectorMath

/// The parameters of one run of ``InterleavingTests``.
struct InterleavingRun: CustomStringConvertible {
    let seed: UInt64
    let source: VectorPool.Source
    let metric: Metric
    let precision: Precision
    let size: Size

    var description: String { "seed \(seed), \(source), \(metric.rawValue), \(precision.rawValue), \(size.name)" }

    /// The numbers of ids and rows of a run.
    struct Size {
        let name: String
        /// The number of ids of each role; a run chooses one of these.
        let ids: [Int]
        /// The maximum number of rows of a step: `most` in a twelfth of the steps, `many` in about a fifth, otherwise
        /// `few`.
        let rows: (few: Int, many: Int, most: Int)
        let largestK: Int
        /// The number of images that the corpus verifies after each step; `nil` for all.
        let verified: Int?
        /// The number of ids whose heaps are compared after each step.
        let heaps: Int

        static let small = Size(
            name: "small", ids: [50, 600], rows: (few: 6, many: 120, most: 600), largestK: 20, verified: nil,
            heaps: 30)
        static let large = Size(
            name: "large", ids: [5_000], rows: (few: 20, many: 500, most: 5_000), largestK: 128, verified: 64,
            heaps: 30)
    }

    /// All runs, each with its own seed.
    ///
    /// The longest runs come first, so that no core is idle at the end.
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
        // No smooth vectors as float16: the rounding to a half could depend on the last bit of a normalised number.
        // WordNet's vectors were stored as halves and lie near to them; the vectors with ties are few.
        for metric in Metric.allCases + Metric.allCases {
            add(.smooth, metric, .float32, .small)
            add(.ties, metric, .float32, .small)
        }
        return runs
    }
}
