import Foundation
import Glibc

/// A connection to a Unix socket.
final class UnixClient: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let connected = unsafe withUnsafePointer(to: address) { pointer in
            unsafe connect(
                descriptor, UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
        guard connected == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EINVAL) }
    }

    deinit {
        close(descriptor)
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// What arrives until it ends with `end`, or until the connection is closed; on a thread that can block.
    func receive(until end: String?) async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [descriptor] in
                var received: [UInt8] = []
                var part = [UInt8](repeating: 0, count: 65_536)
                while end.map({ !String(decoding: received, as: UTF8.self).hasSuffix($0) }) ?? true {
                    let count = unsafe part.withUnsafeMutableBytes {
                        unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
                    }
                    guard count > 0 else { break }
                    received += part.prefix(count)
                }
                continuation.resume(returning: String(decoding: received, as: UTF8.self))
            }
        }
    }
}
