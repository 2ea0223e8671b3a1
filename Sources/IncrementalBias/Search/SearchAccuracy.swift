/// How a batch of queries that asked for a recall was answered.
///
/// Scores, similarities and biases are exact in every case. An approximate answer can lack some of the best images.
package struct SearchAccuracy: Equatable, Sendable {
    /// The recall that the batch asked for: the share of the best `topK` images that its answers should have on
    /// average.
    package let target: Double
    package let method: Method
    /// The rows that were compared by codes; a row counts once for each query.
    package let scannedRows: Int
    /// The cells that were read, which a cell counts for each query; `nil` if all rows were compared.
    package let probedCells: Int?
    /// The rows whose exact scores were computed; `nil` in an exact search, whose scan several requests share.
    package let rescoredRows: Int?

    package enum Method: Equatable, Sendable {
        /// The answers are exact, for this reason.
        case exact(ExactReason)
        /// Of the rows with the best estimates, `candidates` were scored exactly for each query: of the rows in
        /// `probes` cells, or of all. A calibration of the generation `calibration` says that this reaches the target;
        /// without one, the batch has set the numbers.
        case approximate(calibration: UInt64?, candidates: Int, probes: Int?)

        var isExact: Bool {
            if case .exact = self { true } else { false }
        }
    }

    /// Why a search that asked for a recall below 1 was exact.
    package enum ExactReason: String, Sendable {
        /// There are so few images that an exact search takes hardly any time.
        case fewImages = "few_images"
        /// `topK` is larger than calibrations cover.
        case largeTopK = "large_top_k"
        /// There is no calibration yet for this alpha and the present corpus.
        case uncalibrated
        /// So many rows would have to be scored exactly that nothing is gained.
        case manyCandidates = "many_candidates"
    }

    /// The calibration's generation; `nil` for exact answers, and if the batch has set the number of rows.
    package var calibration: UInt64? {
        if case .approximate(let calibration, _, _) = method { calibration } else { nil }
    }

    /// Why the answers are exact; `nil` for approximate ones.
    package var exactReason: ExactReason? {
        if case .exact(let reason) = method { reason } else { nil }
    }
}
