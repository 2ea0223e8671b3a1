internal import Glibc
internal import IncrementalBias
package import PosixSupport
package import ShardFormats
package import SpoolProtocol

/// Waits for events in the incoming folders with inotify(7).
///
/// Another thread can end the wait, through a pipe.
///
/// An event only says *that* something happened. A ``SpoolScan`` finds out what. Only the names of files that were
/// renamed into a folder are returned, because these files are complete.
@safe package final class SpoolWatch: @unchecked Sendable {
    // Sendable: the descriptors never change, and only one thread calls `wait`.
    private let inotify: Int32
    private let wakeup: (read: Int32, write: Int32)
    private let roles: [Int32: VectorRole]

    /// The events during a wait.
    package struct Events {
        /// The names of the files that were renamed into an incoming folder.
        package var renamed: [VectorRole: Set<String>] = [:]
        /// Whether there was any event, so that a scan is needed.
        package var changed = false
        /// Whether a watched folder was deleted or moved.
        package var folderLost = false
    }

    /// Begins to watch the incoming folders, which must exist.
    package init(_ folders: SpoolFolders) throws(SystemError) {
        let inotify = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard inotify >= 0 else { throw SystemError("watch the spool") }
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            let number = errno
            close(inotify)
            throw SystemError("watch the spool", number: number)
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        self.inotify = inotify
        wakeup = (ends[0], ends[1])
        var roles: [Int32: VectorRole] = [:]
        for role in VectorRole.allCases {
            let mask = IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR
            let watch = unsafe inotify_add_watch(inotify, folders.incoming(role), UInt32(mask))
            guard watch >= 0 else {
                let number = errno
                for descriptor in [inotify, ends[0], ends[1]] { close(descriptor) }
                throw SystemError("watch \(folders.incoming(role))", number: number)
            }
            roles[watch] = role
        }
        self.roles = roles
    }

    deinit {
        for descriptor in [inotify, wakeup.read, wakeup.write] { close(descriptor) }
    }

    /// Ends the current wait of another thread or, if there is none, the next one.
    package func wake() {
        var byte: UInt8 = 1
        _ = unsafe write(wakeup.write, &byte, 1)
    }

    /// Waits for an event or a call of ``wake()``, at most `seconds`.
    package func wait(seconds: Double) -> Events {
        var descriptors = [
            pollfd(fd: inotify, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeup.read, events: Int16(POLLIN), revents: 0),
        ]
        _ = unsafe poll(&descriptors, 2, Int32(min(max(seconds, 0) * 1000, 1e9).rounded(.up)))
        var bytes = [UInt8](repeating: 0, count: 64)
        while unsafe read(wakeup.read, &bytes, bytes.count) > 0 {}
        return drain()
    }

    /// Reads all events that are queued, without waiting.
    private func drain() -> Events {
        var events = Events()
        unsafe withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 8) { buffer in
            while true {
                let count = unsafe read(inotify, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                var offset = 0
                while offset + MemoryLayout<inotify_event>.size <= count {
                    let event = unsafe buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    let nameStart = offset + MemoryLayout<inotify_event>.size
                    let name = unsafe String(
                        decoding: buffer[nameStart..<nameStart + Int(event.len)].prefix { $0 != 0 }, as: UTF8.self)
                    events.add(event, name: name, role: roles[event.wd])
                    offset = nameStart + Int(event.len)
                }
            }
        }
        return events
    }
}

extension SpoolWatch.Events {
    fileprivate mutating func add(_ event: inotify_event, name: String, role: VectorRole?) {
        changed = true
        if event.mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED) != 0 { folderLost = true }
        if event.mask & UInt32(IN_MOVED_TO) != 0, let role { renamed[role, default: []].insert(name) }
    }
}
