package import FoundationEssentials

/// An answer of the daemon: the document as it came, and its content.
package struct Answer<Value: Sendable>: Sendable {
    package let value: Value
    package let document: Data
}
