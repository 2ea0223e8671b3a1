import Foundation
import IncrementalBias
import Testing
import VectorMath

/// The settings of a store, compared with requested settings.
struct StoreSettingsTests {
    private let stored = StoreSettings(metric: .cosine, precision: .float32, capacity: 40)

    private func requested(
        _ metric: Metric = .cosine, _ precision: Precision = .float32, capacity: Int? = nil
    ) -> RequestedSettings {
        RequestedSettings(metric: metric, precision: precision, capacity: capacity)
    }

    @Test(arguments: [(1, 9), (32, 40), (128, 160), (1000, 1250)])
    func theDefaultCapacityIsAQuarterMoreAndAtLeastEightMore(_ k: Int, _ capacity: Int) {
        #expect(StoreSettings.defaultCapacity(k: k) == capacity)
        #expect(StoreSettings(requested(), k: k).capacity == capacity)
    }

    @Test func aNewStoreHasTheRequestedCapacity() {
        #expect(StoreSettings(requested(capacity: 77), k: 32).capacity == 77)
    }

    @Test func aRequestWithoutCapacityAcceptsAnyCapacity() throws {
        try stored.check(requested())
        try stored.check(requested(capacity: 40))
    }

    @Test func aRequestThatDiffersIsAnError() {
        #expect(throws: StoreError.settingDiffers(name: "metric", stored: "cosine", wanted: "inner-product")) {
            try stored.check(requested(.innerProduct))
        }
        #expect(throws: StoreError.settingDiffers(name: "precision", stored: "float32", wanted: "float16")) {
            try stored.check(requested(.cosine, .float16))
        }
        #expect(throws: StoreError.settingDiffers(name: "capacity", stored: "40", wanted: "41")) {
            try stored.check(requested(capacity: 41))
        }
    }

    @Test func kMustNotExceedTheCapacity() throws {
        try stored.check(k: 40)
        #expect(throws: StoreError.kBeyondCapacity(k: 41, capacity: 40)) { try stored.check(k: 41) }
    }

    @Test func aRebuildKeepsTheCapacityUnlessKExceedsIt() throws {
        #expect(try stored.rebuilt(as: requested(), k: 40) == stored)
        #expect(try stored.rebuilt(as: requested(), k: 41).capacity == 51)
    }

    @Test func aRebuildCanChangeTheCapacityOnly() throws {
        #expect(try stored.rebuilt(as: requested(capacity: 33), k: 32).capacity == 33)
        #expect(throws: StoreError.kBeyondCapacity(k: 34, capacity: 33)) {
            try stored.rebuilt(as: requested(capacity: 33), k: 34)
        }
        #expect(throws: StoreError.settingDiffers(name: "metric", stored: "cosine", wanted: "inner-product")) {
            try stored.rebuilt(as: requested(.innerProduct), k: 32)
        }
    }

    @Test func theJSONHasMetricPrecisionAndCapacity() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = String(decoding: try encoder.encode(stored), as: UTF8.self)
        #expect(json == #"{"capacity":40,"metric":"cosine","precision":"float32"}"#)
        #expect(try JSONDecoder().decode(StoreSettings.self, from: Data(json.utf8)) == stored)
    }
}
