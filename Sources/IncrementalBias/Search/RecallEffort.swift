/// How much more carefully searches with one alpha and one target are answered than by default, learned from the recall
/// of live queries.
///
/// A calibration only knows references. If live queries miss more images, their recall stays below the target. The
/// misses of the references then count more, so that more rows are scored exactly.
struct RecallEffort: Sendable {
    /// The misses of references count so many times.
    private(set) var misses = Self.defaultMisses
    /// The live queries that were answered with this effort.
    private var window = RecallWindow()
    /// The corpus of the calibration in use when the effort was raised.
    private var raised: RecallCalibration.Counts?

    /// Other queries miss up to so many times as many images as the references of a calibration.
    ///
    /// The leading directions of the codes, and the means, were computed from these. On CLIP-like vectors other queries
    /// missed 0.9 to 1.4 times as many.
    static let defaultMisses = 1.35
    /// The effort stays while fewer queries have been measured.
    private static let minimumQueries = 100

    /// Records a live query that was answered with this effort.
    mutating func record(found: Int, total: Int) {
        window.record(found: found, total: total)
    }

    /// Raises the effort if the measured recall is surely below the target.
    ///
    /// If live queries missed twice as many images as allowed, the misses of references count four times as much: with
    /// more rows, the misses of queries that do not resemble the references fall more slowly than theirs.
    ///
    /// Lowers a raised effort if surely less than half of the misses that the target allows were measured.
    ///
    /// - Parameter counts: the corpus of the calibration in use.
    /// - Returns: the measured recall if the effort has changed.
    mutating func adjust(to target: Double, _ counts: RecallCalibration.Counts) -> RecallEstimate? {
        guard let measured = window.estimate(target: target), measured.queries >= Self.minimumQueries else {
            return nil
        }
        let allowed = 1 - target
        if measured.high < target {
            let excess = (1 - measured.recall) / allowed
            misses *= excess * excess
            raised = counts
        } else if misses > Self.defaultMisses, 1 - measured.low < allowed / 2 {
            misses = max(Self.defaultMisses, misses / 2)
        } else {
            return nil
        }
        window = RecallWindow()
        return measured
    }

    /// Whether the corpus is another one than when the effort was raised, so that what was learned is out of date.
    func isOutdated(_ counts: RecallCalibration.Counts) -> Bool {
        guard let raised else { return false }
        return !counts.resemble(raised)
    }
}

/// A change of the number of rows that approximate searches score exactly, because of the measured recall.
package struct RecallAdjustment: Equatable, Sendable {
    /// The alpha of the searches.
    package let alpha: Float
    /// The recall of live queries before the change, with the target.
    package let measured: RecallEstimate
    /// Whether more rows are scored exactly; fewer otherwise.
    package let isRaised: Bool
    /// The misses of references now count so many times as much as by default.
    package let factor: Double
}

/// The efforts of all searches.
struct RecallEfforts: Sendable {
    /// The searches that share an effort.
    struct Key: Hashable {
        let alpha: Float
        let target: Double
    }

    private var entries: [Key: (effort: RecallEffort, lastUse: UInt64)] = [:]
    private var uses: UInt64 = 0

    /// The number of efforts that are kept; those used last are.
    private static let capacity = 64

    /// The misses of references count so many times in searches like these.
    func misses(_ key: Key) -> Double {
        entries[key]?.effort.misses ?? RecallEffort.defaultMisses
    }

    /// The efforts above the default, by ascending alpha and target.
    var raised: [RecallReport.RaisedEffort] {
        entries.filter { $0.value.effort.misses > RecallEffort.defaultMisses }
            .map { key, entry in
                RecallReport.RaisedEffort(
                    alpha: key.alpha, target: key.target, factor: entry.effort.misses / RecallEffort.defaultMisses)
            }
            .sorted { ($0.alpha, $0.target) < ($1.alpha, $1.target) }
    }

    /// Records a live query; ignores it if it was answered with another effort.
    ///
    /// - Parameter misses: the number that was in force when the query was answered.
    mutating func record(_ key: Key, misses: Double, found: Int, total: Int) {
        guard misses == self.misses(key) else { return }
        uses += 1
        entries[key, default: (RecallEffort(), uses)].effort.record(found: found, total: total)
        entries[key]?.lastUse = uses
        while entries.count > Self.capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            entries[oldest.key] = nil
        }
    }

    /// Adjusts the effort of some searches to the recall measured.
    ///
    /// - Parameter counts: the corpus of the calibration in use.
    /// - Returns: the change; `nil` if there is none.
    mutating func adjust(_ key: Key, _ counts: RecallCalibration.Counts) -> RecallAdjustment? {
        guard let measured = entries[key]?.effort.adjust(to: key.target, counts) else { return nil }
        return RecallAdjustment(
            alpha: key.alpha, measured: measured, isRaised: measured.high < key.target,
            factor: misses(key) / RecallEffort.defaultMisses)
    }

    /// Forgets what was learned with one alpha in another corpus than this one.
    mutating func forget(alpha: Float, outdatedBy counts: RecallCalibration.Counts) {
        entries = entries.filter { $0.key.alpha != alpha || !$0.value.effort.isOutdated(counts) }
    }
}
