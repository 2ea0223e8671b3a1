import Foundation

/// What a fuzzer feeds: the reader that NNND_FUZZ names, with any bytes.
private let feed: @Sendable ([UInt8]) -> Void = {
    let name = ProcessInfo.processInfo.environment["NNND_FUZZ"] ?? ""
    guard let feed = targets[name] else {
        fatalError("NNND_FUZZ is '\(name)'; it must be one of \(targets.keys.sorted().joined(separator: ", "))")
    }
    return feed
}()

private let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "npy": Readers.npy, "npz": Readers.npz, "npz-members": Readers.npzMembers, "safetensors": Readers.safeTensors,
    "ids": Readers.ids, "delete": Readers.deletions, "json": Searches.json, "npy-body": Searches.npyBody,
]

/// Called by libFuzzer with each input; a trap in it is a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    feed(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// Ends the fuzzer where something that must hold doesn't.
func hold(_ condition: @autoclosure () -> Bool, _ what: String) {
    if !condition() { fatalError(what) }
}
