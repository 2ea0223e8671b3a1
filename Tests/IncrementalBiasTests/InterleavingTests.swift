import Foundation
import Testing

/// Random shards, replacements, deletions, retirements, stagings and restarts with another k; after each step every bias and
/// every search must equal the result of an oracle that computes everything anew.
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

    /// Writes without a buffer, so that the seed is visible after a crash.
    private func tell(_ line: String) {
        FileHandle.standardError.write(Data("interleaving: \(line)\n".utf8))
    }
}
