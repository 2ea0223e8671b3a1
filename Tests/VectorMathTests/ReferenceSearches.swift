import VectorMath

/// The three exact searches for the best references of some images, each as the daemon uses it or would use it.
struct ReferenceSearches {
    /// images x dimension.
    let images: [Float]
    /// references x dimension.
    let references: [Float]
    let dimension: Int
    let capacity: Int

    /// images x capacity products, descending, and the references' numbers.
    typealias Found = (products: [Float], references: [UInt32])

    /// Random directions: vectors of length 1.
    static func directions(_ count: Int, _ dimension: Int, _ random: inout some RandomNumberGenerator) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(count * dimension)
        for _ in 0..<count {
            // The sum of four uniform numbers is nearly normal, and so the direction nearly uniform.
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

    /// By products of all pairs, as `SearchByProducts` does: 512 images, 512 references at a time.
    func byProducts() throws -> Found {
        var found = Found([], [])
        let search = try ExhaustiveSearch(rows: 512, capacity: capacity)
        for start in stride(from: 0, to: imageCount, by: 512) {
            let end = min(start + 512, imageCount)
            let own = images.span.extracting(start * dimension..<end * dimension)
            search.begin(rows: end - start)
            for first in stride(from: 0, to: referenceCount, by: 512) {
                let last = min(first + 512, referenceCount)
                // References are copied out of the store.
                let columns = Array(references[first * dimension..<last * dimension])
                try search.add(own, columns: columns.span, dimension: dimension, firstColumn: UInt32(first))
            }
            for row in 0..<end - start { append(to: &found) { search.result(row: row, products: &$0, columns: &$1) } }
        }
        return found
    }

    /// By products of codes, as `SearchByCodes` does: all references encoded in random order, 256 images at a time.
    func byCodes() -> Found {
        var found = Found([], [])
        let layout = CodeLayout(rows: 512, dimension: dimension)
        let names = (0..<UInt32(referenceCount)).shuffled()
        let blocks = stride(from: 0, to: names.count, by: layout.rows).map { start in
            let vectors = names[start..<min(start + layout.rows, names.count)].flatMap { name in
                references[Int(name) * dimension..<(Int(name) + 1) * dimension]
            }
            return (start: start, codes: CodeBlock(vectors.span, layout: layout))
        }
        let vectors: CodedSearch.Vectors = { name, body in
            body(references.span.extracting(name * dimension..<(name + 1) * dimension))
        }
        var search = CodedSearch(rows: 256, capacity: capacity, layout: layout)
        for start in stride(from: 0, to: imageCount, by: 256) {
            let end = min(start + 256, imageCount)
            search.begin(Array(images[start * dimension..<end * dimension]), columns: referenceCount)
            for block in blocks {
                block.codes.withBytes {
                    search.add(
                        $0, names: names[block.start..<min(block.start + layout.rows, names.count)], vectors: vectors)
                }
            }
            search.rescore(vectors)
            for row in 0..<end - start { append(to: &found) { search.result(row: row, products: &$0, columns: &$1) } }
        }
        return found
    }

    /// By Faiss's public index, which copies the references.
    func byFaiss() throws -> Found {
        let index = try FaissFlatSearch(columns: references, dimension: dimension)
        let (products, columns) = try index.search(rows: images, capacity: capacity)
        return (products, columns.map { UInt32(truncatingIfNeeded: $0) })
    }

    private func append(to found: inout Found, _ result: (inout [Float], inout [UInt32]) -> Int) {
        var products = [Float](repeating: 0, count: capacity)
        var columns = [UInt32](repeating: 0, count: capacity)
        let count = result(&products, &columns)
        precondition(count == capacity, "there are fewer references than the capacity")
        found.products += products
        found.references += columns
    }

    /// Whether two results have the same products within 1e-5 of the largest, and the same references except for ties.
    func agree(_ a: Found, _ b: Found) -> Bool {
        let tolerance: Float = 1e-5 * a.products.reduce(0) { max($0, abs($1)) }
        for start in stride(from: 0, to: a.products.count, by: capacity) {
            let own = start..<start + capacity
            guard own.allSatisfy({ abs(a.products[$0] - b.products[$0]) <= tolerance }) else { return false }
            // A reference that one result lacks has nearly the last product of that result.
            let last = a.products[own.upperBound - 1] + tolerance
            let (first, second) = (Set(a.references[own]), Set(b.references[own]))
            guard own.allSatisfy({ second.contains(a.references[$0]) || a.products[$0] <= last }),
                own.allSatisfy({ first.contains(b.references[$0]) || b.products[$0] <= last })
            else { return false }
        }
        return true
    }
}
