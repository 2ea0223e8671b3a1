package import FoundationEssentials

/// A shard that was put into the spool, with what identifies its receipt.
package struct SubmittedShard {
    /// The name in the spool.
    package let name: String
    /// SHA-256 of the shard's file, in hexadecimal.
    package let sha256: String
    /// SHA-256 of its sidecar, in hexadecimal; `nil` without one.
    package let idsSHA256: String?
    /// The time just before the shard appeared in the spool.
    package let time: Date
}
