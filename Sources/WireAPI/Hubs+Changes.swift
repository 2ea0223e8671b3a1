package import FoundationEssentials

/// The moment since which changes of biases are asked for.
package enum HubsSince: Equatable, Sendable {
    /// After the commit of this generation.
    case generation(UInt64)
    case time(Date)

    /// Reads a generation, or a time in ISO 8601 with its zone; `nil` for other text.
    package init?(_ text: String) {
        if let generation = UInt64(text) {
            self = .generation(generation)
        } else if let time = WireJSON.time(text) {
            self = .time(time)
        } else {
            return nil
        }
    }
}

extension HubsReport {
    /// The images whose biases the new references have changed most: new are those that arrived after a moment.
    ///
    /// Removals of references are not known: the change of an image is the difference of its mean to the mean that the
    /// present references without the new ones give.
    package struct Changes: Codable, Sendable {
        /// The generation after which references are new; `nil` if a time was asked for.
        package var generation: UInt64?
        /// The time after which references are new; `nil` if a generation was asked for.
        package var time: Date?
        /// The number of new references.
        package var newReferences: Int
        /// The images with the largest changes, in either direction, largest first; those without a change are left out.
        package var images: [Image]

        package init(generation: UInt64?, time: Date?, newReferences: Int, images: [Image]) {
            self.generation = generation
            self.time = time
            self.newReferences = newReferences
            self.images = images
        }

        /// One image whose bias has changed.
        package struct Image: Codable, Sendable {
            package var id: String
            /// The mean of the k largest similarities to references.
            package var mean: Float
            /// The mean without the new references.
            package var meanBefore: Float
            /// alpha x (mean - `meanBefore`).
            package var biasChange: Float
            /// How many of the k references that the mean averages are new.
            package var newReferences: Int
            /// The new references among these k with the largest similarities, at most 5, largest first.
            package var references: [Reference]

            package init(
                id: String, mean: Float, meanBefore: Float, biasChange: Float, newReferences: Int,
                references: [Reference]
            ) {
                self.id = id
                self.mean = mean
                self.meanBefore = meanBefore
                self.biasChange = biasChange
                self.newReferences = newReferences
                self.references = references
            }
        }
    }
}
