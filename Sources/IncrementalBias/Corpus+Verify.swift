extension Corpus {
    /// Verifies the stored data.
    ///
    /// The mean of each image is computed again from the vectors alone, without heaps and thresholds, and compared with
    /// the stored mean. Vectors are compared with their checksums, codes with the vectors, and ids with rows.
    ///
    /// The rows are read in batches, each in its own read transaction. Commits and searches can run at the same time.
    ///
    /// - Parameters:
    ///   - sample: the number of image rows to check, spread evenly over all rows; `nil` for all. All references are
    ///     checked in any case.
    ///   - isCancelled: called before each batch; `true` ends the verification.
    /// - Throws: `LMDBError` if the store can't be read; ``StoreError/damaged(_:)``; `CancellationError` if
    ///   `isCancelled` returns true or after ``interruptIngest()``.
    package func verify(sample: Int?, isCancelled: () -> Bool = { false }) throws -> Verification {
        try Verifier(environment: environment, tables: tables, settings: settings, pool: maintenancePool)
            .run(sample: sample, isCancelled: isCancelled)
    }
}
