/// What is known about the recall of approximate searches, in the answer of `GET /v1/status`.
package struct RecallStatus: Codable, Equatable, Sendable {
    /// The recall of searches that do not set `recall` themselves; 1 for exact answers.
    package var setting: Double
    /// The calibrations by ascending alpha: searches with these alphas can be approximate.
    package var calibrations: [Calibration]
    /// The recall of live queries by ascending target.
    package var measured: [Measured]
    /// The searches that score more rows exactly than by default, because their measured recall was too low.
    package var raised: [Raised]
    /// The cells that approximate searches can read; `nil` if there are none.
    package var cells: Cells?

    package init(
        setting: Double, calibrations: [Calibration], measured: [Measured], raised: [Raised] = [], cells: Cells? = nil
    ) {
        self.setting = setting
        self.calibrations = calibrations
        self.measured = measured
        self.raised = raised
        self.cells = cells
    }

    /// Groups of similar images, of which approximate searches read a few.
    package struct Cells: Codable, Equatable, Sendable {
        /// The number of cells.
        package var count: Int
        /// Whether searches can use them; they are being built otherwise.
        package var ready: Bool
        /// The images that are in no cell yet, which every search compares.
        package var unassigned: Int
        /// The size of the largest cell, in relation to the mean.
        package var largest: Double

        package init(count: Int, ready: Bool, unassigned: Int, largest: Double) {
            self.count = count
            self.ready = ready
            self.unassigned = unassigned
            self.largest = largest
        }
    }

    /// A measurement of how many rows must be scored exactly.
    package struct Calibration: Codable, Equatable, Sendable {
        package var alpha: Float
        /// The generation of the corpus in which it was made.
        package var generation: UInt64
        /// The number of references that were searched for.
        package var queries: Int

        package init(alpha: Float, generation: UInt64, queries: Int) {
            self.alpha = alpha
            self.generation = generation
            self.queries = queries
        }
    }

    /// The recall of the last queries with one target, which were searched for again exactly.
    package struct Measured: Codable, Equatable, Sendable {
        /// The recall that the queries asked for.
        package var target: Double
        /// The number of queries, at most 1,000.
        package var queries: Int
        /// The share of the images in exact answers that the approximate ones had too.
        package var recall: Double
        /// The bounds of the 95% interval of `recall`.
        package var low: Double
        package var high: Double

        package init(target: Double, queries: Int, recall: Double, low: Double, high: Double) {
            self.target = target
            self.queries = queries
            self.recall = recall
            self.low = low
            self.high = high
        }
    }

    /// Searches with one alpha and one target.
    package struct Raised: Codable, Equatable, Sendable {
        package var alpha: Float
        /// The recall that the searches ask for.
        package var target: Double
        /// The misses of references count so many times as much as by default.
        package var factor: Double

        package init(alpha: Float, target: Double, factor: Double) {
            self.alpha = alpha
            self.target = target
            self.factor = factor
        }
    }
}
