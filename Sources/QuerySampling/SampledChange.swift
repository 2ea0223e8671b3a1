package import PosixSupport
internal import ShardFormats

/// References that are added to and removed from the corpus together.
///
/// They become a shard and a deletion list in the spool, as those of every producer.
package struct SampledChange {
    /// The id and the vector of each new or renewed reference; the vectors have the same dimension.
    package let added: [(id: String, vector: [Float])]
    /// The ids of the references that are removed, none of which is added.
    package let removed: [String]

    package var isEmpty: Bool { added.isEmpty && removed.isEmpty }

    /// Moves the deletion list and then the shard into `folder`, each by one rename.
    ///
    /// - Parameters:
    ///   - folder: the folder into which producers rename shards of references.
    ///   - name: the name of the files without suffix.
    /// - Throws: ``SystemError``. What has been moved then counts as moved: to write the same again changes nothing.
    package func write(to folder: String, name: String) throws(SystemError) {
        if !removed.isEmpty {
            let lines = removed.map { $0 + "\n" }.joined()
            try FileSystem.writeAtomically(Array(lines.utf8), to: "\(folder)/\(name).delete")
        }
        if !added.isEmpty { try FileSystem.writeAtomically(shard, to: "\(folder)/\(name).npz") }
    }

    /// The shard: an .npz file with the arrays `embeddings` and `ids`.
    private var shard: [UInt8] {
        let shape = [added.count, added.first?.vector.count ?? 0]
        return NPZFile([
            NPZArray("embeddings", shape: shape, .float32(added.flatMap(\.vector))),
            NPZArray("ids", shape: [added.count], .text(added.map(\.id))),
        ]).bytes
    }
}
