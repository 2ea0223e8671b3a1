/// When images are grouped into cells, and how.
package struct CellLimits: Sendable {
    /// The number of images from which on there are cells; `nil` for none at all.
    package let minimumImages: Int?
    /// Cells are trained again when there are so many times as many images as at the last training, or as few.
    let growth: Int
    /// The number of vectors of the training sample for each cell.
    let sampleRowsPerCell = 64
    /// The number of images that one commit assigns.
    let imagesPerStep: Int
    /// The size of the lists that one commit writes, in bytes.
    let bytesPerStep: Int
    /// The images of the tail are assigned when they stand in more than one of this number of blocks.
    let tailShare = 64
    /// A cell is split if its list is longer than the mean so many times.
    let splitFactor = 2
    /// A cell with a shorter list is not split.
    let minimumSplit: Int

    /// The limits of the daemon, with its default of the setting `cells-from`: no cells.
    package static let standard = CellLimits(minimumImages: nil)

    /// - Parameters:
    ///   - minimumImages: the number of images from which on there are cells; `nil` for no cells.
    ///   - growth: tests use a smaller number than the daemon, as of the others.
    package init(
        minimumImages: Int?, growth: Int = 4, imagesPerStep: Int = 16_384, bytesPerStep: Int = 8 << 20,
        minimumSplit: Int = 128
    ) {
        (self.minimumImages, self.growth, self.minimumSplit) = (minimumImages, growth, minimumSplit)
        (self.imagesPerStep, self.bytesPerStep) = (imagesPerStep, bytesPerStep)
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
