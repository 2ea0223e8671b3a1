/// The vectors of a large shard, read in order and a piece at a time.
package protocol VectorSource: AnyObject, Sendable {
    /// The number of vectors.
    var rows: Int { get }
    /// The dimension of the vectors.
    var dimension: Int { get }

    /// Reads the next `count` vectors.
    ///
    /// ``Corpus/stage(ids:from:heaps:rowsPerPiece:)`` calls it from one thread, for no more than `rows` vectors in all.
    ///
    /// - Returns: the vectors, count x dimension, all finite.
    /// - Throws: any error; it ends the staging, and `stage` throws it.
    func read(rows count: Int) throws -> [Float]
}
