internal import Glibc

extension FileSystem {
    /// Renames the file or folder at `source` to `target`, in one step (rename(2)).
    ///
    /// Replaces a file at `target`.
    ///
    /// Both paths must be on the same file system.
    package static func rename(_ source: String, to target: String) throws(SystemError) {
        try systemCall("move \(source) to \(target)") { unsafe Glibc.rename(source, target) }
    }

    /// Does the same as ``rename(_:to:)``, but a missing `source` is no error.
    ///
    /// - Returns: `false` if there is nothing at `source`, or if the folder of `target` is missing.
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

    /// Renames a file whose name need not be UTF-8.
    ///
    /// - Parameters:
    ///   - name: the name of the file in `folder`.
    ///   - target: the new path, as bytes.
    /// - Returns: `false` if there is no such file, or if the folder of `target` is missing.
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

    /// Deletes a file.
    ///
    /// A missing file is no error.
    package static func remove(_ path: String) throws(SystemError) {
        do {
            try systemCall("delete \(path)") { unsafe unlink(path) }
        } catch {
            if error.number != ENOENT { throw error }
        }
    }

    /// Writes a temporary file and renames it to `path`, so that `path` has either the old content or all of the new.
    ///
    /// The content isn't synced to the disk.
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

    /// Reads a file that another program has written.
    ///
    /// Safe for any kind of entry at `path`.
    ///
    /// - Parameter maximumByteCount: the maximum size of the file.
    /// - Returns: `nil` if nothing exists at `path`, it isn't a regular file, or it is larger than `maximumByteCount`.
    package static func readRegularFile(
        _ path: String, maximumByteCount: Int = 1 << 20
    ) throws(SystemError) -> [UInt8]? {
        do {
            // Without O_NONBLOCK, opening a named pipe would wait for a writer.
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
