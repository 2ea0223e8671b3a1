internal import LMDB
internal import VectorMath

/// The codes of the images: block number -> the codes of `rowsPerBlock` images, with the layout ``StoreLayout/codes``.
///
/// A second database has the sign codes of the same blocks, so that a scan of sign codes reads nothing else, and reads
/// forward. A block and its sign codes have the same basis.
///
/// A *slot* is the index of a row in its block.
struct CodeTable {
    let database: Database
    let signs: Database
    let bases: CodeBasisTable
    let layout: StoreLayout

    init(tables: Tables, layout: StoreLayout) {
        database = tables.codes
        signs = tables.signs
        bases = tables.codeBases
        self.layout = layout
    }

    /// The number of vectors that are encoded before their codes are stored; it limits the memory for codes.
    private static let rowsPerBatch = 16_384

    /// Encodes vectors and stores the codes.
    ///
    /// A basis must be stored.
    ///
    /// - Parameters:
    ///   - values: the vectors, rows.count x dimension, rounded to the store's precision.
    ///   - rows: the rows of the vectors.
    ///   - pool: the threads that encode.
    func write(_ values: [Float], rows: [UInt32], pool: WorkerPool, in transaction: borrowing WriteTransaction) throws {
        let bases = try bases(in: transaction)
        guard let newest = bases.newest else { throw StoreError.damaged("the codes have no basis") }
        for start in stride(from: 0, to: rows.count, by: Self.rowsPerBatch) {
            let batch = start..<min(start + Self.rowsPerBatch, rows.count)
            let codes = try encode(values, batch, basis: newest, pool: pool)
            try write(codes, values, batch, rows: rows[batch], bases: bases, in: transaction)
        }
    }

    /// Stores codes.
    ///
    /// A block that exists keeps its basis: if this is not the basis of `codes`, the vectors are encoded again.
    ///
    /// - Parameters:
    ///   - codes: the first code is that of the first of `rows`, and so on.
    ///   - values: vectors, count x dimension.
    ///   - range: the indices in `values` of the vectors of `rows`.
    func write(
        _ codes: EncodedRows, _ values: [Float], _ range: Range<Int>, rows: ArraySlice<UInt32>, bases: CodeBases,
        in transaction: borrowing WriteTransaction
    ) throws {
        let order = rows.indices.sorted { rows[$0] < rows[$1] }
        let rowsPerBlock = layout.rowsPerBlock
        let groups = order.chunked(by: { Int(rows[$0]) / rowsPerBlock })
        // First all codes, then all sign codes, so that those of new blocks follow one another in the file.
        for part in Part.allCases {
            let (database, byteCount) = place(of: part)
            for group in groups {
                let block = rows[order[group.lowerBound]] / UInt32(rowsPerBlock)
                try transaction.update(database, block, byteCount: byteCount) { bytes, existed in
                    if !existed { layout.codes.setVersion(codes.version, of: &bytes) }
                    let version = layout.codes.version(of: bytes.bytes)
                    for index in order[group] {
                        let (position, slot) = (index - rows.startIndex, Int(rows[index]) % rowsPerBlock)
                        if version == codes.version {
                            codes.write(part, position, to: &bytes, slot: slot)
                        } else {
                            let start = (range.lowerBound + position) * layout.dimension
                            let vector = values.span.extracting(start..<start + layout.dimension)
                            Codes(vector, .image, basis: try bases[version], layout: layout.codes)
                                .write(part, 0, to: &bytes, slot: slot)
                        }
                    }
                }
            }
        }
    }

    /// The database of a part, and the size of its values in bytes.
    private func place(of part: Part) -> (Database, byteCount: Int) {
        switch part {
        case .codes: (database, layout.codes.byteCount)
        case .signs: (signs, layout.codes.signByteCount)
        }
    }

    /// Stores all codes of a block, with the newest basis.
    ///
    /// - Parameters:
    ///   - values: the vectors of the block's first rows, count x dimension; those of free rows are NaN.
    ///   - count: the number of rows.
    func replace(
        block: UInt32, _ values: [Float], _ count: Int, pool: WorkerPool, in transaction: borrowing WriteTransaction
    ) throws {
        guard let newest = try bases(in: transaction).newest else {
            throw StoreError.damaged("the codes have no basis")
        }
        let codes = try encode(values, 0..<count, basis: newest, pool: pool)
        for part in Part.allCases {
            let (database, byteCount) = place(of: part)
            try transaction.update(database, block, byteCount: byteCount) { bytes, _ in
                layout.codes.setVersion(codes.version, of: &bytes)
                for slot in 0..<count { codes.write(part, slot, to: &bytes, slot: slot) }
            }
        }
    }

