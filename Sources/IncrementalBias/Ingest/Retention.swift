/// Which references stay.
package struct Retention: Equatable, Sendable {
    /// Only the newest that many.
    package var maximumReferences: Int?
    /// Only those that arrived less than so many seconds ago.
    package var secondsToLive: Double?

    /// All of them.
    package static let everything = Retention()

    /// - Parameters:
    ///   - maximumReferences: keep only the newest that many.
    ///   - secondsToLive: keep only those that arrived less than so many seconds ago.
    package init(maximumReferences: Int? = nil, secondsToLive: Double? = nil) {
        self.maximumReferences = maximumReferences
        self.secondsToLive = secondsToLive
    }
}
