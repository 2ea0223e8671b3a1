import IncrementalBias
import ShardFormats
import VectorMath

/// A second, simple implementation of a corpus, whose results are taken as correct.
///
/// It keeps images and references in two dictionaries, and recomputes all means and scores for each search in double
/// precision. Vectors are indices into a ``VectorPool``, so that products of the pool's vectors are computed only once.
struct Oracle {
    let settings: StoreSettings
    var k: Int
    /// For each id the index of its vector among the pool's images.
    private(set) var images: [String: Int] = [:]
    /// For each id the index of its vector among the pool's references, its arrival number, and its time of arrival.
    private(set) var references: [String: (vector: Int, number: Int, time: Double)] = [:]
    /// The arrival number of the next reference.
    private var arrived = 0

    private let imageVectors: [WideVector]
    private let referenceVectors: [WideVector]
    private let neighbours: Neighbours

    /// The correct result of one image for one query.
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
        let excess = references.count - (retention.given.maximumReferences ?? .max)
        let youngest = time - (retention.given.secondsToLive ?? .infinity)
        for (place, (id, reference)) in byArrival.enumerated() where place < excess || reference.time <= youngest {
            references[id] = nil
        }
    }

    /// The correct results for a query, by image id.
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

    /// The `count` largest similarities of an image to the references, by falling similarity.
    func bestSimilarities(of image: String, count: Int) -> [Double] {
        guard let vector = images[image] else { return [] }
        var copies = Array(repeating: 0, count: referenceVectors.count)
        for reference in references.values { copies[reference.vector] += 1 }
        return neighbours.best(image: vector, count: count, copies: copies)
    }

    /// The similarity of an image and a reference; `nil` if one of them does not exist.
    func similarity(of image: String, to reference: String) -> Double? {
        guard let image = images[image], let reference = references[reference] else { return nil }
        return imageVectors[image] * referenceVectors[reference.vector]
    }

    /// The vector that is read back after `vector` has been stored.
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
