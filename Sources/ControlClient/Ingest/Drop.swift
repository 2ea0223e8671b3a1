package import FoundationEssentials

/// A shard that was dropped, and what tells its receipt from those of others.
package struct Drop {
    /// The name in the spool.
    package let name: String
    /// SHA-256 of the shard's file, in hexadecimal.
    package let sha256: String
    /// SHA-256 of its file of ids, if one came with it.
    package let idsSHA256: String?
    /// Just before the shard appeared in the spool.
    package let time: Date
    /// When the spool was first seen not to hold it any more.
    package var left: ContinuousClock.Instant?
}
