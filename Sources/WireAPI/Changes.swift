/// A line of the answer of `GET /v1/changes`: the latest state of an image.
package struct ChangeLine: Codable, Equatable, Sendable {
    /// `upsert` for an image that was added or replaced, `mean` if only its mean has changed, `delete`.
    package var change: String
    package var id: String
    /// The mean of the image's k largest similarities to references; missing for a deleted image.
    package var mean: Float?
    /// The vector of an image that was added or replaced, if it was asked for.
    package var vector: [Float]?

    package init(change: String, id: String, mean: Float?, vector: [Float]?) {
        (self.change, self.id, self.mean, self.vector) = (change, id, mean, vector)
    }
}

/// The last line of the answer of `GET /v1/changes`; without it the answer is cut off.
package struct ChangesEnd: Codable, Equatable, Sendable {
    /// The dimension of the vectors; missing in an empty corpus.
    package var dimension: Int?
    /// The generation of the snapshot that the lines come from.
    package var generation: UInt64
    /// The number of images in the corpus.
    package var images: Int
    /// Whether there are images that no page has had yet.
    package var initial: Bool
    /// The number of similarities that a mean averages.
    package var k: Int
    /// Whether there are further changes.
    package var more: Bool
    /// The cursor for the next request.
    package var nextCursor: String

    package init(
        dimension: Int?, generation: UInt64, images: Int, initial: Bool, k: Int, more: Bool, nextCursor: String
    ) {
        self.dimension = dimension
        self.generation = generation
        self.images = images
        self.initial = initial
        self.k = k
        self.more = more
        self.nextCursor = nextCursor
    }
}

extension ChangeLine {
    /// The line as JSON without a line feed: the same bytes as those of `WireJSON.encode(_:pretty:)`, but computed
    /// faster.
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.write("{\"change\":\"\(change)\",\"id\":")
        writer.writeQuoted(id)
        if let mean {
            writer.write(",\"mean\":")
            writer.write(mean.jsonDescription)
        }
        if let vector {
            for (index, number) in vector.enumerated() {
                writer.write(index == 0 ? ",\"vector\":[" : ",")
                writer.write(number.jsonDescription)
            }
            writer.write("]")
        }
        writer.write("}")
        return writer.bytes
    }
}
