import ShardFormats
import Testing

@Suite struct RejectionTests {
    @Test("Rejects a bad .npy file", arguments: BadShard.npyFiles)
    func rejectsNPY(bad: BadShard) {
        expectRejection(of: bad)
    }

    @Test("Rejects a bad .npz file", arguments: BadShard.archives)
    func rejectsNPZ(bad: BadShard) {
        expectRejection(of: bad)
    }

    @Test("Rejects a bad .safetensors file", arguments: BadShard.safeTensors)
    func rejectsSafeTensors(bad: BadShard) {
        expectRejection(of: bad)
    }

    @Test("Rejects bad ids in an archive", arguments: BadShard.idArrays)
    func rejectsIDArray(bad: BadShard) {
        expectRejection(of: bad)
    }

    @Test("Rejects a bad .ids file", arguments: BadShard.idFiles)
    func rejectsIDFile(bad: BadShard) {
        expectRejection(of: bad)
    }

    @Test("The table has a bad shard for each code that reading can give")
    func coversCodes() {
        let all = BadShard.npyFiles + BadShard.archives + BadShard.safeTensors + BadShard.idArrays + BadShard.idFiles
        let elsewhere: Set<ShardError.Code> = [
            .unreadable, .notRegularFile, .wrongDimension, .zeroVector, .normTooLarge, .idsLate, .heapsMalformed,
            .heapsOtherImages, .heapsStale, .heapsTooShort, .heapsWrong,
        ]
        #expect(Set(all.map(\.code)) == Set(ShardError.Code.allCases).subtracting(elsewhere))
    }

    private func expectRejection(of bad: BadShard) {
        let error = #expect(throws: ShardError.self) {
            try ShardReader.read(
                fileName: bad.fileName, bytes: bad.bytes, ids: bad.ids, maximumBytes: bad.maximumBytes)
        }
        guard let error else { return }
        #expect(error.code == bad.code, "\(error)")
        #expect(error.rows == bad.rows, "\(error)")
        #expect(error.message.hasSuffix(".") && error.advice.hasSuffix("."), "\(error)")
    }
}
