/// A source of the vectors of a large shard, which are read in order, some at a time.
package protocol VectorSource: AnyObject, Sendable {
    /// The number of vectors.
    var rows: Int { get }
    /// The dimension of the vectors.
    var dimension: Int { get }

    /// Reads the next vectors.
    ///
    /// - Returns: count x dimension, finite.
    /// - Throws: an error that ends the staging.
    func read(rows count: Int) throws -> [Float]
}
