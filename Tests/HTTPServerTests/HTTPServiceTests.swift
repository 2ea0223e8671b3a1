import Foundation
import HTTPServer
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import PosixSupport
import ServiceLifecycle
import Testing

/// The server on a Unix socket, from the first connection to a graceful shutdown.
@Suite struct HTTPServiceTests {
    private static let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    private let path = FileManager.default.temporaryDirectory.appending(path: "nnnd-\(UUID())").path

    private let requests = AsyncStream<Void>.makeStream()

    /// Runs a server that answers each whole request with the body `hello`, and `body` while it runs.
    private func withServer(
        maximumConnections: Int = 8, _ body: @escaping @Sendable (ServiceGroup) async throws -> Void
    ) async throws {
        let (isReady, ready) = AsyncStream<Void>.makeStream()
        let service = HTTPService(
            socket: try ListeningSocket(path: path, mode: 0o600),
            responder: CallbackResponder<APIContext> { [requests] request, _ in
                requests.continuation.yield()
                for try await _ in request.body {}
                return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "hello")))
            }, maximumConnections: maximumConnections,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), timeout: { 3600 },
            ready: { ready.yield() })
        let group = ServiceGroup(
            services: [service], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var signals = isReady.makeAsyncIterator()
            _ = await signals.next()
            try await body(group)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aConnectionServesManyRequests() async throws {
        try await withServer { [path] _ in
            let client = try UnixClient(path)
            for _ in 0..<3 {
                client.send(Self.request)
                let response = await client.receive(until: "hello")
                #expect(response.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(!response.lowercased().contains("connection: close"))
            }
        }
    }

    @Test func aShutdownEndsAConnectionWithItsNextResponse() async throws {
        try await withServer { [path, requests] group in
            let (busy, idle) = (try UnixClient(path), try UnixClient(path))
            var begun = requests.stream.makeAsyncIterator()
            idle.send(Self.request)
            _ = await idle.receive(until: "hello")
            _ = await begun.next()
            busy.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n")
            _ = await begun.next()
            await group.triggerGracefulShutdown()
            #expect(await idle.receive(until: nil) == "")
            busy.send("x")
            let response = await busy.receive(until: nil)
            #expect(response.lowercased().contains("connection: close") && response.hasSuffix("hello"))
        }
    }

    @Test func atTheLimitAnIdleConnectionMakesWay() async throws {
        try await withServer(maximumConnections: 2) { [path] _ in
            let first = try UnixClient(path)
            first.send(Self.request)
            _ = await first.receive(until: "hello")
            let second = try UnixClient(path)
            second.send(Self.request)
            #expect(await first.receive(until: nil) == "")
            #expect(await second.receive(until: "hello").hasSuffix("hello"))
        }
    }
}
