/// The body of `POST /v1/verify`.
package struct VerifyRequest: Codable, Sendable {
    /// How many images to look at, spread over the corpus; all unless given.
    package var sample: Int?

    package init(sample: Int? = nil) {
        self.sample = sample
    }
}

/// The answer of `POST /v1/verify`: stored biases against those computed from the stored vectors alone, and vectors against
/// their checksums.
package struct VerifyReport: Codable, Sendable {
    /// How many images were looked at.
    package var checked: Int
    /// How many of them have a fault.
    package var wrong: Int
    /// The largest difference of a mean.
    package var largestDifference: Float
    /// The first images that have a fault.
    package var images: [Image]
    /// How many references, of all, have a fault.
    package var wrongReferences: Int
    /// The first references that have a fault.
    package var references: [Reference]

    package init(
        checked: Int, wrong: Int, largestDifference: Float, images: [Image], wrongReferences: Int,
        references: [Reference]
    ) {
        self.checked = checked
        self.wrong = wrong
        self.largestDifference = largestDifference
        self.images = images
        self.wrongReferences = wrongReferences
        self.references = references
    }

    /// Whether anything is wrong.
    package var isClean: Bool { wrong == 0 && wrongReferences == 0 }

    /// An image with a fault.
    package struct Image: Codable, Sendable {
        package var id: String
        /// The first thing that is wrong: `vector`, `id`, `code` or `mean`.
        package var fault: String
        /// `nil` where it isn't a number.
        package var stored: Float?
        /// `nil` where it isn't a number.
        package var computed: Float?

        package init(id: String, fault: String, stored: Float?, computed: Float?) {
            self.id = id
            self.fault = fault
            self.stored = stored
            self.computed = computed
        }
    }

    /// A reference with a fault.
    package struct Reference: Codable, Sendable {
        package var id: String
        /// The first thing that is wrong: `vector` or `id`.
        package var fault: String

        package init(id: String, fault: String) {
            self.id = id
            self.fault = fault
        }
    }
}
