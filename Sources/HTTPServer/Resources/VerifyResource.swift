internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import NIOCore
internal import NIOFoundationEssentialsCompat
internal import WireAPI

/// `POST /v1/verify`: compares stored means, codes, ids and checksums with the stored vectors.
struct VerifyResource: Resource {
    let corpus: Corpus
    let bodies: BodyReader
    let operation = ExclusiveOperation(rejection: .verifyRunning)

    let method = HTTPRequest.Method.post
    let path = "/v1/verify"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try request.checkParameters()
        if request.hasBody, request.mediaType != .json {
            throw Problem.unsupportedMediaType(request.headers[.contentType] ?? "", supported: "application/json")
        }
        let verification = try await bodies.withBody(of: request) { body in
            let sample = try Self.sample(body)
            let permit = try operation.begin()
            let verification = try await verify(sample)
            return withExtendedLifetime(permit) { verification }
        }
        return try Response(json: VerifyReport(verification))
    }

    /// Verifies on a new thread, because a verification is long and the threads of the pool serve other requests.
    private func verify(_ sample: Int?) async throws -> Verification {
        try await withCheckedThrowingContinuation { continuation in
            NamedThread.start("verify") { continuation.resume(with: Result { try corpus.verify(sample: sample) }) }
        }
    }

    /// The number of images to verify; `nil` for all.
    private static func sample(_ body: ByteBuffer) throws -> Int? {
        guard body.readableBytes > 0 else { return nil }
        let sample: Int?
        do {
            sample = try WireJSON.decodeRequest(VerifyRequest.self, from: Data(buffer: body)).sample
        } catch {
            throw Problem.badJSON(error, Array(buffer: body))
        }
        if let sample, !RequestLimits.imageCounts.contains(sample) {
            let limit = RequestLimits.imageCounts.upperBound
            throw Problem.badRequest("bad_sample", "'sample' is \(sample); it must be from 1 to \(limit).")
        }
        return sample
    }
}

extension VerifyReport {
    /// The report of a verification.
    fileprivate init(_ verification: Verification) {
        self.init(
            checked: verification.checked, wrong: verification.wrongCount,
            largestDifference: verification.largestDifference,
            images: verification.wrong.map {
                .init(
                    id: $0.id, fault: $0.fault.rawValue, stored: $0.stored.isFinite ? $0.stored : nil,
                    computed: $0.computed.isFinite ? $0.computed : nil)
            },
            wrongReferences: verification.wrongReferenceCount,
            references: verification.wrongReferences.map { .init(id: $0.id, fault: $0.fault.rawValue) })
    }
}
