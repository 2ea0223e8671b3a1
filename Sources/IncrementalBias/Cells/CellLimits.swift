/// When images are grouped into cells, and how.
package struct CellLimits: Sendable {
    /// The number of images from which on there are cells; `nil` for none at all.
    package var minimumImages: Int?
    /// Cells are trained again when there are so many times as many images as at the last training, or as few.
    var growth = 4
    /// The number of vectors of the training sample for each cell.
    var sampleRowsPerCell = 64
    /// The number of images that one commit assigns.
    var imagesPerStep = 16_384
    /// The size of the lists that one commit writes, in bytes.
    var bytesPerStep = 8 << 20
    /// The images of the tail are assigned when they stand in more than one of this number of blocks.
    var tailShare = 64
    /// A cell is split if its list is longer than the mean so many times.
    var splitFactor = 2
    /// A cell with a shorter list is not split.
    var minimumSplit = 128

    /// The limits of the daemon, with its default of the setting `cells-from`.
    package static let standard = CellLimits(minimumImages: 250_000)

    /// - Parameter minimumImages: the number of images from which on there are cells; `nil` for no cells.
    package init(minimumImages: Int?) {
        self.minimumImages = minimumImages
    }

    /// The number of cells for so many images: four times the square root.
    func cells(for images: Int) -> Int {
        max(1, min(CellDirectory.maximumCount / 2, Int(4 * Double(images).squareRoot())))
    }

    /// The number of vectors of the training sample: their floats take 256 MiB at most.
    func sampleRows(for images: Int, dimension: Int) -> Int {
        min(sampleRowsPerCell * cells(for: images), (1 << 26) / max(1, dimension))
    }

    /// Whether cells that were trained for a number of images no longer fit the present number.
    func isOutgrown(_ directory: CellDirectory, by images: Int) -> Bool {
        images >= growth * directory.trainedImages || growth * images <= directory.trainedImages
    }
}
