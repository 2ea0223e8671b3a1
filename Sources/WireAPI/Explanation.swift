/// The answer of `GET /v1/images/{id}`: an image's bias and the references that it is computed from.
package struct ImageReport: Codable, Sendable {
    package var id: String
    package var generation: UInt64
    /// alpha x mean.
    package var bias: Float
    /// The daemon's setting.
    package var alpha: Float
    /// The mean of the image's k largest similarities to references.
    package var mean: Float
    /// The number of references in the mean: k, or all references if there are fewer.
    package var used: Int
    /// The image's heap: its most similar references by falling similarity, of which the first `used` are in the mean.
    package var references: [Entry]
    /// The vector as it is stored; `nil` if it was not asked for.
    package var vector: [Float]?

    package init(
        id: String, generation: UInt64, bias: Float, alpha: Float, mean: Float, used: Int, references: [Entry],
        vector: [Float]? = nil
    ) {
        self.id = id
        self.generation = generation
        self.bias = bias
        self.alpha = alpha
        self.mean = mean
        self.used = used
        self.references = references
        self.vector = vector
    }

    /// A reference in the heap.
    package struct Entry: Codable, Sendable {
        package var id: String
        package var similarity: Float

        package init(id: String, similarity: Float) {
            self.id = id
            self.similarity = similarity
        }
    }
}

/// The answer of `GET /v1/references/{id}`.
package struct ReferenceReport: Codable, Sendable {
    package var id: String
    package var generation: UInt64
    /// The vector as it is stored.
    package var vector: [Float]

    package init(id: String, generation: UInt64, vector: [Float]) {
        self.id = id
        self.generation = generation
        self.vector = vector
    }
}
