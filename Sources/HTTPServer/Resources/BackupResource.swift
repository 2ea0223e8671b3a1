internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import PosixSupport

/// `GET /v1/backup`: a copy of the store, made while the client takes it.
///
/// Only one copy runs at a time, because a running copy prevents LMDB from reusing free pages. The length of the copy
/// is not known in advance, so it is sent in chunks. After an error the connection ends without the last chunk, which
/// tells the client that its copy is incomplete.
struct BackupResource: Resource {
    let corpus: Corpus
    let operation = ExclusiveOperation(rejection: .backupRunning)

    let method = HTTPRequest.Method.get
    let path = "/v1/backup"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try request.checkParameters()
        let permit = try operation.begin()
        return Response(
            status: .ok, headers: [.contentType: "application/octet-stream"],
            body: ResponseBody { [logger = context.logger] writer in
                do {
                    let bytes = try await copy(to: &writer)
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
    /// - Returns: the number of bytes of the copy.
    private func copy(to writer: inout any ResponseBodyWriter) async throws -> Int {
        let pipe = try Pipe()
        let reader = try await Self.reader(of: pipe)
        async let copied: Void = withCheckedThrowingContinuation { continuation in
            NamedThread.start("backup") {
                let result = Result { try corpus.writeCopy(to: pipe.writeEnd) }
                pipe.closeWriteEnd()
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
        // The pipe ends in any case; only this tells whether the copy is complete.
        try await copied
        try await writer.finish(nil)
        return bytes
    }

    /// The reading end of a pipe as a channel; if the channel can't be created, both ends are closed.
    private static func reader(of pipe: Pipe) async throws -> NIOAsyncChannel<ByteBuffer, Never> {
        do {
            return try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .takingOwnershipOfDescriptor(input: pipe.readEnd) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, Never>(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            pipe.closeReadEnd()
            pipe.closeWriteEnd()
            throw error
        }
    }
}
