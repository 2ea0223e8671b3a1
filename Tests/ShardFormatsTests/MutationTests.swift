import ShardFormats
import Testing

@Suite struct MutationTests {
    @Test("Damaged files are read or rejected without a crash")
    func mutated() throws {
        var generator = SeededGenerator()
        print("Seed of the mutations: \(generator.seed)")
        let fixtures = try Fixture.allPaths().map { (path: $0, bytes: try Fixture.bytes($0)) }
        var accepted = 0
        var rejected: [ShardError.Code: Int] = [:]
        for _ in 0..<200 {
            for (path, bytes) in fixtures {
                var damaged = bytes
                for _ in 0..<Int.random(in: 1...4, using: &generator) { Self.damage(&damaged, using: &generator) }
                let format = try #require(ShardFormat(fileName: path))
                _ = ShardReader.completeness(format, size: damaged.count) { range in Array(damaged[range]) }
                do throws(ShardError) {
                    let shard = try ShardReader.read(
                        fileName: path, bytes: damaged, ids: nil, maximumBytes: 1 << 20)
                    #expect(shard.matrix.nonFiniteRows().isEmpty, "seed \(generator.seed), \(path)")
                    #expect(shard.ids.count == shard.matrix.rows, "seed \(generator.seed), \(path)")
                    accepted += 1
                } catch {
                    rejected[error.code, default: 0] += 1
                }
            }
        }
        #expect(accepted > 0)
        #expect(rejected.count > 10)
    }

    @Test("Damaged arrays in archives with correct checksums are read or rejected without a crash")
    func mutatedMembers() throws {
        var generator = SeededGenerator()
        print("Seed of the mutations in archives: \(generator.seed)")
        let text = Array("abcdef".utf8).flatMap { Bytes.little(UInt32($0)) }
        let ids = [
            Bytes.npy(descr: "'<U3'", shape: "(2,)", data: text),
            Bytes.npy(descr: "'|S3'", shape: "(2,)", data: Array("abcdef".utf8)),
            Bytes.npy(descr: "'>i8'", shape: "(2,)", data: Array(0..<16)),
        ]
        let vectors = Bytes.npy(descr: "'<f4'", order: "True", shape: "(2, 3)", data: Bytes.floats([1, 2, 3, 4, 5, 6]))
        var accepted = 0
        for round in 0..<6_000 {
            var members = [
                ZipBuilder.Member(name: "embeddings.npy", data: vectors),
                ZipBuilder.Member(name: "ids.npy", data: ids[round % ids.count]),
            ]
            Self.damage(&members[round % 5 == 0 ? 0 : 1].data, using: &generator)
            let bytes = ZipBuilder(members: members).build()
            do throws(ShardError) {
                let shard = try ShardReader.read(fileName: "a.npz", bytes: bytes, ids: nil, maximumBytes: 1 << 16)
                #expect(shard.ids.count == shard.matrix.rows, "seed \(generator.seed)")
                accepted += 1
            } catch {
                continue
            }
        }
        #expect(accepted > 0)
    }

    /// Changes, removes, repeats or swaps a part of `bytes`.
    private static func damage(_ bytes: inout [UInt8], using generator: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: bytes.indices, using: &generator)
        let length = min(bytes.count - place, Int.random(in: 1...16, using: &generator))
        switch Int.random(in: 0..<9, using: &generator) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
        case 2: bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &generator) ?? 0
        case 3: for index in place..<place + length { bytes[index] = 0xff }
        case 4: bytes.removeLast(length)
        case 5: bytes.removeSubrange(place..<place + length)
        case 6: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
        case 7: bytes[place] = Array("0123456789(){}[]',:-\"\\eEL".utf8).randomElement(using: &generator) ?? 0
        default:
            let other = Int.random(in: bytes.indices, using: &generator)
            bytes.swapAt(place, other)
        }
    }
}
