/// The file `manifest.json` of an export; while the export is under way it has the name `progress.json`.
package struct ExportManifest: Codable, Equatable, Sendable {
    /// The format of the files: `npy`.
    package var format = "npy"
    /// The version of nnnd.
    package var version: String
    package var metric: String
    package var precision: String
    /// The number of similarities that a mean averages.
    package var k: Int
    /// The dimension of the vectors; 0 if there are none.
    package var dimension = 0
    /// The number of rows in `images.npy`, `images.ids` and `means.npy`.
    package var rows = 0
    /// The number of lines in `changes.ndjson`.
    package var changes = 0
    /// The size of `images.ids` in bytes.
    package var idBytes = 0
    /// The size of `changes.ndjson` in bytes.
    package var changeBytes = 0
    /// The generation of the corpus that the rows and then the changes give.
    package var generation: UInt64 = 0
    /// Where the change feed continues.
    package var cursor = "start"
    /// Whether all images have been written, so that only changes follow.
    package var hasAllImages = false

    package init(version: String, metric: String, precision: String, k: Int) {
        self.version = version
        self.metric = metric
        self.precision = precision
        self.k = k
    }
}
