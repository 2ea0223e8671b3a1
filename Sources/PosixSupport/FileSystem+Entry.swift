internal import Glibc

extension FileSystem {
    /// The properties of a file or folder that the system keeps beside its content.
    package struct Entry: Equatable, Sendable {
        package let kind: Kind
        /// The size in bytes.
        package let size: Int
        /// The time when its content changed last, in nanoseconds since 1970.
        package let modified: Int64
        /// The time when its content, name or permissions changed last, in nanoseconds since 1970.
        package let changed: Int64
        package let device: UInt64
        package let inode: UInt64

        package var isRegularFile: Bool { kind == .regularFile }

        /// All properties but the kind as 40 bytes, by which the same entry can be recognised later.
        package var stamp: [UInt8] {
            let fields = [
                UInt64(bitPattern: Int64(size)), UInt64(bitPattern: modified), UInt64(bitPattern: changed), device,
                inode,
            ]
            return fields.flatMap { field in (0..<8).map { UInt8(truncatingIfNeeded: field >> ($0 * 8)) } }
        }

        /// Whether both are the same file with the same content; a rename changes neither.
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

    /// The types of files.
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

    /// The entry at `path`; `nil` where there is none.
    ///
    /// - Parameter followsLinks: whether the entry that a symbolic link leads to is meant.
    package static func entry(_ path: String, followsLinks: Bool = false) throws(SystemError) -> Entry? {
        var info = stat()
        do {
            try systemCall("look at \(path)") {
                unsafe followsLinks ? stat(path, &info) : lstat(path, &info)
            }
        } catch {
            if error.isMissing || error.number == ENAMETOOLONG { return nil }
            throw error
        }
        return Entry(info)
    }

    /// The entry of an open descriptor.
    package static func entry(descriptor: Int32) throws(SystemError) -> Entry {
        var info = stat()
        try systemCall("look at an open file") { unsafe fstat(descriptor, &info) }
        return Entry(info)
    }

    /// Whether anything exists at `path`, a symbolic link that leads nowhere included.
    package static func exists(_ path: String) throws(SystemError) -> Bool {
        try entry(path) != nil
    }
}
