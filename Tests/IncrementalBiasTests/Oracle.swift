import IncrementalBias
import ShardFormats
import VectorMath

/// The corpus as two dictionaries, with all results computed anew in double precision.
///
/// Vectors are indices into a pool, so that the products of the pool's vectors are computed only once.
struct Oracle {
    let settings: StoreSettings
    var k: Int
    /// Id -> image vector of the pool.
    private(set) var images: [String: Int] = [:]
    /// Id -> reference vector of the pool, the number of references that had arrived before, and the time of arrival.
    private(set) var references: [String: (vector: Int, number: Int, time: Double)] = [:]
    private var arrived = 0

    private let imageVectors: [WideVector]
    private let referenceVectors: [WideVector]
    private let neighbours: Neighbours

    /// The correct result of a search for one image.
    struct Answer {
        let similarity: Double
        let mean: Double
        func score(alpha: Double) -> Double { similarity - alpha * mean }
    }

    init(settings: StoreSettings, k: Int, pool: VectorPool) {
        self.settings = settings
        self.k = k
        imageVectors = pool.images.map { Self.stored($0, settings) }
        referenceVectors = pool.references.map { Self.stored($0, settings) }
        neighbours = Neighbours(images: imageVectors, references: referenceVectors)
    }

    mutating func add(_ role: VectorRole, _ id: String, _ vector: Int, time: Double) {
        switch role {
        case .images: images[id] = vector
        case .references:
            references[id] = (vector, arrived, time)
            arrived += 1
        }
    }

    mutating func delete(_ role: VectorRole, _ id: String) {
        switch role {
        case .images: images[id] = nil
        case .references: references[id] = nil
        }
    }

    /// Removes the references that are too many or too old.
    mutating func retire(_ retention: Retention, time: Double) {
        let byArrival = references.sorted { $0.value.number < $1.value.number }
        let excess = references.count - (retention.maximumReferences ?? .max)
        let youngest = time - (retention.secondsToLive ?? .infinity)
        for (place, (id, reference)) in byArrival.enumerated() where place < excess || reference.time <= youngest {
            references[id] = nil
        }
    }

    /// The correct result for each image id of a search for `query`.
    func answers(to query: [Float]) -> [String: Answer] {
        var copies = Array(repeating: 0, count: referenceVectors.count)
        for reference in references.values { copies[reference.vector] += 1 }
        let query = WideVector(Self.normalised(query, settings))
        return images.mapValues { vector in
            Answer(
                similarity: query * imageVectors[vector],
                mean: neighbours.mean(image: vector, k: k, copies: copies))
        }
    }

    /// A vector as the store keeps it.
    private static func stored(_ vector: [Float], _ settings: StoreSettings) -> WideVector {
        let vector = normalised(vector, settings)
        return WideVector(settings.precision == .float16 ? vector.map { Float(Float16($0)) } : vector)
    }

    private static func normalised(_ vector: [Float], _ settings: StoreSettings) -> [Float] {
        guard settings.metric == .cosine else { return vector }
        let norm = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return vector.map { Float(Double($0) / norm) }
    }
}
