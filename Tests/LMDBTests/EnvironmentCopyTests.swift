import Foundation
import LMDB
import Testing

@Suite struct EnvironmentCopyTests {
    private func withTwoEnvironments(_ body: (LMDB.Environment, LMDB.Environment) throws -> Void) throws {
        try TemporaryEnvironment.with { one in try TemporaryEnvironment.with { other in try body(one, other) } }
    }

    @Test func copyCommitsAfterTheGivenBytesAndCopiesAllKeys() throws {
        try withTwoEnvironments { source, target in
            let (from, to) = (try source.open("a", order: .integers), try target.open("b", order: .integers))
            try source.write { transaction in
                for key in UInt32(0)..<100 { try transaction.put(from, key * 3, key) }
            }
            var commits = 0
            var counts: [Int] = []
            try source.copy(from, to: to, of: target, bytesPerCommit: 80) {
                commits += 1
                counts.append(try target.read { try $0.count(to) })
            }
            // A key and its value take 8 bytes.
            #expect(commits == 10)
            #expect(counts == Array(stride(from: 10, through: 100, by: 10)))
            let values = try target.read { transaction in
                try (UInt32(0)..<100).map { try transaction.bytes(to, $0 * 3) }
            }
            #expect(values == (UInt8(0)..<100).map { [$0, 0, 0, 0] })
        }
    }

    @Test func copyToADatabaseWithAnotherKeyOrderIsDamage() throws {
        try withTwoEnvironments { source, target in
            // Compared byte by byte, 256 (00 01 00 00) is less than 1 (01 00 00 00).
            let (from, to) = (try source.open("a", order: .integers), try target.open("b", order: .bytes))
            try source.write { transaction in
                for key: UInt32 in [1, 256] { try transaction.put(from, key, key) }
            }
            let error = #expect(throws: LMDBError.self) {
                try source.copy(from, to: to, of: target, bytesPerCommit: 1 << 20) {}
            }
            #expect(error?.isDamage == true)
            #expect(error?.description.contains("the keys of a are out of order") == true)
            let count = try target.read { try $0.count(to) }
            #expect(count == 0)
        }
    }

    private struct Stop: Error {}

    @Test func anErrorBetweenCommitsEndsACopy() throws {
        try withTwoEnvironments { source, target in
            let (from, to) = (try source.open("a", order: .integers), try target.open("b", order: .integers))
            try source.write { transaction in
                for key in UInt32(0)..<10 { try transaction.put(from, key, key) }
            }
            #expect(throws: Stop.self) {
                try source.copy(from, to: to, of: target, bytesPerCommit: 16) { throw Stop() }
            }
            let count = try target.read { try $0.count(to) }
            #expect(count == 2)
        }
    }

    @Test func aWrittenCopyCanBeOpened() throws {
        try TemporaryEnvironment.with { source in
            let words = try source.open("words", order: .bytes)
            try source.write { try $0.put(words, "a", "1") }
            try TemporaryEnvironment.withFolder { folder in
                let path = folder + "/data.mdb"
                #expect(FileManager.default.createFile(atPath: path, contents: nil))
                let file = try FileHandle(forWritingTo: URL(filePath: path))
                try source.writeCopy(to: file.fileDescriptor)
                try file.close()
                let copy = try LMDB.Environment(folder: folder, mapSize: 1 << 30)
                let copied = try copy.open("words", order: .bytes, createIfMissing: false)
                let value = try copy.read { try $0.string(copied, "a") }
                #expect(value == "1")
            }
        }
    }
}
