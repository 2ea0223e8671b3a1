/// The file formats of shards.
///
/// The raw value is the extension of the file name.
package enum ShardFormat: String, Sendable, CaseIterable {
    case npy
    case npz
    case safetensors

    /// The format of a file with this name; `nil` if the extension is another or the name has nothing before it.
    package init?(fileName: String) {
        guard let format = Self.allCases.first(where: { $0.stem(of: fileName) != nil }) else { return nil }
        self = format
    }

    /// `fileName` without the extension of this format; `nil` if the extension is another or the name has nothing
    /// before it.
    package func stem(of fileName: String) -> String? {
        let ending = ".\(rawValue)".utf8
        let name = fileName.utf8.dropLast(ending.count)
        guard !name.isEmpty, fileName.utf8.suffix(ending.count).elementsEqual(ending) else { return nil }
        return String(decoding: name, as: UTF8.self)
    }
}
