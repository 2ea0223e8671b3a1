/// The reason why a request failed: a problem document (RFC 9457), `application/problem+json`.
package struct Problem: Codable, Error, Equatable, Sendable {
    /// Always `about:blank` (no URI for the type), because `code` identifies the problem.
    package var type: String
    /// The reason phrase of the HTTP status.
    package var title: String
    /// The HTTP status.
    package var status: Int
    /// The cause and the remedy, for people.
    package var detail: String
    /// The cause, for programs; codes do not change between versions.
    package var code: String

    package init(title: String, status: Int, detail: String, code: String) {
        type = "about:blank"
        self.title = title
        self.status = status
        self.detail = detail
        self.code = code
    }

    /// The media type of problem documents.
    package static let mediaType = "application/problem+json"
}
