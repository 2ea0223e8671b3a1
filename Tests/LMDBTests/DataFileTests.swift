import Foundation
import LMDB
import Testing

/// Opening data files that were damaged, cut short or moved.
@Suite struct DataFileTests {
    private static let pageSize = 4096
    /// The offset of the transaction number in a meta page.
    private static let transactionNumberOffset = 144

    /// Creates an environment in `folder`, makes commits, and closes it.
    ///
    /// - Returns: the data file.
    private func makeDataFile(in folder: String) throws -> URL {
        let environment = try LMDB.Environment(folder: folder, mapSize: 1 << 20)
        let blocks = try environment.open("blocks", order: .integers)
        for key in UInt32(0)..<3 {
            try environment.write { try $0.overwrite(blocks, key, byteCount: 5000) { _ in } }
        }
        return URL(filePath: folder + "/data.mdb")
    }

    @Test func aFileThatWasCutShortIsDamageAndKeepsItsLength() throws {
        try TemporaryEnvironment.withFolder { folder in
            let file = try makeDataFile(in: folder)
            let whole = try Data(contentsOf: file)
            for pages in 2..<whole.count / Self.pageSize {
                let cut = whole.prefix(pages * Self.pageSize)
                try cut.write(to: file)
                let error = #expect(throws: LMDBError.self) { try LMDB.Environment(folder: folder, mapSize: 1 << 20) }
                #expect(error?.isDamage == true, "\(pages) pages")
                let left = try Data(contentsOf: file)
                #expect(left == cut)
            }
        }
    }

    @Test(arguments: 0..<2) func aDamagedTransactionNumberIsDamage(page: Int) throws {
        try TemporaryEnvironment.withFolder { folder in
            let file = try makeDataFile(in: folder)
            var content = try Data(contentsOf: file)
            content[page * Self.pageSize + Self.transactionNumberOffset] ^= 0x40
            try content.write(to: file)
            let error = #expect(throws: LMDBError.self) { try LMDB.Environment(folder: folder, mapSize: 1 << 20) }
            #expect(error?.isDamage == true)
        }
    }

    @Test func aMovedDataFileReplacesTheOther() throws {
        try TemporaryEnvironment.withFolder { folder in
            let (old, new) = (folder + "/old", folder + "/new")
            for (path, word) in [(old, "old"), (new, "new")] {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                let environment = try LMDB.Environment(folder: path, mapSize: 1 << 20)
                let words = try environment.open("words", order: .bytes)
                try environment.write { try $0.put(words, "word", word) }
            }
            try LMDB.Environment.moveDataFile(from: new, to: old)
            let environment = try LMDB.Environment(folder: old, mapSize: 1 << 20)
            let words = try environment.open("words", order: .bytes, createIfMissing: false)
            let word = try environment.read { try $0.string(words, "word") }
            #expect(word == "new")
            #expect(!FileManager.default.fileExists(atPath: new + "/data.mdb"))
        }
    }
}
