internal import LMDB
internal import ShardFormats
internal import VectorMath

/// Imported heaps that passed all checks that do not need the images' vectors.
///
/// The heap of an image is the list of its nearest references, see ``ReferenceHeap``. Imported heaps were computed by
/// another program.
struct PreparedHeaps: Sendable {
    let file: HeapFile
    /// For each id in `file.referenceIDs` the row of its reference.
    let rows: [UInt32]
    let references: MappedReferences
    /// The length of the longest vector of a reference.
    let largestNorm: Double
    /// A random sample of images whose heaps are computed again and compared, by their positions in the shard.
    let checked: RowSet

    /// How much a similarity that another program computed may differ, relative to the lengths of the two vectors.
    ///
    /// Rounding in float32 makes a difference of about 1e-7.
    static let tolerance = 1e-5
}

extension BiasMaintenance {
    /// Checks that heaps match the number of images in the shard, and the references of the corpus.
    ///
    /// - Parameters:
    ///   - imported: the heaps.
    ///   - images: the number of images in the shard.
    ///   - checksum: the checksum of the references.
    ///   - basis: the basis of the codes, for the images whose heaps are computed again.
    /// - Throws: ``HeapFault``; `LMDBError`.
    func prepare(
        _ imported: ImportedHeaps, images: Int, _ references: StoreState.RowCounts, _ checksum: ReferenceChecksum,
        basis: CodeBasis, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> PreparedHeaps {
        let file = imported.file
        guard file.images == images else {
            throw HeapFault.otherImages(found: file.images, expected: images)
        }
        guard file.referenceCount == references.count else {
            throw HeapFault.otherReferenceCount(found: file.referenceCount, expected: references.count)
        }
        guard checksum.matches(file.referenceChecksum, precision: layout.settings.precision) else {
            throw HeapFault.otherReferences
        }
        // More than k, because importHeaps may cut the last references of a heap.
        guard file.width == references.count || file.width > k else {
            throw HeapFault.tooShort(found: file.width, expected: k)
        }
        let identities = IdentityTable(tables: tables.references)
        let rows = try file.referenceIDs.map { id in
            guard let row = try identities.row(of: id, in: transaction) else {
                throw HeapFault.unknownReference(id)
            }
            return row
        }
        let checked = imported.chooseChecked()
        return PreparedHeaps(
            file: file, rows: rows,
            references: try mapped(references, for: checked.count, basis: basis, in: transaction),
            largestNorm: checksum.largestNorm, checked: checked)
    }

    /// Turns imported heaps into heaps of the corpus.
    ///
    /// All similarities are computed again here. The other program may have rounded differently. In a heap without all
    /// references, an absent reference can therefore belong before the last ones. Such last references are dropped.
    ///
    /// A search computes heaps that then have too few references, and the images in `checked`. For a checked image
    /// whose heap is long enough, the imported similarities must equal the first ones that the search found.
    ///
    /// - Parameters:
    ///   - batch: the images by ascending row. `position` is the index of the image's vector in `values`.
    ///   - first: the position in the shard of the first vector in `values`.
    /// - Returns: the heaps in several parts, in the order of the batch.
    /// - Throws: ``HeapFault``; `CancellationError` if the commit is interrupted, or `FaissFailure`.
    func importHeaps(
        _ batch: [(row: UInt32, position: Int)], first: Int, values: [Float], from heaps: PreparedHeaps
    ) throws -> [ComputedHeaps] {
        let (parts, deficient) = try importedParts(batch, first: first, values: values, from: heaps)
        let again = batch.indices.filter { index in
            deficient.contains(UInt32(index)) || heaps.checked.contains(UInt32(first + batch[index].position))
        }
        let fresh = try freshHeaps(again.map { batch[$0] }, values: values, among: heaps.references)
        return try replace(again, by: fresh, in: parts) { index in
            guard !deficient.contains(UInt32(index)) else { return nil }
            return first + batch[index].position
        }
    }

    /// The number of images of one part.
    private static let imagesPerPart = 64

    private func importedParts(
        _ batch: [(row: UInt32, position: Int)], first: Int, values: [Float], from heaps: PreparedHeaps
    ) throws -> (parts: [ComputedHeaps], deficient: RowSet) {
        let (layout, priority, k) = (layout, priority, k)
        let (dimension, references) = (layout.dimension, heaps.references.counts.count)
        let size = Self.imagesPerPart
        let workers = try pool.run(count: (batch.count + size - 1) / size) {
            (
                importer: HeapImporter(heaps, capacity: layout.settings.capacity), deficient: [UInt32](),
                parts: [(number: Int, heaps: ComputedHeaps)]()
            )
        } body: { worker, number in
            try priority.yieldToSearches()
            var part = ComputedHeaps()
            for index in number * size..<min((number + 1) * size, batch.count) {
                let (row, position) = batch[index]
                let vector = values.span.extracting(position * dimension..<(position + 1) * dimension)
                worker.importer.load(image: first + position, vector)
                if worker.importer.heap.isDeficient(k: k, references: references) {
                    worker.deficient.append(UInt32(index))
                }
                part.append(worker.importer.heap, row: row, k: k, references: references)
            }
            worker.parts.append((number, part))
        }
        try HeapImporter.throwFaults(of: workers.map(\.importer))
        return (
            workers.flatMap(\.parts).sorted { $0.number < $1.number }.map(\.heaps),
            RowSet(workers.flatMap(\.deficient))
        )
    }

    /// Replaces heaps in `parts` by heaps that a search found.
    ///
    /// - Parameters:
    ///   - indices: the indices of these heaps among all of `parts`, ascending.
    ///   - fresh: the heaps that a search found, in the order of `indices`.
    ///   - checkedRow: gets the index of a heap. Returns its row in the shard if the heap is compared, `nil` otherwise.
    private func replace(
        _ indices: [Int], by fresh: [ComputedHeaps], in parts: [ComputedHeaps], checkedRow: (Int) -> Int?
    ) throws -> [ComputedHeaps] {
        var parts = parts
        var next = indices.makeIterator()
        var (stored, found) = (
            ReferenceHeap(capacity: layout.settings.capacity), ReferenceHeap(capacity: layout.settings.capacity)
        )
        let words = layout.heaps.wordsPerHeap
        var wrong: [Int] = []
        for computed in fresh {
            for position in computed.rows.indices {
                guard let index = next.next() else { break }
                let (part, slot) = index.quotientAndRemainder(dividingBy: Self.imagesPerPart)
                found.load(computed.words.span, at: position * words)
                if let row = checkedRow(index) {
                    let imported = parts[part].words
                    stored.load(imported.span, at: slot * words)
                    if !stored.isBeginning(of: found) { wrong.append(row) }
                }
                found.store(to: &parts[part].words, at: slot * words)
                parts[part].means[slot] = computed.means[position]
                parts[part].thresholds[slot] = computed.thresholds[position]
            }
        }
        guard wrong.isEmpty else { throw HeapFault.missingReferences(rows: wrong) }
        return parts
    }
}

/// Turns the imported heaps of images, one after another, into heaps of the corpus; used by one thread.
private struct HeapImporter {
    /// How many references ahead a vector is prefetched.
    ///
    /// The vectors of a heap are scattered in memory.
    private static let prefetchDistance = 2

