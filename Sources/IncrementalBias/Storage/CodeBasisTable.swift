internal import LMDB
internal import Synchronization
internal import VectorMath

/// The bases of the codes: version -> ``CodeBasis`` in its stored form.
///
/// Each block of codes names the version of its basis. New blocks get codes of the newest basis.
package struct CodeBasisTable: Sendable {
    let database: Database
    /// The version of the first basis of a corpus.
    static let firstVersion: UInt32 = 1
    private let cache = Cache()

    init(database: Database) {
        self.database = database
    }

    /// The last result of ``bases(dimension:in:)``, because decoding takes longer than a search.
    private final class Cache: Sendable {
        let last = Mutex<(fingerprints: [Fingerprint], bases: CodeBases)?>(nil)
    }

    /// What tells whether a stored basis has been decoded already.
    private struct Fingerprint: Equatable {
        let version: [UInt8]
        let byteCount: Int
        let checksums: [UInt8]
    }

    /// Reads all bases.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if one can't be read.
    func bases(dimension: Int, in transaction: borrowing some Transaction & ~Copyable) throws -> CodeBases {
        var fingerprints: [Fingerprint] = []
        try transaction.forEach(database) { key, value in
            fingerprints.append(Self.fingerprint(key, value, dimension: dimension))
            return true
        }
        if let cached = cache.last.withLock({ $0 }), cached.fingerprints == fingerprints { return cached.bases }
        var versions: [(version: UInt32, basis: CodeBasis)] = []
        try transaction.forEach(database) { key, value in
            guard let basis = CodeBasis(bytes: value, dimension: dimension) else {
                throw StoreError.damaged("a basis of codes can't be read")
            }
            let version = try StoredNumber.uint32(key, "the version of a basis of codes")
            // The next version must be a number too.
            guard version >= Self.firstVersion, version < .max else {
                throw StoreError.damaged("a basis of codes has the version \(version)")
            }
            versions.append((version, basis))
            return true
        }
        let bases = CodeBases(versions: versions)
        cache.last.withLock { $0 = (fingerprints, bases) }
        return bases
    }

    /// Stores a basis, which becomes the newest.
    func append(_ basis: CodeBasis, after bases: CodeBases, in transaction: borrowing WriteTransaction) throws {
        try transaction.put(database, bases.newest.map { $0.version + 1 } ?? Self.firstVersion, basis.encoded.span)
    }

    /// The version, the size and the checksums of a stored basis.
    private static func fingerprint(_ key: RawSpan, _ value: RawSpan, dimension: Int) -> Fingerprint {
        Fingerprint(
            version: NumberView.bytes(key), byteCount: value.byteCount,
            checksums: CodeBasis.checksums(in: value, dimension: dimension))
    }
}

/// The bases of a snapshot.
struct CodeBases: Sendable {
    /// The bases by ascending version.
    let versions: [(version: UInt32, basis: CodeBasis)]

    /// The basis with the highest version; `nil` if there is none, which is so while there have been no images.
    var newest: (version: UInt32, basis: CodeBasis)? { versions.last }

    /// The basis of a version.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if there is none.
    subscript(version: UInt32) -> CodeBasis {
        get throws(StoreError) { versions[try index(of: version)].basis }
    }

    /// The index in ``versions`` of a version.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if there is none.
    func index(of version: UInt32) throws(StoreError) -> Int {
        guard let index = versions.firstIndex(where: { $0.version == version }) else {
            throw .damaged("the basis \(version) of codes is missing")
        }
        return index
    }
}
