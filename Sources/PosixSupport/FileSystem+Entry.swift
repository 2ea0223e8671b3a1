internal import Glibc

extension FileSystem {
    /// The properties of a file, folder or other entry of a folder, as stat(2) returns them.
    package struct Entry: Equatable, Sendable {
        /// The type of the entry.
        package let kind: Kind
        /// The size in bytes.
        package let size: Int
        /// When the content last changed (mtime), in nanoseconds since 1970.
        package let modified: Int64
        /// When the content, name or permissions last changed (ctime), in nanoseconds since 1970.
        package let changed: Int64
        package let device: UInt64
        package let inode: UInt64

        package var isRegularFile: Bool { kind == .regularFile }

        /// Whether both are the same file with the same content, according to device, inode, size and mtime.
        ///
        /// A rename between the two does not matter.
        package func isSameFile(as other: Entry) -> Bool {
            (device, inode, size, modified) == (other.device, other.inode, other.size, other.modified)
        }

        fileprivate init(_ info: stat) {
            kind = Kind(info.st_mode & S_IFMT)
            size = Int(info.st_size)
            modified = Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec)
            changed = Int64(info.st_ctim.tv_sec) * 1_000_000_000 + Int64(info.st_ctim.tv_nsec)
            device = UInt64(info.st_dev)
            inode = UInt64(info.st_ino)
        }
    }

    /// The types of entries.
    package enum Kind: Sendable {
        case regularFile
        case folder
        case symbolicLink
        case socket
        /// A pipe or a device.
        case other

        fileprivate init(_ type: mode_t) {
            switch type {
            case S_IFREG: self = .regularFile
            case S_IFDIR: self = .folder
            case S_IFLNK: self = .symbolicLink
            case S_IFSOCK: self = .socket
            default: self = .other
            }
        }
    }

    /// The entry at `path`; `nil` if there is none.
    ///
    /// - Parameter followsLinks: if `path` is a symbolic link, whether to return the target of the link instead of the
    ///   link.
    package static func entry(_ path: String, followsLinks: Bool = false) throws(SystemError) -> Entry? {
        var info = stat()
        do {
            try systemCall("stat \(path)") {
                unsafe followsLinks ? stat(path, &info) : lstat(path, &info)
            }
        } catch {
            // Nothing can have a name that is too long.
            if error.isMissing || error.number == ENAMETOOLONG { return nil }
            throw error
        }
        return Entry(info)
    }

    /// What lies in `folder` under a name that need not be UTF-8; `nil` if there is nothing.
    package static func entry(_ name: FileName, in folder: String) throws(SystemError) -> Entry? {
        let path = (Array(folder.utf8) + [UInt8(ascii: "/")] + name.bytes + [0]).map { CChar(bitPattern: $0) }
        var info = stat()
        do {
            try systemCall("look at \(name.escaped)") { unsafe lstat(path, &info) }
        } catch {
            if error.isMissing { return nil }
            throw error
        }
        return Entry(info)
    }

    /// The entry of an open descriptor.
    package static func entry(descriptor: Int32) throws(SystemError) -> Entry {
        var info = stat()
        try systemCall("stat an open file") { unsafe fstat(descriptor, &info) }
        return Entry(info)
    }

    /// Whether anything exists at `path`.
    ///
    /// A symbolic link counts even if its target doesn't exist.
    package static func exists(_ path: String) throws(SystemError) -> Bool {
        try entry(path) != nil
    }
}
