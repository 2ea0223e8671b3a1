/// Operations on files and folders by path.
///
/// An operation follows a symbolic link at the end of a path only if its documentation says so. Paths are UTF-8. They
/// are split at each slash byte.
package enum FileSystem {
    /// The maximum length of a file name on Linux, in bytes.
    package static let maximumNameByteCount = 255

    /// The part of `path` before the last slash; `nil` if there is no slash, or if it is the first character.
    package static func parent(of path: String) -> String? {
        // The search compares bytes, because a slash and a combining character after it are one Character.
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex else { return nil }
        return String(path[..<slash])
    }

    /// The part of `path` after the last slash.
    package static func name(of path: String) -> String {
        let start = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8.index(after: $0) }
        return String(Substring(path.utf8[(start ?? path.startIndex)...]))
    }

    /// The path of a hidden file in the same folder as `path`: `.NAME` and `suffix`.
    ///
    /// NAME is cut if it is too long.
    ///
    /// - Parameter suffix: a few bytes of ASCII.
    package static func hiddenPath(beside path: String, suffix: String) -> String {
        let name = name(of: path)
        let folder = String(Substring(path.utf8.dropLast(name.utf8.count)))
        var start = name.unicodeScalars[...]
        while String(start).utf8.count > maximumNameByteCount - suffix.utf8.count - 1 { start.removeLast() }
        return "\(folder).\(String(start))\(suffix)"
    }
}
