/// Where stored blocks begin, so that their rows lie on cache lines.
package enum CacheLine {
    /// Unused bytes at the start of a block.
    ///
    /// LMDB's values on pages of their own begin 16 bytes into a page, and loads of 64 bytes that straddle two cache
    /// lines cost twice: products of aligned rows were a quarter faster.
    package static let pad = 48
}
