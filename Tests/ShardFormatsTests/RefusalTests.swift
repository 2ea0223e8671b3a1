import ShardFormats
import Testing

@Suite struct RefusalTests {
    @Test("Refuses a bad .npy file", arguments: BadShard.npyFiles)
    func refusesNPY(bad: BadShard) {
        refuses(bad)
    }

    @Test("Refuses a bad .npz file", arguments: BadShard.archives)
    func refusesNPZ(bad: BadShard) {
        refuses(bad)
    }

    @Test("Refuses a bad .safetensors file", arguments: BadShard.safeTensors)
    func refusesSafeTensors(bad: BadShard) {
        refuses(bad)
    }

    @Test("Refuses bad ids in an archive", arguments: BadShard.idArrays)
    func refusesIDArray(bad: BadShard) {
        refuses(bad)
    }

    @Test("Refuses a bad .ids file", arguments: BadShard.idFiles)
    func refusesIDFile(bad: BadShard) {
        refuses(bad)
    }

    @Test("The table has a bad shard for each code that reading can give")
    func coversCodes() {
        let all = BadShard.npyFiles + BadShard.archives + BadShard.safeTensors + BadShard.idArrays + BadShard.idFiles
        let elsewhere: Set<ShardError.Code> = [
            .unreadable, .notRegularFile, .wrongDimension, .zeroVector, .normTooLarge,
        ]
        #expect(Set(all.map(\.code)) == Set(ShardError.Code.allCases).subtracting(elsewhere))
    }

    private func refuses(_ bad: BadShard) {
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
