internal import IncrementalBias
internal import PosixSupport

extension Error {
    /// Whether ingestion tries again later, for example after a full disk.
    ///
    /// An error of the spool never ends the daemon: searches continue, and no shard is lost while it waits.
    var isRetryable: Bool {
        self is SystemError || (self as? any StoreFailure)?.isRetryable ?? false
    }
}
