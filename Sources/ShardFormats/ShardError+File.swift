/// Errors about a file as a whole.
extension ShardError {
    /// The file can't be opened or read; `reason` is the system's message.
    package static func unreadable(reason: String) -> ShardError {
        ShardError(
            code: .unreadable, message: "The file can't be read: \(reason).",
            advice: "Make it readable for the daemon's user and drop it again.")
    }

    /// The file is not a regular file; `kind` says what it is, for example "a symbolic link".
    package static func notRegularFile(kind: String) -> ShardError {
        ShardError(
            code: .notRegularFile, message: "This is \(kind), not a regular file.",
            advice: "Rename a regular file into the spool.")
    }

    /// The data has `byteCount` bytes, and at most `limit` are allowed.
    package static func tooLarge(byteCount: Int, limit: Int) -> ShardError {
        ShardError(
            code: .tooLarge, message: "The data have \(byteCount) bytes, and at most \(limit) are allowed.",
            advice: "Split the shard into smaller ones, or raise the limit (largest-shard).")
    }

    /// The file has `byteCount` bytes, must be read into memory as a whole, and at most `limit` bytes are allowed then.
    package static func tooLargeForMemory(byteCount: Int, limit: Int) -> ShardError {
        ShardError(
            code: .tooLarge,
            message: "The file has \(byteCount) bytes, and at most \(limit) are allowed if it is read as a whole.",
            advice: "Split the shard into smaller ones, or set largest-shard to a size that fits into the memory. Only "
                + ".npy files of new images in C order are read in pieces.")
    }

    static func tooManyRows(_ rows: Int, limit: Int) -> ShardError {
        ShardError(
            code: .tooLarge, message: "The array has \(rows) rows, and at most \(limit) are allowed.",
            advice: "Split the shard into smaller ones, or raise the limit for the size of a shard (largest-shard).")
    }

    static func unknownExtension(_ fileName: String) -> ShardError {
        ShardError(
            code: .notAShard,
            message: "The name \(Excerpt.quote(fileName)) does not end in .npy, .npz, .safetensors or .delete.",
            advice: "Save vectors in one of these formats, or name a list of ids to delete NAME.delete.")
    }

    static func wrongStart(of format: String) -> ShardError {
        ShardError(
            code: .notAShard, message: "The first bytes are not those of \(format).",
            advice: "Give the file the extension of its format, or save it again.")
    }

    static func unsupportedVersion(_ major: UInt8, _ minor: UInt8) -> ShardError {
        ShardError(
            code: .unsupportedVersion, message: "Version \(major).\(minor) of the .npy format is unknown.",
            advice: "Save it with numpy.save, which writes version 1.0, 2.0 or 3.0.")
    }

    static func badHeader(_ reason: String) -> ShardError {
        ShardError(
            code: .badHeader, message: "The header is damaged: \(reason).",
            advice: "Save the file again, for example with numpy.save or safetensors.numpy.save_file.")
    }

    /// The header of a file of this format, for example "an .npy file", has more bytes than are allowed.
    static func tooLongHeader(_ byteCount: UInt64, of format: String, limit: Int) -> ShardError {
        ShardError(
            code: .badHeader,
            message: "The header has \(byteCount) bytes, and the header of \(format) can have at most \(limit).",
            advice: "Keep metadata in another file, and save only the vectors and their ids.")
    }

    static func truncatedHeader(of format: String) -> ShardError {
        ShardError(
            code: .truncated, message: "The file ends within the header of \(format).",
            advice: "Write the whole file under another name first, then rename it into the spool.")
    }

    static func truncated(byteCount: Int, expected: Int) -> ShardError {
        ShardError(
            code: .truncated, message: "The file has \(byteCount) bytes, and its header says \(expected).",
            advice: "Write the whole file under another name first, then rename it into the spool.")
    }

    static func trailingBytes(byteCount: Int, expected: Int) -> ShardError {
        ShardError(
            code: .trailingBytes, message: "The file has \(byteCount) bytes, and its header says \(expected).",
            advice: "Write one array to each file, and nothing after it.")
    }

    static func badArchive(_ reason: String) -> ShardError {
        ShardError(
            code: .badArchive, message: "The zip archive is damaged: \(reason).",
            advice: "Save it again with numpy.savez or numpy.savez_compressed.")
    }

    static func unsupportedCompression(_ reason: String) -> ShardError {
        ShardError(
            code: .unsupportedCompression, message: "A member of the archive \(reason).",
            advice: "Save it with numpy.savez (stored) or numpy.savez_compressed (deflated).")
    }
}
