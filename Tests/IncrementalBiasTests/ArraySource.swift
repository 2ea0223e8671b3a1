import IncrementalBias
import Synchronization

/// Vectors that are in memory, handed out as those of a large shard are.
final class ArraySource: VectorSource {
    struct Broken: Error {}

    let rows: Int
    let dimension: Int
    private let values: [Float]
    private let end: Int
    private let next = Atomic(0)

    /// - Parameter readable: rows that can be read before it turns out to be broken; all where `nil`.
    init(_ values: [Float], dimension: Int, readable: Int? = nil) {
        self.values = values
        self.dimension = dimension
        rows = values.count / dimension
        end = readable ?? rows
    }

    func read(rows count: Int) throws -> [Float] {
        let start = next.add(count, ordering: .relaxed).oldValue
        guard start + count <= end else { throw Broken() }
        return Array(values[start * dimension..<(start + count) * dimension])
    }
}
