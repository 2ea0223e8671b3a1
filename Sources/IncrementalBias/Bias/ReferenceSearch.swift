internal import LMDB
internal import VectorMath

/// A search for the best references of some images, fed piece by piece, by one thread.
protocol ReferenceSearch: SendableMetatype {
    /// The most images at a time.
    static var images: Int { get }
    /// References of a piece.
    static var referencesPerPiece: Int { get }

    /// Starts over with other images.
    ///
    /// - Parameters:
    ///   - images: images x dimension.
    ///   - references: how many references will be added.
    mutating func begin(_ images: [Float], references: Int)

    /// Compares the images with the references of one piece.
    mutating func add(_ references: Range<Int>) throws

    /// Decides, when all pieces have been added.
    mutating func finish()

    /// The best references of an image.
    mutating func take(_ image: Int, into heap: inout ReferenceHeap)
}

/// Multiplies everything, and lets Faiss select.
struct SearchByProducts: ReferenceSearch {
    static let images = 512
    static let referencesPerPiece = 512

    private let vectors: MappedVectors
    private let search: ExhaustiveSearch
    private var images: [Float] = []
    private var references: [Float] = []

    init(_ vectors: MappedVectors, capacity: Int) throws {
        self.vectors = vectors
        search = try ExhaustiveSearch(rows: Self.images, capacity: capacity)
    }

    mutating func begin(_ images: [Float], references: Int) {
        self.images = images
        search.begin(rows: images.count / vectors.layout.dimension)
    }

    mutating func add(_ references: Range<Int>) throws {
        let dimension = vectors.layout.dimension
        vectors.copy(references, to: &self.references)
        let columns = self.references
        try search.add(
            images.span, columns: columns.span.extracting(first: references.count * dimension), dimension: dimension,
            firstColumn: UInt32(references.lowerBound))
    }

    func finish() {}

    func take(_ image: Int, into heap: inout ReferenceHeap) {
        heap.take(from: search, row: image)
    }
}

/// Multiplies codes, and vectors only where bounds can't exclude a pair.
struct SearchByCodes: ReferenceSearch {
    static let images = 256
    static let referencesPerPiece = CodedReferences.rowsPerBlock

    private let vectors: MappedVectors
    private let references: CodedReferences
    private var search: CodedSearch
    private let scratch = FloatScratch()

    init(_ vectors: MappedVectors, _ references: CodedReferences, capacity: Int) {
        self.vectors = vectors
        self.references = references
        search = CodedSearch(rows: Self.images, capacity: capacity, layout: references.layout)
    }

    mutating func begin(_ images: [Float], references: Int) {
        search.begin(images, columns: references)
    }

    mutating func add(_ references: Range<Int>) {
        let (vectors, scratch) = (vectors, scratch)
        self.references.withBlock(at: references) { block, rows in
            search.add(block, names: rows) { row, body in vectors.withVector(row, scratch: scratch, body) }
        }
    }

    mutating func finish() {
        let (vectors, scratch) = (vectors, scratch)
        search.rescore { row, body in vectors.withVector(row, scratch: scratch, body) }
    }

    mutating func take(_ image: Int, into heap: inout ReferenceHeap) {
        heap.take(from: &search, row: image)
    }
}

/// The references as codes, in memory and in random order: what many images are compared with.
struct CodedReferences: Sendable {
    static let rowsPerBlock = 512

    let layout: CodeLayout
    /// The row of each reference.
    private let rows: [UInt32]
    private let blocks: [CodeBlock]

    /// Encodes the references in `vectors`, `end` rows.
    init(_ vectors: MappedVectors, end: Int, pool: WorkerPool) throws {
        let layout = CodeLayout(rows: Self.rowsPerBlock, dimension: vectors.layout.dimension)
        let count = (end + Self.rowsPerBlock - 1) / Self.rowsPerBlock
        let rows = (0..<UInt32(end)).shuffled()
        let workers = try pool.run(count: count) {
            (scratch: FloatScratch(), done: [(number: Int, block: CodeBlock)]())
        } body: { worker, number in
            var values: [Float] = []
            values.reserveCapacity(Self.rowsPerBlock * layout.dimension)
            for row in rows[number * Self.rowsPerBlock..<min((number + 1) * Self.rowsPerBlock, end)] {
                vectors.withVector(Int(row), scratch: worker.scratch) { vector in
                    for index in vector.indices { values.append(vector[index]) }
                }
            }
            worker.done.append((number, CodeBlock(values.span, layout: layout)))
        }
        self.layout = layout
        self.rows = rows
        blocks = workers.flatMap(\.done).sorted { $0.number < $1.number }.map(\.block)
    }

    /// Calls `body` with the block of codes of the references at `range`, and with their rows.
    func withBlock<R>(at range: Range<Int>, _ body: (RawSpan, ArraySlice<UInt32>) throws -> R) rethrows -> R {
        try blocks[range.lowerBound / Self.rowsPerBlock].withBytes { try body($0, rows[range]) }
    }
}
