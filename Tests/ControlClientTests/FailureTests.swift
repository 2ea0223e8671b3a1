import ControlClient
import Glibc
import PosixSupport
import ShardFormats
import Testing
import WireAPI

@Suite struct FailureTests {
    private struct Unknown: Error {}

    @Test(
        arguments: [
            (429, .tryAgain), (503, .tryAgain), (401, .noPermission), (403, .noPermission), (400, .dataRejected),
            (404, .dataRejected), (413, .dataRejected), (500, .internalFault), (502, .internalFault),
        ] as [(Int, ControlClient.ExitStatus)]) func aProblemOfTheDaemon(code: Int, status: ControlClient.ExitStatus)
    {
        let failure = Failure(Problem(title: "T", status: code, detail: "The reason.", code: "a_code") as any Error)
        #expect(failure == Failure(status, "The reason. (a_code)"))
    }

    @Test(
        arguments: [
            (ENOENT, .noInput), (EACCES, .noPermission), (EPERM, .noPermission), (EROFS, .noPermission),
            (ENOSPC, .inputOutput), (EIO, .inputOutput),
        ] as [(Int32, ControlClient.ExitStatus)]) func anErrorOfTheSystem(
            number: Int32, status: ControlClient.ExitStatus
        )
    {
        let error = SystemError("open a", number: number)
        #expect(Failure(error as any Error) == Failure(status, error.description))
    }

    @Test func otherErrors() {
        #expect(Failure(Failure(.usage, "a") as any Error) == Failure(.usage, "a"))
        #expect(Failure(BrokenPipe() as any Error) == Failure(.brokenPipe, nil))
        #expect(Failure(CancellationError() as any Error) == Failure(.interrupted, "interrupted"))
        #expect(Failure(Unknown() as any Error).status == .internalFault)
        let shard = Failure(ShardError.zeroVector(rows: [1]) as any Error)
        #expect(shard.status == .dataRejected && shard.message?.contains("Row 1") == true)
    }

    @Test func theHelpListsEveryExitStatus() {
        let lines = ControlClient.ExitStatus.help.split(separator: "\n")
        #expect(lines.first == "EXIT STATUS:" && lines.count == ControlClient.ExitStatus.allCases.count + 1)
        #expect(lines.contains("   65  data was rejected: a shard, a list of ids, queries, an unknown id"))
        for status in ControlClient.ExitStatus.allCases {
            #expect(lines.contains { $0.split(separator: " ").first == "\(status.rawValue)" })
        }
    }

    @Test(arguments: [
        ("plain-1_2.~", "plain-1_2.~"), ("a b/c?d#e%f", "a%20b%2Fc%3Fd%23e%25f"), ("ü日", "%C3%BC%E6%97%A5"),
        ("\n", "%0A"),
    ]) func percentEncoding(text: String, encoded: String) {
        #expect(text.percentEncoded == encoded)
    }
}

@Suite(.serialized) struct CancellationTests {
    @Test(arguments: [SIGINT, SIGTERM]) func aSignalCancelsTheTask(number: Int32) async {
        await #expect(throws: CancellationError.self) {
            try await cancelledBySignals {
                // Ignored from here on, but for the cancellation.
                kill(getpid(), number)
                let (stream, continuation) = AsyncStream<Void>.makeStream()
                for await _ in stream {}
                continuation.finish()
                try Task.checkCancellation()
            }
        }
    }

    @Test func withoutASignalTheResultIsReturned() async throws {
        let result = try await cancelledBySignals { 7 }
        #expect(result == 7)
    }
}
