import Foundation
import Testing

/// Random shards of both kinds, new and replacing ids, deletions, references that retire, restarts with another k: after
/// each step every bias and every search must be what the oracle computes from scratch.
@Suite struct InterleavingTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let firstSeed = environment["NNND_TEST_SEED"].flatMap(UInt64.init)
    private static let steps = environment["NNND_TEST_STEPS"].flatMap(Int.init) ?? 130

    @Test(arguments: InterleavingRun.all(firstSeed: firstSeed ?? UInt64.random(in: 0..<1 << 32)))
    func everyStepEqualsTheOracle(_ run: InterleavingRun) throws {
        tell("\(run) begins")
        var driver = try InterleavingDriver(run)
        for step in 0..<Self.steps {
            try driver.step()
            try driver.check("\(run), step \(step)")
        }
        tell("\(run): \(Self.steps) steps, at most \(driver.most)")
    }

    /// Writes at once, where `print` would keep the line: a crash must not take the seed with it.
    private func tell(_ line: String) {
        FileHandle.standardError.write(Data("interleaving: \(line)\n".utf8))
    }
}
