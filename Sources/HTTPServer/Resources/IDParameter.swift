internal import Foundation
internal import Hummingbird
internal import WireAPI

extension APIContext {
    /// The id in the path, decoded.
    ///
    /// - Throws: `Problem` if it is not percent-encoded UTF-8.
    func id() throws -> String {
        guard let id = try parameters.require("id").removingPercentEncoding else {
            throw Problem.badRequest("bad_id", "The id in the path is not percent-encoded UTF-8.")
        }
        return id
    }
}
