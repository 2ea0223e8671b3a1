import Foundation
import Testing
import VectorMath

/// The searches for the best references of images, compared with Faiss's public index as an independent implementation.
extension KernelTests {
    @Suite struct ReferenceSearchTests {
        @Test(arguments: Kernels.Level.allCases, [1, 25, 90])
        func findsWhatFaissFinds(level: Kernels.Level, images: Int) throws {
            Kernels.limit(to: level)
            defer { Kernels.endLimit() }
            var random = SplitMix64.forTest()
            for (references, dimension, capacity) in [(400, 37, 90), (900, 64, 20)] {
                let searches = ReferenceSearches(
                    images: ReferenceSearches.directions(images, dimension, &random),
                    references: ReferenceSearches.directions(references, dimension, &random),
                    dimension: dimension, capacity: capacity)
                let faiss = try searches.byFaiss()
                let (products, codes) = (try searches.byProducts(), searches.byCodes())
                let place: Comment = "\(references) references, dimension \(dimension)"
                #expect(searches.agree(products, faiss), place)
                #expect(searches.agree(codes, faiss), place)
                // The two searches of the daemon give the same floats.
                #expect(products.products == codes.products && products.references == codes.references, place)
            }
        }

        /// Prints CPU seconds of one thread, for `Benchmarks/references.py`.
        ///
        /// A line has the dimension, the numbers of references and images, and the seconds by products, by codes, by
        /// Faiss.
        @Test(.enabled(if: ProcessInfo.processInfo.environment["NNND_MEASURE"] != nil))
        func measure() throws {
            var random = SplitMix64.forTest()
            for dimension in [384, 512] {
                let all = ReferenceSearches.directions(20_000 + 8192, dimension, &random)
                for references in [4096, 20_000] {
                    for images in [1, 32, 512, 8192] {
                        let searches = ReferenceSearches(
                            images: Array(all[..<(images * dimension)]),
                            references: Array(all[(8192 * dimension)...].prefix(references * dimension)),
                            dimension: dimension, capacity: 160)
                        let line = try measure(searches, times: images <= 512 ? 5 : 2)
                        print("measured\t\(dimension)\t\(references)\t\(images)\t\(line)")
                    }
                }
            }
        }

        private func measure(_ searches: ReferenceSearches, times: Int) throws -> String {
            var best = [Double](repeating: .infinity, count: 3)
            for _ in 0..<times {
                var found: [ReferenceSearches.Found] = []
                for (method, search) in [searches.byProducts, searches.byCodes, searches.byFaiss].enumerated() {
                    let start = Self.threadSeconds()
                    found.append(try search())
                    best[method] = min(best[method], Self.threadSeconds() - start)
                }
                #expect(searches.agree(found[0], found[2]) && searches.agree(found[1], found[2]))
            }
            return best.map { String(format: "%.6f", $0) }.joined(separator: "\t")
        }

        private static func threadSeconds() -> Double {
            var time = timespec()
            unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        }
    }
}
