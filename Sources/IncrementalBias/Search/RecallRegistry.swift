internal import Foundation

/// What is known about the recall of approximate searches: calibrations, and a sample of live queries.
///
/// Searches ask it how many rows to score exactly. A thread takes ``Task``s from it: to calibrate, and to measure.
final class RecallRegistry: @unchecked Sendable {
    // Sendable: all variables are accessed under the condition's lock only.
    private let condition = NSCondition()
    private let limits: RecallLimits
    /// The calibrations by alpha.
    private var entries: [Float: Entry] = [:]
    /// Live queries that have not been measured yet.
    private var samples: [RecallSample] = []
    /// What was learned from measured queries.
    private var efforts = RecallEfforts()
    /// The measured queries by target.
    private var windows: [Double: (window: RecallWindow, lastUse: UInt64)] = [:]
    /// Counts uses, so that the calibrations and windows that were used last are kept.
    private var uses: UInt64 = 0
    /// Calibrations that searches wait for are not made before, so that they take at most half of the time.
    private var nextWanted = ContinuousClock.now
    /// Other work is not done before, so that it takes a small share of the time.
    private var nextRepeat = ContinuousClock.now
    private var isClosed = false

    /// The calibration for one alpha.
    private struct Entry {
        var calibration: RecallCalibration?
        /// What to read and to score exactly by target, `topK` and cells, because it takes a while to compute.
        var efforts: [Request: SearchEffort?] = [:]
        var lastUse: UInt64
        /// Whether searches wait for a calibration.
        var isWanted = false
        /// Whether the corpus has changed a little since the calibration, which is still used.
        var isOutdated = false
        /// The generation in which a calibration was impossible.
        var failedGeneration: UInt64?
    }

    private struct Request: Hashable {
        let target: Double
        let topK: Int
        /// Which cells searches can read; `nil` for none.
        let training: UInt32?
    }

    /// Work in the background.
    enum Task: Sendable {
        /// Calibrate searches with an alpha; whether searches wait for it.
        case calibrate(Float, isWanted: Bool)
        /// Search for these queries again, approximately and exactly.
        case measure([RecallSample])
    }

    /// The number of pairs of a target and a `topK` whose numbers of rows are kept for one alpha, at most.
    private static let maximumRequests = 1024
    /// The number of queries that wait to be measured, at most.
    private static let maximumSamples = 64
    /// The number of queries of one request that are measured, at most.
    private static let samplesPerBatch = 4
    /// The number of targets whose recall is measured, at most.
    private static let maximumTargets = 8

    init(limits: RecallLimits) {
        self.limits = limits
    }

    /// How to answer a batch.
    ///
    /// If its alpha has no calibration, the batch must be answered exactly, and a calibration is made in the
    /// background.
    ///
    /// - Parameters:
    ///   - codeVersion: the newest version of the codes' bases.
    ///   - cells: the cells of the store, if there are any.
    /// - Returns: `nil` if the batch does not ask for a recall below 1.
    func method(
        for batch: SearchBatch, state: StoreState, codeVersion: UInt32, cells: CellDirectory?
    ) -> SearchAccuracy.Method? {
        guard let target = batch.recall, target < 1 else { return nil }
        if let rescore = batch.rescore {
            guard rescore < state.images.count else { return .exact(.fewImages) }
            let probes = cells?.phase == .ready ? batch.probes : nil
            return .approximate(calibration: nil, candidates: max(rescore, batch.topK), probes: probes)
        }
        guard state.images.count >= limits.minimumImages else { return .exact(.fewImages) }
        guard batch.topK <= limits.maximumTopK else { return .exact(.largeTopK) }
        return condition.withLock {
            uses += 1
            var entry = entries[batch.alpha] ?? Entry(lastUse: uses)
            defer {
                entries[batch.alpha] = entry
                evict()
            }
            entry.lastUse = uses
            guard let calibration = entry.calibration, calibration.holds(for: state) else {
                if entry.failedGeneration != state.generation, !entry.isWanted {
                    entry.isWanted = true
                    condition.signal()
                }
                return .exact(.uncalibrated)
            }
            let ready = cells?.phase == .ready ? cells : nil
            let isCurrent =
                calibration.generation == state.generation && calibration.codeVersion == codeVersion
                && calibration.cells?.revision == ready?.revision
            // With new cells, searches read all rows until they are calibrated.
            if let ready, ready.training != calibration.cells?.training, !entry.isWanted {
                entry.isWanted = true
                condition.signal()
            }
            if !isCurrent, !entry.isOutdated {
                entry.isOutdated = true
                condition.signal()
            }
            let request = Request(target: target, topK: batch.topK, training: ready?.training)
            let effort =
                entry.efforts[request]
                ?? calibration.effort(
                    for: target, topK: batch.topK, misses: efforts.misses(.init(alpha: batch.alpha, target: target)),
                    cells: ready, limit: limits.candidates(among: state.images.count))
            if entry.efforts.count >= Self.maximumRequests { entry.efforts = [:] }
            entry.efforts[request] = .some(effort)
            guard let effort else { return .exact(.manyCandidates) }
            return .approximate(
                calibration: calibration.generation, candidates: effort.candidates, probes: effort.probes)
        }
    }

