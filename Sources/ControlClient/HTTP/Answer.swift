package import FoundationEssentials

/// What the daemon answered: the document as it came, and what it says.
package struct Answer<Value: Sendable>: Sendable {
    package let value: Value
    package let document: Data
}
