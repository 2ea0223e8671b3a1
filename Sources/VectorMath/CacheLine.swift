/// The alignment of rows in stored blocks.
package enum CacheLine {
    /// The number of unused bytes at the start of a block.
    ///
    /// A large value of LMDB begins 16 bytes into a page. After 48 more bytes, rows of a multiple of 64 bytes begin on
    /// cache lines. A load of 64 bytes that crosses two cache lines takes twice the time; products of aligned rows were
    /// a quarter faster.
    package static let pad = 48
}
