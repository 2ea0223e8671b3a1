import FoundationEssentials

/// A shard that was dropped, and what tells its receipt from those of others.
struct Drop {
    /// The name in the spool.
    let name: String
    /// SHA-256 of the shard's file, in hexadecimal.
    let sha256: String
    /// SHA-256 of its file of ids, if one came with it.
    let idsSHA256: String?
    /// Just before the shard appeared in the spool.
    let time: Date
    /// When the spool was first seen not to hold it any more.
    var left: ContinuousClock.Instant?
}
