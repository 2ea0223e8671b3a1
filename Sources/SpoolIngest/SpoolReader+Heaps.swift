internal import IncrementalBias
internal import PosixSupport
internal import ShardFormats
internal import SpoolProtocol
internal import Synchronization

extension SpoolReader {
    /// Stages a shard with the heaps that it brings.
    ///
    /// If an image with one of its ids exists, the shard is read as a whole, and nnnd computes its heaps itself.
    ///
    /// The next commit of the corpus must be that of this shard.
    ///
    /// - Throws: as ``read(_:)`` does.
    package func readWithHeaps(_ shard: ClaimedShard) throws -> ReadOutcome {
        try outcome {
            // A shard that took effect must not be rejected because its heaps are stale by now.
            if let receipt = try committedReceipt(of: shard) { return .committed(receipt) }
            guard shard.key.role == .images else { throw ShardError.heapsOfReferences }
            let heaps = ImportedHeaps(try readHeaps(of: shard), checkedShare: heapCheckShare)
            if let large = try open(shard) { return try stage(shard, large, heaps: heaps) }
            return try readWhole(shard, heaps: heaps)
        }
    }

    private func readHeaps(of shard: ClaimedShard) throws -> HeapFile {
        let name = shard.heaps ?? ""
        do {
            let path = "\(folders.processing(shard.key.role))/\(name)"
            guard let file = try LoadedFile(path: path, limit: maximumWholeBytes), let bytes = file.bytes else {
                throw OpenSpoolFile.EndedEarly()
            }
            return try HeapFile.read(bytes, maximumBytes: maximumWholeBytes)
        } catch let error as ShardError {
            throw error.inFile(name)
        }
    }
}

/// The vectors of a shard that was read as a whole, as the source of
/// ``IncrementalBias/Corpus/stage(ids:from:heaps:rowsPerPiece:)``.
final class MatrixSource: VectorSource {
    private let matrix: Matrix
    private let rowsRead = Atomic(0)

    init(_ matrix: Matrix) {
        self.matrix = matrix
    }

    var rows: Int { matrix.rows }
    var dimension: Int { matrix.dimension }

    func read(rows count: Int) -> [Float] {
        let start = rowsRead.add(count, ordering: .relaxed).oldValue
        return Array(matrix.values[start * dimension..<(start + count) * dimension])
    }
}
