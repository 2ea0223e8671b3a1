internal import FoundationEssentials
internal import NIOHTTP1
internal import WireAPI

extension DaemonClient {
    /// The maximum number of images on a page of an export.
    private static let exportedPerPage = 10_000

    /// Writes all images with their vectors and means into a folder, while the daemon works.
    ///
    /// First come pages of images, then the changes since they were read, until there are no more. Both together are the
    /// corpus of one generation. An export that was interrupted continues if it is called with the same folder.
    ///
    /// - Parameters:
    ///   - folder: the folder's path; nothing, an empty folder or an unfinished export must be there.
    ///   - progress: is called after each page, with the images written so far and those of the corpus.
    /// - Returns: the manifest of the export.
    /// - Throws: ``Failure``, the daemon's `Problem`, `SystemError`, `CancellationError`, and what `progress` throws.
    package func export(
        toFolder folder: String, progress: (_ written: Int, _ images: Int) throws -> Void
    ) async throws -> ExportManifest {
        let status = try await status().value
        var export = try ExportFolder(
            folder,
            ExportManifest(
                version: status.version, metric: status.metric, precision: status.precision, k: status.k))
        try export.save()
        while !export.manifest.hasAllImages {
            try Task.checkCancellation()
            let page = try await exportPage(since: export.manifest.cursor)
            try export.append(page)
            try progress(export.manifest.rows, page.images)
        }
        var hasMore = true
        while hasMore {
            try Task.checkCancellation()
            let (lines, count, end) = try await changesPage(since: export.manifest.cursor)
            try export.append(lines, count: count, end)
            hasMore = end.more
        }
        try export.finish()
        return export.manifest
    }

    private func exportPage(since cursor: String) async throws -> ExportPage {
        let target = changesTarget(since: cursor, limit: Self.exportedPerPage, vectors: true)
        var bytes: [UInt8] = []
        try await stream(request(.GET, target, accept: "application/x-npz"), content: []) { bytes += $0 }
        do {
            return try ExportPage(bytes)
        } catch {
            throw unreadable(error)
        }
    }

    /// A page of changes: its lines without the last one, their number, and the last one.
    private func changesPage(since cursor: String) async throws -> (lines: [UInt8], count: Int, end: ChangesEnd) {
        let target = changesTarget(since: cursor, limit: Self.exportedPerPage, vectors: true)
        var bytes: [UInt8] = []
        try await stream(request(.GET, target, accept: "application/x-ndjson"), content: []) { bytes += $0 }
        let last = bytes.dropLast().lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        do {
            let end = try WireJSON.decode(ChangesEnd.self, from: Data(bytes[last...]))
            let lines = Array(bytes[..<last])
            return (lines, lines.count { $0 == UInt8(ascii: "\n") }, end)
        } catch {
            throw unreadable(error)
        }
    }
}
