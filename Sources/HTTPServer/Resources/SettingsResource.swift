internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import NIOCore
internal import NIOFoundationEssentialsCompat
internal import WireAPI

/// `GET /v1/settings`: the settings that a client can change.
struct SettingsResource: Resource {
    let corpus: Corpus
    let settings: @Sendable () -> APISettings

    let method = HTTPRequest.Method.get
    let path = "/v1/settings"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try request.checkParameters()
        return try Response(json: try await report())
    }

    /// The settings in force.
    func report() async throws -> SettingsReport {
        try await blocking {
            let settings = self.settings()
            let state = try corpus.state()
            return SettingsReport(
                generation: state.generation, k: state.k, alpha: settings.alpha, capacity: corpus.settings.capacity,
                setBy: settings.setBy)
        }
    }
}

/// `PATCH /v1/settings`: changes k and alpha while the daemon runs, and keeps them in the store.
///
/// Only root and the user of the daemon may do this, because it changes the results of all clients.
struct SettingsChangeResource: Resource {
    let current: SettingsResource
    let bodies: BodyReader
    /// Applies settings whose values are allowed; returns when every later search uses them.
    let apply: @Sendable (AppliedSettings) async throws -> Void

    let method = HTTPRequest.Method.patch
    let path = "/v1/settings"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try request.checkParameters()
        guard request.mediaType == .json else {
            throw Problem.unsupportedMediaType(request.headers[.contentType] ?? "", supported: "application/json")
        }
        guard await context.canChangeSettings() else { throw Problem.settingsForbidden }
        let wanted = try await bodies.withBody(of: request) { try settings(in: $0) }
        try await apply(AppliedSettings(k: wanted.k, alpha: wanted.alpha))
        return try Response(json: try await current.report())
    }

    private func settings(in body: ByteBuffer) throws -> SettingsRequest {
        let wanted: SettingsRequest
        do {
            wanted = try WireJSON.decodeRequest(SettingsRequest.self, from: Data(buffer: body))
        } catch {
            throw Problem.badJSON(error, Array(buffer: body))
        }
        let capacity = corpus.settings.capacity
        if let k = wanted.k, k < 1 {
            throw Problem.badRequest("bad_k", "'k' is \(k); it must be from 1 to \(capacity).")
        }
        if let k = wanted.k, k > capacity {
            throw Problem.conflict(
                "bad_k",
                "'k' is \(k); it must be from 1 to \(capacity), the store's capacity, which 'nnnd rebuild' changes.")
        }
        if let alpha = wanted.alpha, !RequestLimits.alpha.contains(alpha) {
            throw Problem.badRequest("bad_alpha", "'alpha' is \(alpha); it must be from 0 to 1000.")
        }
        return wanted
    }

    private var corpus: Corpus { current.corpus }
}
