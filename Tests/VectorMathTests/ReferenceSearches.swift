import VectorMath

/// Three exact searches for the best references of the same images: the two of the daemon, and Faiss's.
struct ReferenceSearches {
    /// The vectors of the images, images x dimension.
    let images: [Float]
    /// The vectors of the references, references x dimension.
    let references: [Float]
    let dimension: Int
    let capacity: Int

    /// The products, images x capacity, in descending order for each image, and the rows of the references.
    typealias Found = (products: [Float], references: [UInt32])

    /// Random vectors of length 1.
    static func directions(_ count: Int, _ dimension: Int, _ random: inout some RandomNumberGenerator) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(count * dimension)
        for _ in 0..<count {
            // The sum of four uniform numbers is nearly normal. Directions of normal numbers are uniform.
            let vector = (0..<dimension).map { _ in
                (0..<4).reduce(Float(0)) { sum, _ in sum + Float.random(in: -1...1, using: &random) }
            }
            let norm = Float(Kernels.norm(vector.span))
            values += vector.map { $0 / norm }
        }
        return values
    }

    private var imageCount: Int { images.count / dimension }
    private var referenceCount: Int { references.count / dimension }

    /// Searches as `SearchByProducts` does: multiplies all pairs, 512 images with 512 references at a time.
    func byProducts() throws -> Found {
        var found = Found([], [])
        let search = try ExhaustiveSearch(queries: 512, capacity: capacity)
        for start in stride(from: 0, to: imageCount, by: 512) {
            let end = min(start + 512, imageCount)
            let chunk = images.span.extracting(start * dimension..<end * dimension)
            search.begin(queries: end - start)
            for first in stride(from: 0, to: referenceCount, by: 512) {
                let last = min(first + 512, referenceCount)
                // The daemon copies the references out of the store.
                let vectors = Array(references[first * dimension..<last * dimension])
                try search.add(chunk, vectors: vectors.span, dimension: dimension, firstRow: UInt32(first))
            }
            for image in 0..<end - start {
                append(to: &found) { search.result(query: image, products: &$0, rows: &$1) }
            }
        }
        return found
    }

    /// Searches as `SearchByCodes` does: encodes all references in random order, and compares 256 images at a time.
    func byCodes() -> Found {
        var found = Found([], [])
        let layout = CodeLayout(rows: 512, dimension: dimension)
        let basis = CodeBasis(
            images: images.span, references: references.span, dimension: dimension,
            corpusCounts: CodeBasis.CorpusCounts(images: images.count / dimension, references: referenceCount))
        let rows = (0..<UInt32(referenceCount)).shuffled()
        let blocks = stride(from: 0, to: rows.count, by: layout.rows).map { start in
            let vectors = rows[start..<min(start + layout.rows, rows.count)].flatMap { row in
                references[Int(row) * dimension..<(Int(row) + 1) * dimension]
            }
            return (start: start, codes: CodeBlock(vectors.span, .reference, basis: basis, layout: layout))
        }
        let vectors: CodedSearch.VectorAccess = { row, body in
            body(references.span.extracting(row * dimension..<(row + 1) * dimension))
        }
        var search = CodedSearch(queries: 256, capacity: capacity, basis: basis, layout: layout)
        for start in stride(from: 0, to: imageCount, by: 256) {
            let end = min(start + 256, imageCount)
            search.begin(Array(images[start * dimension..<end * dimension]), vectorCount: referenceCount)
            for block in blocks {
                block.codes.withBytes {
                    search.add(
                        $0, rows: rows[block.start..<min(block.start + layout.rows, rows.count)], vectors: vectors)
                }
            }
            search.rescore(vectors)
            for image in 0..<end - start {
                append(to: &found) { search.result(query: image, products: &$0, rows: &$1) }
            }
        }
        return found
    }

    /// Searches with Faiss's public index.
    func byFaiss() throws -> Found {
        let index = try FaissFlatSearch(vectors: references, dimension: dimension)
        let (products, rows) = try index.search(queries: images, capacity: capacity)
        return (products, rows.map { UInt32(truncatingIfNeeded: $0) })
    }

    private func append(to found: inout Found, _ result: (inout [Float], inout [UInt32]) -> Int) {
        var products = [Float](repeating: 0, count: capacity)
        var rows = [UInt32](repeating: 0, count: capacity)
        let count = result(&products, &rows)
        precondition(count == capacity, "there are fewer references than the capacity")
        found.products += products
        found.references += rows
    }

    /// Whether two results have the same products within 1e-5 of the largest, and the same references except for ties.
    func agree(_ a: Found, _ b: Found) -> Bool {
        let tolerance: Float = 1e-5 * a.products.reduce(0) { max($0, abs($1)) }
        for start in stride(from: 0, to: a.products.count, by: capacity) {
            let range = start..<start + capacity
            guard range.allSatisfy({ abs(a.products[$0] - b.products[$0]) <= tolerance }) else { return false }
            // Only ties with the last product may differ: a reference that one result lacks has nearly that product.
            let last = a.products[range.upperBound - 1] + tolerance
            let (first, second) = (Set(a.references[range]), Set(b.references[range]))
            guard range.allSatisfy({ second.contains(a.references[$0]) || a.products[$0] <= last }),
                range.allSatisfy({ first.contains(b.references[$0]) || b.products[$0] <= last })
            else { return false }
        }
        return true
    }
}
