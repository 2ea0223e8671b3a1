package import FoundationEssentials

/// A line of the answer of `GET /v1/images`.
package struct ImageLine: Codable, Sendable {
    package var id: String
    /// alpha x mean, with the daemon's setting of alpha.
    package var bias: Float
    /// The mean of the image's k largest similarities to references.
    package var mean: Float

    package init(id: String, bias: Float, mean: Float) {
        (self.id, self.bias, self.mean) = (id, bias, mean)
    }
}

/// A line of the answer of `GET /v1/references`.
package struct ReferenceLine: Codable, Sendable {
    package var id: String
    /// When the shard took effect that brought the reference, or replaced it the last time.
    package var arrived: Date
    /// `given` for references of producers, `sampled` for those that were sampled from queries.
    package var source: String

    package init(id: String, arrived: Date, source: String) {
        (self.id, self.arrived, self.source) = (id, arrived, source)
    }
}
