extension Corpus {
    /// Computes the means of images from the stored vectors alone, without heaps or thresholds, and compares them with the
    /// stored ones; checks vectors against their checksums, and that searches can rely on codes and ids.
    ///
    /// Some rows at a time are read, each time in a snapshot of its own, so that commits and searches go on beside it.
    ///
    /// - Parameters:
    ///   - sample: how many images to check, spread evenly over the rows; `nil` for all. All references are checked in any
    ///     case.
    ///   - isCancelled: asked now and then whether to stop.
    /// - Throws: `LMDBError` where the store can't be read; `CancellationError` once `isCancelled` is true.
    package func verify(sample: Int?, isCancelled: () -> Bool = { false }) throws -> Verification {
        try Verifier(environment: environment, tables: tables, settings: settings, pool: maintenancePool)
            .run(sample: sample, isCancelled: isCancelled)
    }
}
