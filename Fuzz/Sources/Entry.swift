import Foundation

/// The target that the environment variable NNND_FUZZ names.
private let target: @Sendable ([UInt8]) -> Void = {
    let name = ProcessInfo.processInfo.environment["NNND_FUZZ"] ?? ""
    guard let target = targets[name] else {
        fatalError("NNND_FUZZ is '\(name)'; it must be one of \(targets.keys.sorted().joined(separator: ", "))")
    }
    return target
}()

private let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "npy": Readers.npy, "npz": Readers.npz, "npz-members": Readers.npzMembers, "heaps": Readers.heaps,
    "safetensors": Readers.safeTensors, "ids": Readers.ids, "delete": Readers.deletions, "json": Searches.json,
    "npy-body": Searches.npyBody,
]

/// Runs the target on an input; libFuzzer calls it and reports every trap.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// Ends the fuzzer if a condition is false.
func expect(_ condition: @autoclosure () -> Bool, _ failure: String) {
    if !condition() { fatalError(failure) }
}
