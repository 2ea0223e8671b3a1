import FoundationEssentials

/// What the daemon answered: the document as it came, and what it says.
struct Answer<Value: Sendable>: Sendable {
    let value: Value
    let document: Data
}
