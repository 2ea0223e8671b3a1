/// The file formats of shards; the raw value is the file's extension.
package enum ShardFormat: String, Sendable, CaseIterable {
    case npy
    case npz
    case safetensors

    /// The format of a file with this name; `nil` if the name has another extension or nothing before it.
    package init?(fileName: String) {
        guard let format = Self.allCases.first(where: { $0.name(of: fileName) != nil }) else { return nil }
        self = format
    }

    /// `fileName` without the extension of this format; `nil` if it has another extension or nothing before it.
    package func name(of fileName: String) -> String? {
        let ending = ".\(rawValue)".utf8
        let name = fileName.utf8.dropLast(ending.count)
        guard !name.isEmpty, fileName.utf8.suffix(ending.count).elementsEqual(ending) else { return nil }
        return String(decoding: name, as: UTF8.self)
    }
}
