/// The alignment of rows in stored blocks.
package enum CacheLine {
    /// Unused bytes at the start of a block, so that rows of a multiple of 64 bytes begin on cache lines.
    ///
    /// A large value of LMDB begins 16 bytes into a page. A load of 64 bytes across two cache lines takes twice the
    /// time: products of aligned rows were a quarter faster.
    package static let pad = 48
}