    private let heaps: PreparedHeaps
    private let scratch = FloatScratch()
    private var ranked: [RankedProduct] = []
    /// The heap of the image that was loaded last.
    private(set) var heap: ReferenceHeap
    private var repeated: [Int] = []
    private var wrong: [Int] = []

    init(_ heaps: PreparedHeaps, capacity: Int) {
        self.heaps = heaps
        heap = ReferenceHeap(capacity: capacity)
    }

    /// Computes the similarities of an image to the references of its imported heap, and replaces ``heap``.
    ///
    /// - Parameters:
    ///   - image: the position of the image in the shard.
    ///   - vector: its vector.
    mutating func load(image: Int, _ vector: Span<Float>) {
        let (file, references) = (heaps.file, heaps.references)
        let start = image * file.width
        let tolerance = Float(PreparedHeaps.tolerance * Kernels.norm(vector) * heaps.largestNorm)
        ranked.removeAll(keepingCapacity: true)
        var isRight = true
        let end = start + file.width
        for place in start..<end {
            let row = heaps.rows[Int(file.references[place])]
            if place + Self.prefetchDistance < end {
                let next = heaps.rows[Int(file.references[place + Self.prefetchDistance])]
                references.vectors.prefetch(Int(next), scratch: scratch)
            }
            let product = references.vectors.withVector(Int(row), scratch: scratch) { Kernels.product($0, vector) }
            isRight = isRight && abs(product - file.similarities[place]) <= tolerance
            ranked.append(RankedProduct(product, row: row))
        }
        if !isRight { wrong.append(image) }
        ranked.sort()
        if zip(ranked, ranked.dropFirst()).contains(where: { $0.row == $1.row }) { repeated.append(image) }
        var count = min(file.width, heap.capacity)
        if file.width < references.counts.count {
            // By the other program's similarities, no absent reference exceeds the last one here. Rounding can make
            // the exact similarity larger by at most `tolerance`.
            let bound = file.width == 0 ? .infinity : file.similarities[start + file.width - 1] + tolerance
            while count > 0, ranked[count - 1].product < bound { count -= 1 }
        }
        heap.copy(ranked.prefix(count))
    }

    /// Throws the first kind of fault that was found, with its rows.
    static func throwFaults(of importers: [HeapImporter]) throws {
        let repeated = importers.flatMap(\.repeated).sorted()
        guard repeated.isEmpty else { throw HeapFault.repeatedReferences(rows: repeated) }
        let wrong = importers.flatMap(\.wrong).sorted()
        guard wrong.isEmpty else { throw HeapFault.wrongSimilarities(rows: wrong) }
    }
}
