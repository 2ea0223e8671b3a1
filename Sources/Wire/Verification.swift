/// The body of `POST /v1/verify`.
package struct VerifyRequest: Codable, Sendable {
    /// How many images to look at, spread over the corpus; all unless given.
    package var sample: Int?

    package init(sample: Int? = nil) {
        self.sample = sample
    }
}

/// The answer of `POST /v1/verify`: stored biases against those computed from the stored vectors alone.
package struct VerifyReport: Codable, Sendable {
    /// How many images were looked at.
    package var checked: Int
    /// How many of them are off by more than rounding, or have codes or ids that don't belong to their vectors.
    package var wrong: Int
    /// The largest difference of a mean.
    package var largestDifference: Float
    /// The first images that are off.
    package var images: [Entry]

    package init(checked: Int, wrong: Int, largestDifference: Float, images: [Entry]) {
        self.checked = checked
        self.wrong = wrong
        self.largestDifference = largestDifference
        self.images = images
    }

    /// An image whose stored mean is off.
    package struct Entry: Codable, Sendable {
        package var id: String
        /// `nil` where it isn't a number.
        package var stored: Float?
        package var computed: Float

        package init(id: String, stored: Float?, computed: Float) {
            self.id = id
            self.stored = stored
            self.computed = computed
        }
    }
}
