internal import CKernels

/// The rotation R and the two centres with which codes are made.
///
/// With c the centre of the images and e the centre of the references, the product of an image x and a reference or
/// query q is
///
///     q.x = R (q - e) . R (x - c) + e.(x - c) + q.c
///
/// because R keeps products. The first term is bounded by codes. The second term is one number for each image and the
/// third one number for each query; both are computed in double precision. With the roles exchanged, the same holds
/// for codes of references that images are compared with.
///
/// Any rotation and any centres give valid bounds. Bounds are tight if the centres are the means of the vectors, and
/// the leading directions of the rotation are those in which references vary most.
package struct CodeBasis: Sendable {
    /// The rotation R.
    package let rotation: CodeRotation
    /// The centre of the images, and that of the references and queries; `dimension` components each.
    let centers: [[Float]]
    /// The size of the corpus when the basis was computed.
    package let corpusCounts: CorpusCounts

    /// The numbers of images and of references in a corpus.
    package struct CorpusCounts: Equatable, Sendable {
        package var images: Int
        package var references: Int

        package init(images: Int, references: Int) {
            self.images = images
            self.references = references
        }
    }

    /// Which of the two vectors of a product.
    package enum Role: Int, Sendable {
        case image = 0
        /// A reference, or a query of a search.
        case reference = 1

        var other: Role { self == .image ? .reference : .image }
    }

    /// The number of components of a vector.
    package var dimension: Int { rotation.dimension }

    init(rotation: CodeRotation, centers: [[Float]], corpusCounts: CorpusCounts) {
        self.rotation = rotation
        self.centers = centers
        self.corpusCounts = corpusCounts
    }

    /// The basis without centres, and with arbitrary leading directions.
    package init(dimension: Int) {
        let zeros = [Float](repeating: 0, count: dimension)
        self.init(
            rotation: CodeRotation(dimension: dimension, directions: [], seed: Self.seed), centers: [zeros, zeros],
            corpusCounts: CorpusCounts(images: 0, references: 0))
    }

    /// Computes a basis from samples of the corpus.
    ///
    /// - Parameters:
    ///   - images: images, count x dimension; all finite.
    ///   - references: references, count x dimension; all finite. Can be empty: the leading directions are then those
    ///     of the images, and the references are not centred.
    ///   - corpusCounts: the size of the corpus.
    package init(images: Span<Float>, references: Span<Float>, dimension: Int, corpusCounts: CorpusCounts) {
        precondition(images.count >= dimension)
        let ofImages = LeadingDirections(sample: images, dimension: dimension)
        let ofReferences =
            references.isEmpty ? nil : LeadingDirections(sample: references, dimension: dimension)
        let zeros = [Float](repeating: 0, count: dimension)
        self.init(
            rotation: CodeRotation(
                dimension: dimension, directions: (ofReferences ?? ofImages).directions, seed: Self.seed),
            centers: [ofImages.mean.map { Float($0) }, ofReferences?.mean.map { Float($0) } ?? zeros],
            corpusCounts: corpusCounts)
    }

    /// Chooses the signs of all rotations.
    private static let seed: UInt64 = 0x6e6e_6e64

    func center(_ role: Role) -> [Float] { centers[role.rawValue] }

    /// R (x - c) in double precision for a vector x and the centre of its role.
    func exact(_ vector: [Float], _ role: Role) -> [Double] { rotation.exact(vector, center: center(role)) }
}

extension CodeBasis {
    /// The stored form: both counts as 32-bit numbers, both centres as floats, their checksum, then the rotation
    /// in its stored form.
    package var encoded: [UInt8] {
        let end = 8 + 8 * dimension
        var bytes = [UInt8](repeating: 0, count: end + RowChecksum.byteCount)
        var span = bytes.mutableSpan
        var raw = unsafe span.mutableBytes
        raw.storeBytes(of: UInt32(corpusCounts.images).littleEndian, toByteOffset: 0, as: UInt32.self)
        raw.storeBytes(of: UInt32(corpusCounts.references).littleEndian, toByteOffset: 4, as: UInt32.self)
        for (index, value) in centers.joined().enumerated() {
            raw.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: 8 + 4 * index, as: UInt32.self)
        }
        RowChecksum.write(of: 0..<end, row: 0, to: &raw, at: end)
        return bytes + rotation.encoded
    }

    /// The checksums of both parts of a stored basis, unchecked; empty if there are too few bytes.
    ///
    /// Two bases of the same size with the same checksums are the same basis.
    package static func checksums(in bytes: RawSpan, dimension: Int) -> [UInt8] {
        let end = 8 + 8 * dimension
        guard bytes.byteCount >= end + 2 * RowChecksum.byteCount else { return [] }
        return NumberView.bytes(bytes.extracting(end..<end + RowChecksum.byteCount))
            + NumberView.bytes(bytes.extracting(last: RowChecksum.byteCount))
    }

    /// Reads a basis from its stored form.
    ///
    /// - Returns: `nil` if the bytes are damaged.
    package init?(bytes: RawSpan, dimension: Int) {
        let end = 8 + 8 * dimension
        let start = end + RowChecksum.byteCount
        guard bytes.byteCount > start, RowChecksum.holds(for: 0..<end, row: 0, in: bytes, at: end),
            let rotation = CodeRotation(bytes: bytes.extracting(start..<bytes.byteCount)),
            rotation.dimension == dimension
        else { return nil }
        func integer(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        let values = (0..<2 * dimension).map { Float(bitPattern: integer(8 + 4 * $0)) }
        self.init(
            rotation: rotation, centers: [Array(values[..<dimension]), Array(values[dimension...])],
            corpusCounts: CorpusCounts(images: Int(integer(0)), references: Int(integer(4))))
    }
}
