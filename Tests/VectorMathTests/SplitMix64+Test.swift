import Foundation
import VectorMath

extension SplitMix64 {
    /// Random numbers for a test.
    ///
    /// NNND_TEST_SEED sets the seed; otherwise each run of the tests has another one, and prints it. The numbers of the
    /// system's generator would take most of the time of these tests.
    static func forTest() -> SplitMix64 { SplitMix64(seed: seed) }

    private static let seed = {
        let set = ProcessInfo.processInfo.environment["NNND_TEST_SEED"].flatMap(UInt64.init)
        let seed = set ?? UInt64.random(in: 0..<1 << 32)
        FileHandle.standardError.write(Data("tests of VectorMath: seed \(seed)\n".utf8))
        return seed
    }()
}
