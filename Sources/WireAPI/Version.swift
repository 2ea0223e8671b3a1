/// The version of nnnd and nnnctl, which are released together.
package enum Version {
    package static let current = "0.1.0"
}
