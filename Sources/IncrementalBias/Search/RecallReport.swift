/// What is known about the recall of approximate searches.
package struct RecallReport: Sendable {
    /// The calibrations by ascending alpha.
    package let calibrations: [RecallCalibration]
    /// The recall of live queries by ascending target.
    package let measured: [RecallEstimate]
    /// The searches that score more rows exactly than by default, by ascending alpha and target.
    package let raised: [RaisedEffort]

    /// The searches with one alpha and one target, whose measured recall was too low.
    package struct RaisedEffort: Equatable, Sendable {
        package let alpha: Float
        package let target: Double
        /// The misses of references count so many times as much as by default.
        package let factor: Double
    }
}
