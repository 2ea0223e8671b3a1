internal import VectorMath

/// A search for the best references of some images, which one thread feeds with references piece by piece.
protocol ReferenceSearch: SendableMetatype {
    /// The largest number of images of one search.
    static var images: Int { get }
    /// The number of references in a piece.
    static var referencesPerPiece: Int { get }

    /// Begins a search for other images.
    ///
    /// - Parameters:
    ///   - images: images x dimension.
    ///   - references: how many references will be added.
    mutating func begin(_ images: [Float], references: Int)

    /// Compares the images with the references of one piece.
    mutating func add(_ references: Range<Int>) throws

    /// Ends the search, after the last piece.
    mutating func finish()

    /// Copies the best references of an image, after ``finish()``.
    mutating func copyBest(of image: Int, into heap: inout ReferenceHeap)
}

/// A search that multiplies every pair and has Faiss select.
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

    func copyBest(of image: Int, into heap: inout ReferenceHeap) {
        heap.copy(from: search, row: image)
    }
}

/// A search that multiplies codes, and vectors only of pairs that the bounds of their codes don't exclude.
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

    mutating func copyBest(of image: Int, into heap: inout ReferenceHeap) {
        heap.copy(from: &search, row: image)
    }
}
