/// The version of nnnd and nnnctl, which are released together.
///
/// A release sets it. Between two releases it is that of the last one.
package enum Version {
    package static let current = "0.1.0"
}
