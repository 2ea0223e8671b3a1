import Dispatch
import Foundation
import Glibc
import PosixSupport
import Synchronization

/// A server on a Unix socket that reads requests and answers each connection with given bytes.
final class UnixServer: Sendable {
    /// The answer to a connection.
    enum Answer: Sendable {
        /// These bytes, once the request has come.
        case bytes([UInt8])
        /// These bytes without reading the request.
        case early([UInt8])
    }

    let path: String
    private let folder: TemporaryFolder
    private let socket: ListeningSocket
    private let received = Mutex<[String]>([])

    /// A server that gives the answers to connections in order, and the last answer to all further ones.
    init(_ answers: [Answer]) throws {
        folder = try TemporaryFolder()
        path = "\(folder.path)/s"
        socket = try ListeningSocket(path: path, mode: 0o600)
        Thread.detachNewThread { [self] in serve(answers) }
    }

    /// A server that answers every request with a document.
    convenience init(status: Int = 200, _ document: String) throws {
        try self.init([.bytes(Self.response(status, document))])
    }

    /// The requests that were received.
    var requests: [String] { received.withLock { $0 } }

    /// Ends the server; until then its thread keeps a reference to it.
    func stop() {
        shutdown(socket.descriptor, Int32(SHUT_RDWR))
    }

    static func response(_ status: Int, _ document: String) -> [UInt8] {
        Array("HTTP/1.1 \(status) Phrase\r\nContent-Length: \(document.utf8.count)\r\n\r\n\(document)".utf8)
    }

    private func serve(_ answers: [Answer]) {
        var left = answers[...]
        while true {
            let connection = accept(socket.descriptor, nil, nil)
            guard connection >= 0, let answer = left.first else { break }
            if left.count > 1 { left.removeFirst() }
            switch answer {
            case .bytes(let bytes):
                readRequest(connection)
                try? DescriptorIO.write(bytes[...], to: connection, name: "the connection")
            case .early(let bytes):
                try? DescriptorIO.write(bytes[...], to: connection, name: "the connection")
            }
            close(connection)
        }
        close(socket.descriptor)
    }

    /// Reads the head, and as much of a body as it announces.
    private func readRequest(_ connection: Int32) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let length = text[..<end.lowerBound].split(separator: "\r\n")
                    .first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.split(separator: " ")[1]) }
                if text[end.upperBound...].utf8.count >= length ?? 0 { break }
            }
            guard let count = try? DescriptorIO.read(connection, into: &buffer, name: "the connection"), count > 0
            else {
                break
            }
            bytes += buffer[..<count]
        }
        let text = String(decoding: bytes, as: UTF8.self)
        received.withLock { $0.append(text) }
    }
}
