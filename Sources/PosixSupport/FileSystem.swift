/// Operations on files and folders by path.
///
/// None of them follows a symbolic link at the end of a path unless its documentation says so. Paths are bytes to the
/// system: text in UTF-8 here, split at each slash whatever character follows it.
package enum FileSystem {
    /// The most bytes that the name of a file can have on Linux.
    package static let maximumNameByteCount = 255

    /// The folder that `path` lies in; `nil` at the top, and for a name without a folder.
    package static func parent(of path: String) -> String? {
        // By bytes: a combining character after a slash would hide the slash among characters.
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex else { return nil }
        return String(path[..<slash])
    }

    /// The last part of `path`.
    package static func name(of path: String) -> String {
        let start = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8.index(after: $0) }
        return String(Substring(path.utf8[(start ?? path.startIndex)...]))
    }

    /// The path of a hidden file beside `path`: `.NAME` and `suffix`, where a long name is cut to fit.
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
