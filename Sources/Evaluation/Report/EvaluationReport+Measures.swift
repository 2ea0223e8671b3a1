internal import IncrementalBias
internal import WireAPI

extension EvaluationReport.Interval {
    init(_ interval: ConfidenceInterval) {
        self.init(value: interval.value, low: interval.low, high: interval.high)
    }
}

extension EvaluationReport.Hubness {
    init(_ measures: HubnessMeasures) {
        self.init(
            skewness: measures.skewness, robinHood: measures.robinHood, antihubs: measures.antihubs,
            largest: measures.largest,
            histogram: measures.histogram.map { .init(appearances: $0.appearances, images: $0.images) },
            lorenz: measures.lorenz)
    }
}

extension EvaluationReport.Histogram {
    init(_ histogram: EvenHistogram) {
        self.init(low: histogram.low, high: histogram.high, counts: histogram.counts)
    }
}

extension EvaluationReport.GroupMeasures {
    init(_ measures: GroupMeasures) {
        self.init(
            sizes: measures.sizes.map { .init(n: $0.n, bias: $0.bias, maxSkew: $0.maxSkew) }, ndkl: measures.ndkl)
    }
}

extension EvaluationReport.Quantiles {
    init(_ quantiles: Quantiles) {
        self.init(
            p05: quantiles.value(at: 0.05), p25: quantiles.value(at: 0.25), p50: quantiles.value(at: 0.5),
            p75: quantiles.value(at: 0.75), p95: quantiles.value(at: 0.95))
    }
}

extension EvaluationReport.NearBest {
    /// - Parameter near: the pairs that the data can't tell from the best one, at least one.
    init(_ near: [Sweep.Pair], of pairs: Int) {
        let (ks, alphas) = (near.map(\.k), near.map(\.alpha))
        self.init(
            pairs: near.count, of: pairs, smallestK: ks.min() ?? 0, largestK: ks.max() ?? 0,
            smallestAlpha: alphas.min() ?? 0, largestAlpha: alphas.max() ?? 0)
    }
}

extension TopImages {
    /// For each row the number of queries that have it among their first images.
    ///
    /// - Parameter rows: the number of rows.
    func appearances(variant: Int, rows: Int) -> [UInt32] {
        var counts = [UInt32](repeating: 0, count: rows)
        for query in 0..<queries {
            for row in self.rows(query: query, variant: variant) { counts[Int(row)] += 1 }
        }
        return counts
    }

    /// The number of queries.
    var queries: Int { rows.count / max(1, limit * variants) }
}
