internal import LMDB
internal import VectorMath

/// Compares the stored means, codes, ids and checksums with the stored vectors.
struct Verifier {
    let environment: LMDB.Environment
    let tables: Tables
    let settings: StoreSettings
    let pool: WorkerPool

    /// The number of reference rows that are checked in one read transaction.
    private static let referencesPerBatch = 4096
    /// The number of image rows that are checked in one read transaction.
    private static let imagesPerBatch = 64
    /// The number of references that a thread of the pool multiplies with the images at a time.
    private static let referencesPerPiece = 512

    /// Verifies the store; see ``Corpus/verify(sample:isCancelled:)``.
    func run(sample: Int?, isCancelled: () -> Bool) throws -> Verification {
        var verification = Verification()
        let state = try environment.read { try tables.state(in: $0) }
        for start in stride(from: 0, to: state.references.end, by: Self.referencesPerBatch) {
            if isCancelled() { throw CancellationError() }
            let batch = UInt32(start)..<UInt32(min(start + Self.referencesPerBatch, state.references.end))
            try environment.read { try checkReferences(batch, &verification, in: $0) }
        }
        let end = state.images.end
        let count = min(sample ?? end, end)
        let rows = (0..<count).map { UInt32($0 * end / max(count, 1)) }
        for start in stride(from: 0, to: count, by: Self.imagesPerBatch) {
            if isCancelled() { throw CancellationError() }
            let batch = Array(rows[start..<min(start + Self.imagesPerBatch, count)])
            try environment.read { try checkImages(batch, &verification, in: $0) }
        }
        return verification
    }

    /// Checks image rows in one read transaction.
    ///
    /// Rows without an image are skipped.
    private func checkImages(
        _ rows: [UInt32], _ verification: inout Verification, in transaction: borrowing ReadTransaction
    ) throws {
        let state = try tables.state(in: transaction)
        guard state.dimension > 0 else { return }
        let layout = StoreLayout(dimension: state.dimension, settings: settings)
        let identities = IdentityTable(tables: tables.images)
        let means = ColumnTable(database: tables.means, layout: layout)
        let images = try rows.compactMap { row in try identities.id(of: row, in: transaction).map { (row, $0) } }
        let codes = CodeTable(tables: tables, layout: layout)
        let table = VectorTable(database: tables.images.vectors, layout: layout.vectors)
        let vectors = try table.read(rows: images.map(\.0), in: transaction)
        guard vectors.count == images.count * layout.dimension else {
            throw StoreError.damaged("vectors of images are missing")
        }
        let cells = try CellVerifier(layout: layout, tables: tables, in: transaction)
        let best = try bestSimilarities(to: vectors, layout: layout, state: state, in: transaction)
        for (position, (row, id)) in images.enumerated() {
            let best = best[position]
            let computed = best.isEmpty ? 0 : Float(best.reduce(0.0) { $0 + Double($1) } / Double(best.count))
            let stored = try means.read(row: row, in: transaction)
            let difference = abs(stored - computed)
            verification.checked += 1
            if difference.isFinite { verification.largestDifference = max(verification.largestDifference, difference) }
            let vector = Array(vectors[position * layout.dimension..<(position + 1) * layout.dimension])
            let fault: Verification.Fault? =
                if try !table.isIntact(row: row, in: transaction) {
                    .vector
                } else if try identities.row(of: id, in: transaction) != row {
                    .id
                } else if try !codes.covers(vector, row: row, in: transaction) {
                    .code
                } else if !difference.isFinite || difference > Verification.tolerance * max(1, abs(computed)) {
                    .mean
                } else if try !cells.isFound(row, in: transaction) {
                    .cell
                } else {
                    nil
                }
            guard let fault else { continue }
            verification.wrongCount += 1
            if verification.wrong.count < Verification.maximumListed {
                verification.wrong.append((id, fault, stored, computed))
            }
        }
    }

    /// Checks reference rows in one read transaction.
    ///
    /// Rows without a reference are skipped.
    private func checkReferences(
        _ rows: Range<UInt32>, _ verification: inout Verification, in transaction: borrowing ReadTransaction
    ) throws {
        let state = try tables.state(in: transaction)
        let layout = StoreLayout(dimension: state.dimension, settings: settings)
        let identities = IdentityTable(tables: tables.references)
        let vectors = VectorTable(database: tables.references.vectors, layout: layout.vectors)
        for row in rows {
            guard let id = try identities.id(of: row, in: transaction) else { continue }
            let isIntact = try vectors.isIntact(row: row, in: transaction)
            if isIntact, try identities.row(of: id, in: transaction) == row { continue }
            verification.wrongReferenceCount += 1
            if verification.wrongReferences.count < Verification.maximumListed {
                verification.wrongReferences.append((id, isIntact ? .id : .vector))
            }
        }
    }

    /// Computes the k largest similarities of each image to the references, from the vectors alone.
    ///
    /// - Parameter images: the vectors of the images, images x dimension.
    /// - Returns: for each image its similarities: k, or as many as there are references.
    private func bestSimilarities(
        to images: [Float], layout: StoreLayout, state: StoreState, in transaction: borrowing ReadTransaction
    ) throws -> [[Float]] {
        let count = images.count / layout.dimension
        let end = state.references.end
        let mapped = try VectorTable(database: tables.references.vectors, layout: layout.vectors)
            .mapped(0..<end, in: transaction)
        let step = Self.referencesPerPiece
        let parts = try pool.run(count: (end + step - 1) / step) {
            (vectors: [Float](), best: [TopNumbers](repeating: TopNumbers(limit: state.k), count: count))
        } body: { worker, piece in
            let rows = piece * step..<min((piece + 1) * step, end)
            mapped.copy(rows, to: &worker.vectors)
            var products = [Float](repeating: 0, count: count * rows.count)
            Kernels.products(
                worker.vectors.span.extracting(first: rows.count * layout.dimension), images.span,
                dimension: layout.dimension, into: &products)
            for image in 0..<count {
                for product in products[image * rows.count..<(image + 1) * rows.count] where !product.isNaN {
                    worker.best[image].offer(product)
                }
            }
        }
        return (0..<count).map { image in
            var best = TopNumbers(limit: state.k)
            for part in parts { for similarity in part.best[image].numbers { best.offer(similarity) } }
            return best.numbers
        }
    }
}
