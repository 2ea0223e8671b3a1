import IncrementalBias

/// The whole corpus as two plain dictionaries, and everything about it computed from scratch in double precision.
struct Oracle {
    var metric: Metric
    var k: Int
    /// Id -> vector as it is stored.
    var images: [String: [Float]] = [:]
    var references: [String: [Float]] = [:]

    func stored(_ vector: [Float]) -> [Float] {
        guard metric == .cosine else { return vector }
        let norm = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return vector.map { Float(Double($0) / norm) }
    }

    /// Id -> mean of the k largest similarities to references.
    func means() -> [String: Double] {
        images.mapValues { image in
            let best = references.values.map { similarity($0, image) }.sorted(by: >).prefix(k)
            return best.isEmpty ? 0 : best.reduce(0, +) / Double(best.count)
        }
    }

    /// Id -> similarity - alpha x mean.
    func scores(_ query: [Float], alpha: Double) -> [String: Double] {
        let query = stored(query)
        let means = means()
        return images.reduce(into: [:]) { scores, image in
            scores[image.key] = similarity(query, image.value) - alpha * (means[image.key] ?? 0)
        }
    }

    func similarity(_ a: [Float], _ b: [Float]) -> Double {
        zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
}
