internal import COpenSSL

/// Computes the SHA-256 (FIPS 180-4) of data that arrives in pieces, with OpenSSL's libcrypto.
///
/// For example:
///
///     let digest = ContentDigest()
///     digest.update(piece.span.bytes)
///     let text = digest.finish()  // 64 hexadecimal digits
@safe package final class ContentDigest {
    private let context: OpaquePointer

    /// Starts the digest of no bytes.
    package init() {
        guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            fatalError("libcrypto has no memory for a SHA-256 digest")
        }
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    /// Appends bytes to the data.
    ///
    /// Must not be called after ``finish()``.
    package func update(_ bytes: RawSpan) {
        let result = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(result == 1, "libcrypto rejected bytes of a digest")
    }

    /// Ends the data and returns its digest, as 64 lowercase hexadecimal digits.
    ///
    /// Can be called once.
    package func finish() -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        let result = unsafe EVP_DigestFinal_ex(context, &bytes, nil)
        precondition(result == 1, "libcrypto can't finish a digest")
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The digest of `bytes`, as 64 lowercase hexadecimal digits.
    package static func hexadecimal(of bytes: [UInt8]) -> String {
        let digest = ContentDigest()
        unsafe digest.update(bytes.span.bytes)
        return digest.finish()
    }
}
