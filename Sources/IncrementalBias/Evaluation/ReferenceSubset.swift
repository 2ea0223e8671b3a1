internal import VectorMath

/// Nested parts of the references: each one is a prefix of one order of references.
package struct ReferenceSubset: Sendable {
    /// The rows of the references, in order, each once.
    package let rows: [UInt32]
    /// The sizes of the prefixes, ascending; the last one is at most the number of rows.
    package let sizes: [Int]

    /// Creates prefixes of `rows`.
    package init(rows: [UInt32], sizes: [Int]) {
        self.rows = rows
        self.sizes = sizes
    }
}

extension CorpusSnapshot {
    /// Computes the means that all images would have with a part of the references.
    ///
    /// If a heap has enough references of the part, the mean comes from the heap. Otherwise the image is compared with
    /// the references of the part.
    ///
    /// - Parameters:
    ///   - ks: the numbers of largest similarities to average.
    ///   - subsets: the parts of the references.
    ///   - progress: called from time to time with the share of the work that is done.
    /// - Returns: columns of all rows, +infinity in rows without an image: for each subset, for each of its sizes, for
    ///   each of `ks`.
    /// - Throws: `CancellationError`; `FaissFailure` without enough memory.
    package func means(
        ks: [Int], over subsets: [ReferenceSubset], progress: (Double) -> Void
    ) throws -> [[Float]] {
        let columnCount = subsets.reduce(0) { $0 + $1.sizes.count } * ks.count
        var columns = [[Float]](repeating: Array(repeating: .infinity, count: end), count: columnCount)
        let pool = pool
        // For each subset and row of a reference its position in the subset's order; Int.max if it has none.
        let positions = subsets.map { subset in
            var positions = [Int](repeating: .max, count: state.references.end)
            for (position, row) in subset.rows.enumerated() { positions[Int(row)] = position }
            return positions
        }
        try forEachBatch(ImageColumns(), progress: progress) { blocks in
            try checkCancellation()
            let workers = try pool.run(count: blocks.count) {
                (
                    worker: try SubsetMeansWorker(self, ks: ks, subsets: subsets, positions: positions),
                    found: [(rows: Range<Int>, means: [[Float]])]()
                )
            } body: { state, piece in
                state.found.append((blocks[piece].rows, try state.worker.means(of: blocks[piece])))
            }
            for (rows, means) in workers.flatMap(\.found) {
                for column in columns.indices { columns[column].replaceSubrange(rows, with: means[column]) }
            }
        }
        return columns
    }

    /// The rows of all references, ascending.
    package var referenceRows: [UInt32] {
        let scratch = FloatScratch()
        return (0..<UInt32(references.layout.dimension == 0 ? 0 : state.references.end)).filter { row in
            references.withVector(Int(row), scratch: scratch) { !$0[0].isNaN }
        }
    }

    /// The stored vectors of references, rows x dimension.
    package func referenceVectors(_ rows: some Sequence<UInt32>) -> [Float] {
        let scratch = FloatScratch()
        var values: [Float] = []
        for row in rows {
            references.withVector(Int(row), scratch: scratch) { vector in
                for index in vector.indices { values.append(vector[index]) }
            }
        }
        return values
    }
}
