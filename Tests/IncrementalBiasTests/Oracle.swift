import IncrementalBias

/// The whole corpus as two plain dictionaries, and everything about it computed from scratch in double precision.
struct Oracle {
    var metric: Metric
    var k: Int
    /// Id -> vector as it is stored.
    private(set) var images: [String: [Float]] = [:]
    private(set) var references: [String: [Float]] = [:]
    /// The references by arrival, and when each arrived.
    private var arrivals: [(id: String, time: Double)] = []

    init(metric: Metric, k: Int) {
        self.metric = metric
        self.k = k
    }

    mutating func add(_ kind: Kind, _ id: String, _ vector: [Float], time: Double) {
        if kind == .images {
            images[id] = stored(vector)
        } else {
            delete(.references, id)
            references[id] = stored(vector)
            arrivals.append((id, time))
        }
    }

    mutating func delete(_ kind: Kind, _ id: String) {
        if kind == .images {
            images[id] = nil
        } else if references.removeValue(forKey: id) != nil {
            arrivals.removeAll { $0.id == id }
        }
    }

    /// Lets the references go that are too many or too old.
    mutating func retire(_ retention: Retention, time: Double) {
        while let oldest = arrivals.first,
            arrivals.count > retention.maximumReferences ?? .max
                || oldest.time <= time - (retention.secondsToLive ?? .infinity)
        {
            delete(.references, oldest.id)
        }
    }

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
