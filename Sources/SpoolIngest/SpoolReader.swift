internal import FoundationEssentials
package import IncrementalBias
package import PosixSupport
internal import ShardFormats
package import SpoolProtocol

/// Reads waiting files, with their ids, into what the corpus takes in.
///
/// Its methods throw `ShardError` where the file is to be refused, ``OpenShard/EndedEarly`` where it is changing, and
/// ``SystemError`` where the system can't read it now.
package struct SpoolReader {
    package let corpus: Corpus
    package let folders: SpoolFolders
    /// The most bytes that a file may have.
    package let largestShard: Int

    /// What the name of a list of ids to delete ends in.
    private static let deletionSuffix = ".delete"
    private static let npySuffix = ".npy"

    /// A file that was read.
    package struct Read {
        package let file: WaitingFile
        package let ids: FileSystem.Entry?
        package let shard: IncomingShard

        /// About what it takes in memory.
        package var byteCount: Int {
            let bytesPerID = 64
            let values = if case .vectors(let vectors) = shard.content { vectors.byteCount } else { 0 }
            return values + shard.ids.count * bytesPerID
        }
    }

    /// The receipt of a file that took effect before it could be put away; `nil` where that is still to be found out, by
    /// reading it with its ids.
    ///
    /// Where it lies in `taken/` its fate was decided with the ids that lay beside it before. In the incoming folder that
    /// can be told as long as these ids lie there: for files that are larger by now than they may be.
    package func receipt(of file: WaitingFile) throws -> Receipt? {
        guard file.isTaken || file.entry.isRegularFile && file.entry.size > largestShard,
            let receipt = try corpus.receipt(role: file.kind, name: file.name),
            try file.isTaken || corpus.note(of: receipt) == idsEntry(of: file)?.stamp ?? [],
            let open = try OpenShard(path: path(of: file), limit: .max), open.entry.isSameFile(as: file.entry),
            try open.readDigest() == receipt.sha256
        else { return nil }
        return receipt
    }

    /// Opens a file that is worth staging, as far as can be told by now.
    package func open(_ file: WaitingFile) throws -> LargeShard? {
        guard file.kind == .images, file.name.hasSuffix(Self.npySuffix), file.entry.size >= LargeShard.leastBytes,
            // One of this name may be the same, which only its digest will tell.
            try corpus.receipt(role: file.kind, name: file.name) == nil,
            let open = try OpenShard(path: path(of: file), limit: largestShard), open.entry.isSameFile(as: file.entry),
            let plain = try open.plainNPY(limit: largestShard)
        else { return nil }
        return LargeShard(open, plain)
    }

    /// Brings the vectors of a large shard into the store, for a commit to make them known.
    ///
    /// - Returns: `nil` where it can't be staged, and must be read whole.
    package func stage(_ file: WaitingFile, _ large: LargeShard) throws -> Read? {
        let received = Date()
        let ids = try readIDs(of: file)
        let rowIDs = try ShardReader.ids(
            fileName: file.name, rows: large.rows, ids: ids?.bytes, maximumBytes: largestShard)
        do {
            guard let staged = try corpus.stage(ids: rowIDs, from: large) else { return nil }
            guard let sha256 = try large.finish() else {
                try corpus.discardStaged()
                throw OpenShard.EndedEarly()
            }
            return Read(
                file: file, ids: ids?.entry,
                shard: IncomingShard(
                    name: file.name, role: file.kind, sha256: sha256, idsSHA256: ids?.sha256, ids: rowIDs,
                    content: .staged(staged), received: received, note: ids?.entry.stamp ?? []))
        } catch let rejection as ShardRejection {
            throw ShardError(rejection)
        }
    }

    /// The file of ids that lies beside a shard.
    package func idsEntry(of file: WaitingFile) throws -> FileSystem.Entry? {
        guard let name = SpoolNames.sidecar(of: file.name) else { return nil }
        return try FileSystem.entry("\(folders.incoming(file.kind))/\(name)")
    }

    private func path(of file: WaitingFile) -> String {
        "\(file.isTaken ? folders.taken(file.kind) : folders.incoming(file.kind))/\(file.name)"
    }

    /// Reads a file whole, with its ids.
    ///
    /// - Returns: `nil` where it went away or has changed.
    package func read(_ file: WaitingFile) throws -> Read? {
        let received = Date()
        let isDeletion = file.name.hasSuffix(Self.deletionSuffix)
        guard
            let read = try ShardFile(
                path: path(of: file), limit: largestShard, isNPY: file.name.hasSuffix(Self.npySuffix)),
            read.entry.isSameFile(as: file.entry)
        else { return nil }
        let sha256 = read.sha256
        if isDeletion, case .bytes(let bytes) = read.content {
            return Read(
                file: file, ids: nil,
                shard: IncomingShard(
                    name: file.name, role: file.kind, sha256: sha256, idsSHA256: nil,
                    ids: try IDList.read(bytes, maximumBytes: largestShard), content: .deletion, received: received))
        }
        let ids = try readIDs(of: file)
        let (rowIDs, vectors) = try prepare(shard(file.name, (consume read).content, ids: ids?.bytes))
        return Read(
            file: file, ids: ids?.entry,
            shard: IncomingShard(
                name: file.name, role: file.kind, sha256: sha256, idsSHA256: ids?.sha256, ids: rowIDs,
                content: .vectors(vectors), received: received, note: ids?.entry.stamp ?? []))
    }

    private func shard(_ name: String, _ content: consuming ShardFile.Content, ids: [UInt8]?) throws -> Shard {
        switch consume content {
        case .bytes(let bytes):
            try ShardReader.read(fileName: name, bytes: bytes, ids: ids, maximumBytes: largestShard)
        case .matrix(let matrix):
            try ShardReader.read(fileName: name, matrix: matrix, ids: ids, maximumBytes: largestShard)
        }
    }

    private func readIDs(of file: WaitingFile) throws -> ShardFile? {
        guard let name = SpoolNames.sidecar(of: file.name) else { return nil }
        let path = "\(folders.incoming(file.kind))/\(name)"
        do {
            let ids = try ShardFile(path: path, limit: largestShard)
            // They are there, and changing.
            if ids == nil, try FileSystem.entry(path) != nil { throw OpenShard.EndedEarly() }
            return ids
        } catch let error as ShardError {
            throw ShardError(code: error.code, message: "\(name): \(error.message)", advice: error.advice)
        }
    }

    /// Hands the vectors on to the corpus, which changes them in place because nobody else holds them any more.
    private func prepare(_ shard: consuming Shard) throws -> ([String], PreparedVectors) {
        let ids = shard.ids
        let dimension = shard.matrix.dimension
        let values = (consume shard).matrix.values
        do {
            return (ids, try corpus.prepare(consume values, dimension: dimension))
        } catch let rejection as ShardRejection {
            throw ShardError(rejection)
        }
    }
}
