package import Glibc

/// A system call that failed.
package struct SystemError: Error, CustomStringConvertible {
    package let number: Int32
    /// What was tried, on what.
    package let action: String

    /// Whether the fault may be that of a single file, so that others need not wait for it.
    ///
    /// A full disk or too many open files are everybody's.
    package var isOfOneFile: Bool {
        ![ENOSPC, EDQUOT, EIO, EROFS, EMFILE, ENFILE, ENOMEM].contains(number)
    }

    package var description: String { "\(action): \(unsafe String(cString: strerror(number)))" }

    package init(_ action: String, number: Int32 = errno) {
        self.number = number
        self.action = action
    }
}

/// The few file operations of the spool, none of which follows a symbolic link at the end of a path.
package enum FileSystem {
    /// What lies at a path.
    package struct Entry: Equatable, Sendable {
        package let isRegularFile: Bool
        package let size: Int
        /// When its content changed, and when it or its name did: nanoseconds since 1970.
        package let modified: Int64
        package let changed: Int64
        package let device: UInt64
        package let inode: UInt64
    }

    /// The folder that `path` lies in; `nil` at the top.
    ///
    /// Names are bytes to the system: a combining character after a slash must not hide it.
    package static func parent(of path: String) -> String? {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex else { return nil }
        return String(path[..<slash])
    }

    /// The last part of `path`.
    package static func name(of path: String) -> String {
        let folder = parent(of: path).map { $0.utf8.count + 1 } ?? 0
        return String(Substring(path.utf8.dropFirst(folder)))
    }

    /// What lies at `path` itself; `nil` where there is nothing.
    package static func entry(_ path: String) throws(SystemError) -> Entry? {
        var info = stat()
        guard unsafe lstat(path, &info) == 0 else {
            if [ENOENT, ENOTDIR, ENAMETOOLONG].contains(errno) { return nil }
            throw SystemError("look at \(path)")
        }
        return Entry(info)
    }

    /// What lies behind an open descriptor.
    package static func entry(descriptor: Int32) throws(SystemError) -> Entry {
        var info = stat()
        guard unsafe fstat(descriptor, &info) == 0 else { throw SystemError("look at an open file") }
        return Entry(info)
    }

    /// Calls `body` with each name in a folder, in no order.
    package static func forEachName(in folder: String, _ body: (FileName) throws -> Void) throws {
        guard let directory = unsafe opendir(folder) else { throw SystemError("read folder \(folder)") }
        defer { unsafe closedir(directory) }
        while true {
            errno = 0
            guard let next = unsafe readdir(directory) else { break }
            let name = unsafe withUnsafePointer(to: &next.pointee.d_name) { tuple in
                unsafe FileName(UnsafeRawPointer(tuple).assumingMemoryBound(to: CChar.self))
            }
            if name.text != ".", name.text != ".." { try body(name) }
        }
        if errno != 0 { throw SystemError("read folder \(folder)") }
    }

    /// Makes a folder with exactly these permissions, and the folders above it; leaves an existing one alone.
    ///
    /// It gets its name last: a crash in between must not leave one that the mask has made narrower. A set-group-ID bit
    /// that it gets from the folder above stays: what lies in a spool is then its group's.
    package static func makeFolder(_ path: String, mode: mode_t) throws(SystemError) {
        if let existing = unsafe opendir(path) {
            unsafe closedir(existing)
            return
        }
        guard errno == ENOENT else { throw SystemError("open folder \(path)") }
        if let parent = parent(of: path) { try makeFolder(parent, mode: 0o755) }
        let unnamed = "\(parent(of: path) ?? "")/.\(name(of: path)).new"
        guard unsafe mkdir(unnamed, mode) == 0 || errno == EEXIST else { throw SystemError("make folder \(path)") }
        var info = stat()
        guard unsafe stat(unnamed, &info) == 0 else { throw SystemError("look at \(path)") }
        // Where the mask left nothing out there is nothing to do; systemd's RestrictSUIDSGID= would forbid it.
        if info.st_mode & 0o777 != mode {
            guard unsafe chmod(unnamed, mode | info.st_mode & S_ISGID) == 0 else {
                throw SystemError("set the permissions of \(path)")
            }
        }
        guard unsafe rename(unnamed, path) == 0 else { throw SystemError("make folder \(path)") }
    }

    /// Moves what lies at `from`, replacing a file at `to`.
    ///
    /// - Returns: `false` where there is nothing at `from`.
    @discardableResult
    package static func move(_ from: String, to: String) throws(SystemError) -> Bool {
        guard unsafe rename(from, to) == 0 else {
            if errno == ENOENT { return false }
            throw SystemError("move \(from) to \(to)")
        }
        return true
    }

    /// Moves what lies at a path that isn't text.
    @discardableResult
    package static func move(_ name: FileName, in folder: String, to target: [UInt8]) throws(SystemError) -> Bool {
        func cString(_ bytes: [UInt8]) -> [CChar] { (bytes + [0]).map { CChar(bitPattern: $0) } }
        let path = cString(Array(folder.utf8) + [UInt8(ascii: "/")] + name.bytes)
        guard unsafe rename(path, cString(target)) == 0 else {
            if errno == ENOENT { return false }
            throw SystemError("move \(name.escaped)")
        }
        return true
    }

    /// Makes what was moved into and out of a folder outlast a power failure.
    package static func synchronize(folder: String) throws(SystemError) {
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open folder \(folder)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError("sync folder \(folder)") }
    }

    /// Deletes a file, if it is there.
    package static func remove(_ path: String) throws(SystemError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw SystemError("delete \(path)") }
    }

    /// Makes `bytes` appear at `path` all at once.
    package static func writeAtomically(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let folder = parent(of: path) ?? ""
        let temporary = "\(folder)/.\(name(of: path)).tmp"
        let descriptor = unsafe open(
            temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw SystemError("write \(temporary)") }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe write(descriptor, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError("write \(temporary)")
            }
            written += count
        }
        try move(temporary, to: path)
    }
}

extension FileSystem.Entry {
    /// All of it as bytes, by which the entry can be known again later.
    package var stamp: [UInt8] {
        let fields = [
            UInt64(bitPattern: Int64(size)), UInt64(bitPattern: modified), UInt64(bitPattern: changed), device, inode,
        ]
        return fields.flatMap { field in (0..<8).map { UInt8(truncatingIfNeeded: field >> ($0 * 8)) } }
    }

    fileprivate init(_ info: stat) {
        isRegularFile = info.st_mode & S_IFMT == S_IFREG
        size = Int(info.st_size)
        modified = Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec)
        changed = Int64(info.st_ctim.tv_sec) * 1_000_000_000 + Int64(info.st_ctim.tv_nsec)
        device = UInt64(info.st_dev)
        inode = UInt64(info.st_ino)
    }
}

extension FileSystem.Entry {
    /// Whether both are the same file with the same content: a rename changes nothing of that.
    package func isSameFile(as other: FileSystem.Entry) -> Bool {
        (device, inode, size, modified) == (other.device, other.inode, other.size, other.modified)
    }
}
