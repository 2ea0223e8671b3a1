package import Hummingbird
package import IncrementalBias
package import Logging
internal import NIOCore
internal import NIOPosix
internal import PosixSupport
package import WireAPI

/// Copies of the store for clients, one at a time: each keeps room in the data file from being used again.
package final class Backups: Sendable {
    private let corpus: Corpus
    private let operation = ExclusiveOperation(rejection: .backupRunning)

    package init(_ corpus: Corpus) {
        self.corpus = corpus
    }

    /// A copy, made while the client takes it.
    ///
    /// Its length is not known before, so it comes in chunks. Whatever goes wrong on the way, the connection ends without
    /// the last one, and the client knows that it has only a part.
    ///
    /// - Throws: ``Problem`` while another copy is under way.
    package func response(logger: Logger) throws(Problem) -> Response {
        let permit = try operation.begin()
        return Response(
            status: .ok, headers: [.contentType: "application/octet-stream"],
            body: ResponseBody { [corpus] writer in
                do {
                    let bytes = try await Self.copy(corpus, to: &writer)
                    logger.info("the store was copied", metadata: ["bytes": "\(bytes)"])
                } catch {
                    logger.warning("a copy of the store was not finished", metadata: ["reason": "\(error)"])
                    throw error
                }
                withExtendedLifetime(permit) {}
            })
    }

    /// Copies through a pipe: LMDB writes to a descriptor, and waits there for the client.
    ///
    /// - Returns: how many bytes the copy has.
    private static func copy(_ corpus: Corpus, to writer: inout any ResponseBodyWriter) async throws -> Int {
        let pipe = try Pipe()
        let reader = try await reader(of: pipe)
        async let copied: Void = withCheckedThrowingContinuation { continuation in
            NamedThread.start("backup") {
                let result = Result { try corpus.writeCopy(to: pipe.output) }
                pipe.closeOutput()
                continuation.resume(with: result)
            }
        }
        var bytes = 0
        try await reader.executeThenClose { inbound in
            for try await part in inbound {
                bytes += part.readableBytes
                try await writer.write(part)
            }
        }
        // The pipe ends in any case; only this tells that it has brought everything.
        try await copied
        try await writer.finish(nil)
        return bytes
    }

    /// The end of a pipe to read, on an event loop; without one the pipe is closed.
    private static func reader(of pipe: Pipe) async throws -> NIOAsyncChannel<ByteBuffer, Never> {
        do {
            return try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .takingOwnershipOfDescriptor(input: pipe.input) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, Never>(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            pipe.closeInput()
            pipe.closeOutput()
            throw error
        }
    }
}
