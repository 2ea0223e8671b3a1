internal import IncrementalBias
package import ShardFormats
internal import Synchronization

/// A shard of images whose vectors are read piece by piece, because it is large.
///
/// It is the source of ``IncrementalBias/Corpus/stage(ids:from:heaps:rowsPerPiece:)``.
package final class LargeShard: VectorSource {
    package let rows: Int
    package let dimension: Int
    private let npy: RowMajorNPY
    private let state: Mutex<State>

    private struct State: ~Copyable {
        let file: OpenSpoolFile
        var rowsRead = 0
    }

    /// The minimum size of the file, in bytes.
    ///
    /// Smaller shards are read as a whole.
    package static let minimumBytes = 32 << 20

    package init(_ file: consuming sending OpenSpoolFile, _ npy: RowMajorNPY) {
        rows = npy.rows
        dimension = npy.dimension
        self.npy = npy
        state = Mutex(State(file: file))
    }

    /// The next `count` rows, as one array of count x ``dimension`` floats.
    ///
    /// - Throws: ``ShardError`` if a number isn't finite.
    package func read(rows count: Int) throws -> [Float] {
        try state.withLock { state in
            let matrix = try state.file.readMatrix(npy, rows: count)
            state.file.dropReadBytesFromPageCache()
            let nonFinite = matrix.nonFiniteRows()
            guard nonFinite.isEmpty else { throw ShardError.notFinite(rows: nonFinite.map { $0 + state.rowsRead }) }
            state.rowsRead += count
            return matrix.values
        }
    }

    /// The SHA-256 of the file, in hexadecimal; `nil` if the file has changed since it was opened.
    ///
    /// All rows must have been read.
    package func digestIfUnchanged() throws -> String? {
        try state.withLock { try $0.file.digestIfUnchanged() }
    }
}
