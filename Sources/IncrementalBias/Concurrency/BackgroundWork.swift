/// Work that no search waits for, such as measurements: it takes a small part of the time.
package enum BackgroundWork {
    /// Such work takes at most one of this number of equal parts of the time.
    private static let partsOfTime = 20

    /// How long to wait after a piece of work that took `duration`.
    package static func pause(after duration: Duration) -> Duration { duration * (partsOfTime - 1) }
}
