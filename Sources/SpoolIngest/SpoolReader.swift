package import IncrementalBias
internal import PosixSupport
package import ShardFormats
package import SpoolProtocol

/// Reads and checks claimed shards with their sidecars.
///
/// The results can be ingested by a corpus.
package struct SpoolReader {
    /// The corpus.
    ///
    /// It normalises and rounds vectors, and has the receipts of earlier shards.
    package let corpus: Corpus
    /// The spool.
    package let folders: SpoolFolders
    /// The maximum size of a file, in bytes.
    package let maximumBytes: Int
    /// The maximum size of a file that is read into memory as a whole, in bytes.
    package let maximumWholeBytes: Int
    /// How vectors of the type V2 are read.
    package let v2Elements: V2Elements
    /// The file size from which on a shard of images is staged (stored piece by piece), if it can be.
    package let minimumStagedBytes: Int
    /// The part of the images whose heaps are computed again if a shard brings them.
    package let heapCheckShare: Double

    static let npySuffix = ".\(ShardFormat.npy.rawValue)"

    /// A reader of a spool.
    package init(
        corpus: Corpus, folders: SpoolFolders, maximumBytes: Int, maximumWholeBytes: Int = .max,
        v2Elements: V2Elements = .reject,
        minimumStagedBytes: Int = LargeShard.minimumBytes, heapCheckShare: Double = 1
    ) {
        self.corpus = corpus
        self.folders = folders
        self.maximumBytes = maximumBytes
        self.maximumWholeBytes = min(maximumBytes, maximumWholeBytes)
        self.v2Elements = v2Elements
        self.minimumStagedBytes = minimumStagedBytes
        self.heapCheckShare = heapCheckShare
    }

    /// Reads a shard as a whole, or only opens it if it can be staged.
    ///
    /// - Throws: errors of the store. Faults of the shard and of the spool are outcomes.
    package func read(_ shard: ClaimedShard) throws -> ReadOutcome {
        try outcome {
            // A shard that took effect must not be rejected because the limit was lowered later.
            if try isTooLarge(shard), let receipt = try committedReceipt(of: shard) { return .committed(receipt) }
            if shard.heaps != nil { return .withHeaps }
            if let large = try open(shard) { return .large(large) }
            do {
                return try readWhole(shard)
            } catch let error as ShardError where error.code == .unsupportedDtype {
                // Nor because its type is no longer accepted.
                guard let receipt = try committedReceipt(of: shard) else { throw error }
                return .committed(receipt)
            }
        }
    }

    /// Stores the vectors of a large shard, invisible to searches until its commit.
    ///
    /// If it can't be staged because an id exists already, it is read as a whole.
    ///
    /// The next commit of the corpus must be that of this shard.
    ///
    /// - Throws: as ``read(_:)`` does.
    package func stage(_ shard: ClaimedShard, _ large: LargeShard) throws -> ReadOutcome {
        try outcome { try stage(shard, large, heaps: nil) }
    }

    /// Stores the vectors of a large shard.
    func stage(_ shard: ClaimedShard, _ large: LargeShard, heaps: ImportedHeaps?) throws -> ReadOutcome {
        let ids = try readSidecar(of: shard)
        let rowIDs = try ShardReader.ids(
            fileName: shard.key.name, rows: large.rows, ids: ids?.bytes, maximumBytes: maximumBytes)
        guard let staged = try corpus.stage(ids: rowIDs, from: large, heaps: heaps) else {
            return try readWhole(shard)
        }
        guard let sha256 = try large.digestIfUnchanged() else {
            try corpus.discardStaged()
            return .changing
        }
        return .read(ReadShard(shard, incoming(shard, sha256: sha256, ids, rowIDs, .staged(staged))))
    }

    /// The last receipt of the shard's name, if it has the digests of this shard and its sidecar; otherwise `nil`.
    package func committedReceipt(of shard: ClaimedShard) throws -> Receipt? {
        guard let receipt = try corpus.receipt(role: shard.key.role, name: shard.key.name) else { return nil }
        guard try digest(of: path(of: shard)) == receipt.sha256 else { return nil }
        guard let sidecar = sidecarPath(of: shard) else { return receipt.idsSHA256 == nil ? receipt : nil }
        guard let digest = try digest(of: sidecar) else { return nil }
        return digest == receipt.idsSHA256 ? receipt : nil
    }

    /// Runs `body`, and converts errors that concern only the shard or the spool to outcomes.
    func outcome(_ body: () throws -> ReadOutcome) throws -> ReadOutcome {
        do {
            return try body()
        } catch let error as ShardError {
            return .rejected(error)
        } catch let rejection as ShardRejection {
            return .rejected(ShardError(rejection))
        } catch let fault as HeapFault {
            return .rejected(ShardError(fault))
        } catch is OpenSpoolFile.EndedEarly {
            return .changing
        } catch let error as SystemError {
            return .unreadable(error)
        }
    }

    private func path(of shard: ClaimedShard) -> String { "\(folders.processing(shard.key.role))/\(shard.key.name)" }

    private func sidecarPath(of shard: ClaimedShard) -> String? {
        shard.sidecar.map { "\(folders.processing(shard.key.role))/\($0)" }
    }

    private func isTooLarge(_ shard: ClaimedShard) throws -> Bool {
        if shard.entry.isRegularFile, shard.entry.size > maximumWholeBytes { return true }
        let sidecar = try sidecarPath(of: shard).flatMap { path throws in try FileSystem.entry(path) }
        return sidecar.map { $0.isRegularFile && $0.size > maximumBytes } ?? false
    }

    /// Opens a shard if it can be staged, as far as is known before its ids are read.
    func open(_ shard: ClaimedShard) throws -> LargeShard? {
        guard shard.key.role == .images, shard.key.name.hasSuffix(Self.npySuffix),
            shard.entry.size >= minimumStagedBytes,
            // If its name has a receipt, the content may be the same. Only the digest of the whole file shows that; the
            // digest of a file that can't be read as a whole has been compared already.
            try shard.entry.size > maximumWholeBytes
                || corpus.receipt(role: shard.key.role, name: shard.key.name) == nil,
            let open = try OpenSpoolFile(path: path(of: shard), limit: maximumBytes),
            open.entry.isSameFile(as: shard.entry), let npy = try open.rowMajorNPY(limit: maximumBytes)
        else { return nil }
        return LargeShard(open, npy)
    }

    /// Reads a shard as a whole.
    ///
    /// - Parameter heaps: the heaps that it brings. If all its images are new, it is staged with them. Otherwise nnnd
    ///   computes all heaps itself.
    func readWhole(_ shard: ClaimedShard, heaps: ImportedHeaps? = nil) throws -> ReadOutcome {
        let name = shard.key.name
        guard let open = try OpenSpoolFile(path: path(of: shard), limit: maximumBytes) else { return .gone }
        guard open.entry.size <= maximumWholeBytes else {
            throw ShardError.tooLargeForMemory(byteCount: open.entry.size, limit: maximumWholeBytes)
        }
        let npy = name.hasSuffix(Self.npySuffix) ? try open.rowMajorNPY(limit: maximumBytes) : nil
        guard let file = try LoadedFile(open, npy: npy), file.entry.isSameFile(as: shard.entry) else {
            return .changing
        }
        let sha256 = file.sha256
        if name.hasSuffix(SpoolNames.deletionSuffix), let bytes = file.bytes {
            let ids = try IDList.read(bytes, maximumBytes: maximumBytes)
            return .read(ReadShard(shard, incoming(shard, sha256: sha256, nil, ids, .deletion)))
        }
        let ids = try readSidecar(of: shard)
        let content = try parse(name, (consume file).content, ids: ids?.bytes)
        if let heaps {
            let source = MatrixSource(content.matrix)
            if let staged = try corpus.stage(ids: content.ids, from: source, heaps: heaps) {
                return .read(ReadShard(shard, incoming(shard, sha256: sha256, ids, content.ids, .staged(staged))))
            }
        }
        let (rowIDs, vectors) = try prepare(consume content)
        return .read(ReadShard(shard, incoming(shard, sha256: sha256, ids, rowIDs, .vectors(vectors))))
    }

    private func incoming(
        _ shard: ClaimedShard, sha256: String, _ sidecar: LoadedFile?, _ ids: [String],
        _ content: IncomingShard.Content
    ) -> IncomingShard {
        IncomingShard(
            name: shard.key.name, role: shard.key.role, sha256: sha256, idsSHA256: sidecar?.sha256, ids: ids,
            content: content, received: shard.received)
    }

    private func parse(_ name: String, _ content: consuming LoadedFile.Content, ids: [UInt8]?) throws -> Shard {
        switch consume content {
        case .bytes(let bytes):
            try ShardReader.read(
                fileName: name, bytes: bytes, ids: ids, maximumBytes: maximumBytes, v2Elements: v2Elements)
        case .matrix(let matrix):
            try ShardReader.read(fileName: name, matrix: matrix, ids: ids, maximumBytes: maximumBytes)
        }
    }

    private func readSidecar(of shard: ClaimedShard) throws -> LoadedFile? {
        guard let path = sidecarPath(of: shard) else { return nil }
        do {
            guard let ids = try LoadedFile(path: path, limit: maximumBytes) else { throw OpenSpoolFile.EndedEarly() }
            return ids
        } catch let error as ShardError {
            throw error.inFile(FileSystem.name(of: path))
        }
    }

    /// Has the corpus normalise and round the vectors.
    ///
    /// This happens in place, because nothing else refers to them.
    private func prepare(_ shard: consuming Shard) throws -> ([String], PreparedVectors) {
        let ids = shard.ids
        let dimension = shard.matrix.dimension
        let values = (consume shard).matrix.values
        return (ids, try corpus.prepare(consume values, dimension: dimension))
    }

    /// The SHA-256 of a file; `nil` if there is no readable regular file, or it changes while it is read.
    private func digest(of path: String) throws -> String? {
        do {
            return try OpenSpoolFile(path: path, limit: .max)?.readDigest()
        } catch is ShardError {
            return nil
        } catch is OpenSpoolFile.EndedEarly {
            return nil
        } catch is SystemError {
            return nil
        }
    }
}
