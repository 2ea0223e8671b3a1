import IncrementalBias
import Synchronization

/// A source of vectors in memory, for tests of large shards.
///
/// It can fail after some rows.
final class ArraySource: VectorSource {
    struct Broken: Error {}

    let rows: Int
    let dimension: Int
    private let values: [Float]
    private let readableRows: Int
    private let next = Atomic(0)

    /// Makes a source.
    ///
    /// - Parameters:
    ///   - values: rows x dimension.
    ///   - readable: the number of rows that can be read before the source throws ``Broken``; `nil` for all.
    init(_ values: [Float], dimension: Int, readable: Int? = nil) {
        self.values = values
        self.dimension = dimension
        rows = values.count / dimension
        readableRows = readable ?? rows
    }

    func read(rows count: Int) throws -> [Float] {
        let start = next.add(count, ordering: .relaxed).oldValue
        guard start + count <= readableRows else { throw Broken() }
        return Array(values[start * dimension..<(start + count) * dimension])
    }
}
