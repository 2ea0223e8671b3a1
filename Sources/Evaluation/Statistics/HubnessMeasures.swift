/// How unevenly images appear among the first images of queries.
///
/// N_10 of an image is the number of queries that have it among their first 10 images (Radovanović, Nanopoulos and
/// Ivanović, "Hubs in space", JMLR 2010).
package struct HubnessMeasures: Equatable, Sendable {
    /// The third standardized moment of N_10, with the standard deviation of all images; 0 if all N_10 are equal.
    package let skewness: Double
    /// The share of all appearances that would have to move for all N_10 to be equal; 0 without appearances.
    ///
    /// It is the Robin Hood index (Hoover index): half of the sum of |N_10 - mean|, divided by the sum of N_10.
    package let robinHood: Double
    /// The share of images with N_10 = 0; 0 without images.
    package let antihubs: Double
    /// The largest N_10; 0 without images.
    package let largest: Int
    /// The number of images for each N_10 that occurs, by rising N_10.
    package let histogram: [Count]
    /// The Lorenz curve: element i of 101 is the share of all appearances that the i% of the images with the smallest
    /// N_10 have.
    ///
    /// A part of an image counts as that part of its appearances. Without appearances element i is i / 100.
    package let lorenz: [Double]

    /// The number of images with one N_10.
    package struct Count: Equatable, Sendable {
        package let appearances: Int
        package let images: Int

        package init(appearances: Int, images: Int) {
            self.appearances = appearances
            self.images = images
        }
    }

    /// Measures the appearances of all images.
    ///
    /// - Parameter appearances: N_10 of each image.
    package init(appearances: [UInt32]) {
        var images: [UInt32: Int] = [:]
        for count in appearances { images[count, default: 0] += 1 }
        let histogram = images.sorted { $0.key < $1.key }.map { Count(appearances: Int($0.key), images: $0.value) }
        let number = Double(max(appearances.count, 1))
        let total = histogram.reduce(0) { $0 + $1.appearances * $1.images }
        let mean = Double(total) / number
        func moment(_ power: (Double) -> Double) -> Double {
            histogram.reduce(0) { $0 + power(Double($1.appearances) - mean) * Double($1.images) } / number
        }
        let variance = moment { $0 * $0 }
        skewness = variance > 0 ? moment { $0 * $0 * $0 } / (variance * variance.squareRoot()) : 0
        robinHood = total > 0 ? moment(abs) / (2 * mean) : 0
        antihubs = Double(images[0] ?? 0) / number
        largest = histogram.last?.appearances ?? 0
        self.histogram = histogram
        lorenz = Self.lorenz(of: histogram, images: appearances.count, total: total)
    }

    private static func lorenz(of histogram: [Count], images: Int, total: Int) -> [Double] {
        guard total > 0 else { return (0...100).map { Double($0) / 100 } }
        var counts = histogram[...]
        // The images and appearances of the counts that a point includes whole.
        var (imagesBefore, appearancesBefore) = (0, 0)
        return (0...100).map { percent in
            let limit = Double(images * percent) / 100
            while let first = counts.first, Double(imagesBefore + first.images) <= limit {
                imagesBefore += first.images
                appearancesBefore += first.images * first.appearances
                counts.removeFirst()
            }
            let part = (limit - Double(imagesBefore)) * Double(counts.first?.appearances ?? 0)
            return (Double(appearancesBefore) + part) / Double(total)
        }
    }
}
