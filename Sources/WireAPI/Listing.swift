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

    package init(id: String, arrived: Date) {
        (self.id, self.arrived) = (id, arrived)
    }
}
