internal import Glibc

extension FileSystem {
    /// Renames what lies at `source`, within one file system and in one step; replaces a file at `target`.
    package static func rename(_ source: String, to target: String) throws(SystemError) {
        try systemCall("move \(source) to \(target)") { unsafe Glibc.rename(source, target) }
    }

    /// Renames like ``rename(_:to:)``, where `source` may be missing.
    ///
    /// - Returns: `false` where nothing lies at `source`.
    @discardableResult
    package static func move(_ source: String, to target: String) throws(SystemError) -> Bool {
        do {
            try rename(source, to: target)
            return true
        } catch {
            if error.number == ENOENT { return false }
            throw error
        }
    }

    /// Renames a file whose name may not be text.
    ///
    /// - Parameters:
    ///   - name: the file's name in `folder`.
    ///   - target: the bytes of the new path.
    /// - Returns: `false` where there is no such file.
    @discardableResult
    package static func move(_ name: FileName, in folder: String, to target: [UInt8]) throws(SystemError) -> Bool {
        func cString(_ bytes: [UInt8]) -> [CChar] { (bytes + [0]).map { CChar(bitPattern: $0) } }
        let source = cString(Array(folder.utf8) + [UInt8(ascii: "/")] + name.bytes)
        let target = cString(target)
        do {
            try systemCall("move \(name.escaped)") { unsafe Glibc.rename(source, target) }
            return true
        } catch {
            if error.number == ENOENT { return false }
            throw error
        }
    }

    /// Deletes a file, if it exists.
    package static func remove(_ path: String) throws(SystemError) {
        do {
            try systemCall("delete \(path)") { unsafe unlink(path) }
        } catch {
            if error.number != ENOENT { throw error }
        }
    }

    /// Writes a file so that `path` has the old content or the new one at any time, never a part.
    ///
    /// It doesn't wait for the disk.
    package static func writeAtomically(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let temporary = hiddenPath(beside: path, suffix: ".tmp")
        let file = try OpenFile(temporary, flags: O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o644)
        do throws(SystemError) {
            try file.write(bytes[...])
            try rename(temporary, to: path)
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
    }

    /// Reads a file that another program has written, whatever else may lie at `path`.
    ///
    /// - Parameter maximumByteCount: the most bytes that it may have.
    /// - Returns: `nil` where there is no regular file of at most so many bytes.
    package static func readRegularFile(
        _ path: String, maximumByteCount: Int = 1 << 20
    ) throws(SystemError) -> [UInt8]? {
        do {
            // A pipe without a writer would block the open.
            let file = try OpenFile(path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            let entry = try entry(descriptor: file.descriptor)
            guard entry.isRegularFile, entry.size <= maximumByteCount else { return nil }
            return try file.readToEnd()
        } catch {
            if error.isMissing || [ELOOP, ENXIO, ENAMETOOLONG].contains(error.number) { return nil }
            throw error
        }
    }
}
