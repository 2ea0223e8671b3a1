import Foundation
import Testing

/// Random sequences of changes, after each of which the corpus must equal an oracle that recomputes everything.
///
/// The changes are shards that add, replace and delete, retirements, stagings, and restarts with another k. Biases and
/// search results are compared.
@Suite struct InterleavingTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let firstSeed = environment["NNND_TEST_SEED"].flatMap(UInt64.init)
    private static let steps = environment["NNND_TEST_STEPS"].flatMap(Int.init) ?? 130

    @Test(arguments: InterleavingRun.all(firstSeed: firstSeed ?? UInt64.random(in: 0..<1 << 32)))
    func everyStepEqualsTheOracle(_ run: InterleavingRun) throws {
        report("\(run) begins")
        var driver = try InterleavingDriver(run)
        for step in 0..<Self.steps {
            try driver.step()
            try driver.check("\(run), step \(step)")
        }
        try driver.checkConsumers("\(run), at the end")
        // `most` has labels: the largest numbers of rows, images, references, pending entries and runs.
        report("\(run): \(Self.steps) steps, at most \(driver.most)")
    }

    /// Writes a line to standard error without a buffer, so that the seed is visible after a crash.
    private func report(_ line: String) {
        FileHandle.standardError.write(Data("interleaving: \(line)\n".utf8))
    }
}
