/// What went wrong with a request: a problem document (RFC 9457), `application/problem+json`.
package struct Problem: Codable, Error, Equatable, Sendable {
    /// `about:blank`: the code says more than a page would.
    package var type: String
    /// The HTTP status' phrase.
    package var title: String
    /// The HTTP status.
    package var status: Int
    /// What is wrong and what to do, for people.
    package var detail: String
    /// What is wrong, for programs; stable.
    package var code: String

    package init(title: String, status: Int, detail: String, code: String) {
        type = "about:blank"
        self.title = title
        self.status = status
        self.detail = detail
        self.code = code
    }

    /// The media type of such a document.
    package static let mediaType = "application/problem+json"
}
