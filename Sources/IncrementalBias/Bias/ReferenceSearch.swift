internal import VectorMath

/// A search for the best references of some images.
///
/// One thread uses it: it calls ``begin(_:referenceCount:)`` with the images, ``add(_:)`` for each piece of the
/// references, ``finish()``, and then ``copyBest(of:into:)`` for each image.
protocol ReferenceSearch: SendableMetatype {
    /// The maximum number of images of one search.
    static var maximumImages: Int { get }
    /// The number of references in a piece.
    static var referencesPerPiece: Int { get }

    /// Begins a search for new images.
    ///
    /// - Parameters:
    ///   - images: the vectors of the images, images x dimension.
    ///   - referenceCount: the number of references that will be added.
    mutating func begin(_ images: [Float], referenceCount: Int)

    /// Compares the images with one piece of the references.
    ///
    /// - Parameter piece: numbers below the number of all reference rows. The first is a multiple of
    ///   ``referencesPerPiece``, and there are at most so many. Each implementation assigns the numbers to rows in an
    ///   order that it chooses.
    mutating func add(_ piece: Range<Int>) throws

    /// Ends the search. Call it after the last piece.
    mutating func finish()

    /// Replaces the content of `heap` by the best references of an image, at most `capacity` of them.
    ///
    /// - Parameter image: the index of the image in the vectors passed to ``begin(_:referenceCount:)``.
    mutating func copyBest(of image: Int, into heap: inout ReferenceHeap)
}

/// A search that multiplies every pair of an image and a reference.
///
/// Faiss selects the best.
struct SearchByProducts: ReferenceSearch {
    static let maximumImages = 512
    static let referencesPerPiece = 512

    private let vectors: MappedVectors
    private let search: ExhaustiveSearch
    /// The vectors of the images, images x dimension.
    private var images: [Float] = []
    /// The vectors of one piece of the references, references x dimension.
    private var references: [Float] = []

    /// - Parameters:
    ///   - vectors: the mapped vectors of all references.
    ///   - capacity: the number of references to find for each image.
    init(_ vectors: MappedVectors, capacity: Int) throws {
        self.vectors = vectors
        search = try ExhaustiveSearch(queries: Self.maximumImages, capacity: capacity)
    }

    mutating func begin(_ images: [Float], referenceCount: Int) {
        self.images = images
        search.begin(queries: images.count / vectors.layout.dimension)
    }

    /// - Parameter piece: the rows of the references.
    mutating func add(_ piece: Range<Int>) throws {
        let dimension = vectors.layout.dimension
        vectors.copy(piece, to: &self.references)
        let references = self.references
        try search.add(
            images.span, vectors: references.span.extracting(first: piece.count * dimension), dimension: dimension,
            firstRow: UInt32(piece.lowerBound))
    }

    func finish() {}

    func copyBest(of image: Int, into heap: inout ReferenceHeap) {
        heap.copy(from: search, query: image)
    }
}

/// A search that multiplies codes, and then the vectors of those pairs that the bounds of their codes do not exclude.
struct SearchByCodes: ReferenceSearch {
    static let maximumImages = 256
    static let referencesPerPiece = CodedReferences.rowsPerBlock

    private let vectors: MappedVectors
    private let references: CodedReferences
    private var search: CodedSearch
    private let scratch = FloatScratch()

    /// - Parameters:
    ///   - vectors: the mapped vectors of all references.
    ///   - references: the codes of all references.
    ///   - capacity: the number of references to find for each image.
    init(_ vectors: MappedVectors, _ references: CodedReferences, capacity: Int) {
        self.vectors = vectors
        self.references = references
        search = CodedSearch(
            queries: Self.maximumImages, capacity: capacity, basis: references.basis, layout: references.layout)
    }

    mutating func begin(_ images: [Float], referenceCount: Int) {
        search.begin(images, vectorCount: referenceCount)
    }

    /// - Parameter piece: positions in the random order of the ``CodedReferences``.
    mutating func add(_ piece: Range<Int>) {
        let (vectors, scratch) = (vectors, scratch)
        references.withBlock(at: piece) { block, rows in
            search.add(block, rows: rows) { row, body in vectors.withVector(row, scratch: scratch, body) }
        }
    }

    mutating func finish() {
        let (vectors, scratch) = (vectors, scratch)
        search.rescore { row, body in vectors.withVector(row, scratch: scratch, body) }
    }

    mutating func copyBest(of image: Int, into heap: inout ReferenceHeap) {
        heap.copy(from: &search, query: image)
    }
}
