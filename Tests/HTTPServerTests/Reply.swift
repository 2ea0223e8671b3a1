import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import WireAPI

/// A response with its whole body.
struct Reply: Sendable {
    let status: Int
    let headers: HTTPFields
    let body: [UInt8]

    init(_ response: Response) async throws {
        let collected = Collected()
        try await response.body.write(Writer(collected: collected))
        status = response.status.code
        headers = response.headers
        body = collected.bytes
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    func json<Document: Decodable>(_ type: Document.Type) throws -> Document {
        try WireJSON.decode(type, from: Data(body))
    }

    /// The code of the problem document.
    var code: String? { try? json(Problem.self).code }
    /// The text of the problem document.
    var detail: String { (try? json(Problem.self).detail) ?? "" }

    private final class Collected: Sendable {
        private let parts = Mutex<[UInt8]>([])

        var bytes: [UInt8] { parts.withLock { $0 } }
        func add(_ buffer: ByteBuffer) { parts.withLock { $0 += Array(buffer: buffer) } }
    }

    private struct Writer: ResponseBodyWriter {
        let collected: Collected

        mutating func write(_ buffer: ByteBuffer) async throws { collected.add(buffer) }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
