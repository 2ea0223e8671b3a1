package import FoundationEssentials

/// A successful response of the daemon: the JSON document as it was received, and the value decoded from it.
package struct Answer<Value: Sendable>: Sendable {
    package let value: Value
    package let document: Data
}