    /// The numbers of the first blocks that have another basis.
    ///
    /// - Parameters:
    ///   - version: the version of the basis that blocks should have.
    ///   - range: the blocks to look at.
    ///   - limit: the maximum number of blocks in the result; no block after the last one of them is read.
    /// - Throws: ``StoreError/damaged(_:)`` if a block is missing or has a wrong size.
    func blocks(
        notOf version: UInt32, in range: Range<Int>, limit: Int,
        in transaction: borrowing some Transaction & ~Copyable
    ) throws -> [UInt32] {
        var found: [UInt32] = []
        for block in range where found.count < limit {
            let own = try transaction.value(database, UInt32(block)) { try self.version(of: $0) }
            guard let own else { throw StoreError.damaged("a block of codes is missing") }
            if own != version { found.append(UInt32(block)) }
        }
        return found
    }

    private func version(of block: RawSpan) throws(StoreError) -> UInt32 {
        guard block.byteCount == layout.codes.byteCount else { throw .damaged("a block of codes has a wrong size") }
        return layout.codes.version(of: block)
    }

    /// The bases of the codes.
    func bases(in transaction: borrowing some Transaction & ~Copyable) throws -> CodeBases {
        try bases.bases(dimension: layout.dimension, in: transaction)
    }

    /// The blocks with these numbers, mapped.
    func mapped(blocks: Range<Int>, in transaction: borrowing some Transaction & ~Copyable) throws -> MappedValues {
        try transaction.mapped(
            database, UInt32(blocks.lowerBound)..<UInt32(blocks.upperBound),
            byteCount: layout.codes.byteCount)
    }

    /// The sign codes of the blocks with these numbers, mapped.
    func mappedSigns(
        blocks: Range<Int>, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> MappedValues {
        try transaction.mapped(
            signs, UInt32(blocks.lowerBound)..<UInt32(blocks.upperBound), byteCount: layout.codes.signByteCount)
    }

    /// The sign codes of some blocks, mapped, in the order of `blocks`.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if one is missing; `LMDBError` if one has a wrong size.
    func mappedSigns(
        _ blocks: [UInt32], in transaction: borrowing some Transaction & ~Copyable
    ) throws -> MappedValues {
        let mapped = try transaction.mapped(signs, blocks, byteCount: layout.codes.signByteCount)
        guard mapped.isComplete else { throw StoreError.damaged("a block of images is missing") }
        return mapped
    }

    /// Whether the error bounds of the stored code of `row` hold for `vector`, and its sign code agrees with its code;
    /// false if the row's block is missing.
    ///
    /// - Parameter vector: the stored vector of the row.
    /// - Throws: ``StoreError/damaged(_:)`` if the block has a wrong size or an unknown basis.
    func covers(_ vector: [Float], row: UInt32, in transaction: borrowing some Transaction & ~Copyable) throws -> Bool {
        let (block, slot) = Int(row).quotientAndRemainder(dividingBy: layout.rowsPerBlock)
        let bases = try bases(in: transaction)
        let isCovered = try transaction.value(database, UInt32(block)) { bytes in
            let basis = try bases[version(of: bytes)]
            guard layout.codes.hasValidBounds(for: vector, basis: basis, in: bytes, slot: slot) else { return false }
            let matches = try transaction.value(signs, UInt32(block)) { signs in
                signs.byteCount == layout.codes.signByteCount
                    && layout.codes.version(of: signs) == layout.codes.version(of: bytes)
                    && layout.codes.signs(signs, matchCodes: bytes, slot: slot)
            }
            return matches ?? false
        }
        return isCovered ?? false
    }

    /// Encodes a range of vectors.
    ///
    /// - Parameters:
    ///   - values: vectors, rows x dimension.
    ///   - rows: the indices in `values` of the vectors to encode.
    ///   - basis: the basis of the codes, and its version.
    ///   - pool: the threads that encode.
    func encode(
        _ values: [Float], _ rows: Range<Int>, basis: (version: UInt32, basis: CodeBasis), pool: WorkerPool
    ) throws -> EncodedRows {
        let (codes, dimension) = (layout.codes, layout.dimension)
        let count = (rows.count + EncodedRows.rowsPerPiece - 1) / EncodedRows.rowsPerPiece
        let workers = try pool.run(count: count) {
            [(piece: Int, codes: Codes)]()
        } body: { done, piece in
            let start = rows.lowerBound + piece * EncodedRows.rowsPerPiece
            let end = min(start + EncodedRows.rowsPerPiece, rows.upperBound)
            let vectors = values.span.extracting(start * dimension..<end * dimension)
            done.append((piece, Codes(vectors, .image, basis: basis.basis, layout: codes)))
        }
        return EncodedRows(version: basis.version, pieces: workers.joined().sorted { $0.piece < $1.piece }.map(\.codes))
    }
}

/// The parts of codes that are stored separately.
private enum Part: CaseIterable {
    case codes, signs
}

extension EncodedRows {
    fileprivate func write(_ part: Part, _ position: Int, to block: inout MutableRawSpan, slot: Int) {
        switch part {
        case .codes: write(position, to: &block, slot: slot)
        case .signs: writeSigns(position, to: &block, slot: slot)
        }
    }
}

extension Codes {
    fileprivate func write(_ part: Part, _ position: Int, to block: inout MutableRawSpan, slot: Int) {
        switch part {
        case .codes: write(position, to: &block, slot: slot)
        case .signs: writeSigns(position, to: &block, slot: slot)
        }
    }
}
