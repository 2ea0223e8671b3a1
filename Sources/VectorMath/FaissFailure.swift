internal import CFaiss

/// An error of Faiss, for example a lack of memory.
package struct FaissFailure: Error, CustomStringConvertible {
    /// The message of the C++ code.
    package let description: String

    /// Calls a function of CFaiss with a buffer for its error message and the size of the buffer.
    ///
    /// - Throws: ``FaissFailure`` if the function reports an error.
    static func check(_ body: (UnsafeMutablePointer<CChar>, Int) -> cf_status) throws(FaissFailure) {
        let message: String? = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            unsafe start.initialize(repeating: 0, count: buffer.count)
            return unsafe body(start, buffer.count) == cf_ok ? nil : String(cString: start)
        }
        if let message { throw FaissFailure(description: message) }
    }
}