    /// Removes the calibrations that were used longest ago if there are too many.
    private func evict() {
        while entries.count > limits.alphas, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            entries[oldest.key] = nil
        }
    }

    /// Keeps some queries of an approximate answer, to measure them later.
    ///
    /// If the batch has set the number of rows, it says nothing about calibrations.
    ///
    /// - Parameter vectors: the batch's vectors, count x dimension, normalised under the cosine metric.
    func sample(_ batch: SearchBatch, vectors: [Float], candidates: Int, probes: Int?) {
        guard let target = batch.recall, batch.rescore == nil, batch.count > 0 else { return }
        let dimension = vectors.count / batch.count
        condition.withLock {
            let count = min(Self.maximumSamples - samples.count, Self.samplesPerBatch, batch.count)
            guard count > 0 else { return }
            for index in 0..<count {
                let query = index * batch.count / count
                samples.append(
                    RecallSample(
                        vector: Array(vectors[query * dimension..<(query + 1) * dimension]), alpha: batch.alpha,
                        topK: batch.topK, target: target,
                        misses: efforts.misses(.init(alpha: batch.alpha, target: target)), candidates: candidates,
                        probes: probes))
            }
            condition.signal()
        }
    }

    /// Records the result of a calibration.
    ///
    /// - Parameter calibration: `nil` if the corpus of `generation` is too small for one.
    func record(_ calibration: RecallCalibration?, alpha: Float, generation: UInt64) {
        condition.withLock {
            uses += 1
            let lastUse = entries[alpha]?.lastUse ?? uses
            if let calibration { efforts.forget(alpha: alpha, outdatedBy: calibration.counts) }
            entries[alpha] = Entry(
                calibration: calibration, lastUse: lastUse, failedGeneration: calibration == nil ? generation : nil)
            evict()
        }
    }

    /// Records the recall of live queries, and adjusts the number of rows that later searches score exactly.
    ///
    /// - Returns: the adjustments.
    func record(_ measured: [MeasuredSample]) -> [RecallAdjustment] {
        condition.withLock {
            for query in measured { record(query) }
            let keys = Set(measured.map { RecallEfforts.Key(alpha: $0.sample.alpha, target: $0.sample.target) })
            return keys.compactMap { key -> RecallAdjustment? in
                guard let counts = entries[key.alpha]?.calibration?.counts,
                    let adjustment = efforts.adjust(key, counts)
                else { return nil }
                entries[key.alpha]?.efforts = [:]
                return adjustment
            }
        }
    }

    private func record(_ query: MeasuredSample) {
        let (target, alpha) = (query.sample.target, query.sample.alpha)
        uses += 1
        windows[target, default: (RecallWindow(), uses)].window.record(found: query.found, total: query.total)
        windows[target]?.lastUse = uses
        while windows.count > Self.maximumTargets, let oldest = windows.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            windows[oldest.key] = nil
        }
        efforts.record(
            .init(alpha: alpha, target: target), misses: query.sample.misses, found: query.found, total: query.total)
    }

    /// The calibrations, the recall measured, and what was learned from it.
    var report: RecallReport {
        condition.withLock {
            RecallReport(
                calibrations: entries.values.compactMap(\.calibration).sorted { $0.alpha < $1.alpha },
                measured: windows.compactMap { $1.window.estimate(target: $0) }.sorted { $0.target < $1.target },
                raised: efforts.raised)
        }
    }

    /// Live queries to measure now, without a wait.
    func takeSamples() -> [RecallSample] {
        condition.withLock {
            defer { samples = [] }
            return samples
        }
    }

    /// Returns the next task; waits while there is none.
    ///
    /// Calibrations that searches wait for come first. Other work waits until it is due.
    ///
    /// - Returns: `nil` after ``close()``.
    func nextTask() -> Task? {
        condition.withLock {
            while !isClosed {
                let wanted = entries.first { $0.value.isWanted }
                let outdated = entries.first { $0.value.isOutdated }
                let hasRepeated = outdated != nil || !samples.isEmpty
                let now = ContinuousClock.now
                if let wanted, nextWanted <= now { return .calibrate(wanted.key, isWanted: true) }
                if hasRepeated, nextRepeat <= now {
                    if let outdated { return .calibrate(outdated.key, isWanted: false) }
                    defer { samples = [] }
                    return .measure(samples)
                }
                let next = [wanted.map { _ in nextWanted }, hasRepeated ? nextRepeat : nil].compactMap(\.self).min()
                if let next {
                    _ = condition.wait(until: Date(timeIntervalSinceNow: (next - now) / .seconds(1)))
                } else {
                    condition.wait()
                }
            }
            return nil
        }
    }

    /// Delays later work according to the time that a task took.
    func finished(_ task: Task, took duration: Duration) {
        condition.withLock {
            if case .calibrate(_, isWanted: true) = task {
                nextWanted = .now + duration
            } else {
                nextRepeat = .now + BackgroundWork.pause(after: duration)
            }
        }
    }

    /// Forgets a task that failed; the next search asks for it again.
    func forget(alpha: Float) {
        condition.withLock {
            entries[alpha]?.isWanted = false
            entries[alpha]?.isOutdated = false
        }
    }

    var isCancelled: Bool { condition.withLock { isClosed } }

    /// Ends ``nextTask()`` and the task under way.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }
}
