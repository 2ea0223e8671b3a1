package import Evaluation
package import FoundationEssentials
internal import HTTPTypes
package import Hummingbird
package import IncrementalBias
package import Observability
package import QuerySampling
internal import ShardFormats

/// The daemon's HTTP API, which `docs/openapi.yaml` describes.
package struct API: Sendable {
    private let resources: [any Resource]

    /// - Parameters:
    ///   - corpus: the images and references.
    ///   - queue: answers searches over the corpus.
    ///   - settings: returns the settings in force; called for each request that needs them.
    ///   - applySettings: applies a k from 1 to the capacity and an alpha from 0 to 1000; returns when every later search
    ///     uses them.
    ///   - spoolStatus: the state of the spool.
    ///   - metrics: counts searches; `GET /metrics` returns it.
    ///   - started: when the daemon started, for `GET /metrics`.
    ///   - sampler: gets the queries of answered searches; `nil` for none.
    ///   - monitor: the same; `GET /v1/status` and `GET /metrics` return what it measures.
    package init(
        corpus: Corpus, queue: SearchQueue, settings: @escaping @Sendable () -> APISettings,
        applySettings: @escaping @Sendable (AppliedSettings) async throws -> Void, spoolStatus: SpoolStatus,
        metrics: DaemonMetrics, started: Date, sampler: QuerySampler? = nil,
        monitor: ReferenceMatchMonitor? = nil
    ) {
        let bodies = BodyReader()
        let listings = MemoryBudget(RequestLimits.allListingBytes, free: RequestLimits.freeListingBytes)
        let evaluation = ExclusiveOperation(rejection: .evaluationRunning)
        let settingsResource = SettingsResource(corpus: corpus, settings: settings)
        resources = [
            SearchResource(
                corpus: corpus, queue: queue, settings: settings, metrics: metrics, bodies: bodies, sampler: sampler,
                monitor: monitor),
            EvaluateResource(corpus: corpus, settings: settings, bodies: bodies, operation: evaluation),
            HubsResource(method: .get, corpus: corpus, settings: settings, bodies: bodies, operation: evaluation),
            HubsResource(method: .post, corpus: corpus, settings: settings, bodies: bodies, operation: evaluation),
            VerifyResource(corpus: corpus, bodies: bodies),
            StatusResource(
                corpus: corpus, settings: settings, spoolStatus: spoolStatus, monitor: monitor, started: .now),
            settingsResource,
            SettingsChangeResource(current: settingsResource, bodies: bodies, apply: applySettings),
            ListingResource(role: .images, corpus: corpus, settings: settings, budget: listings),
            ListingResource(role: .references, corpus: corpus, settings: settings, budget: listings),
            ChangesResource(corpus: corpus, budget: listings),
            ImageResource(corpus: corpus, settings: settings),
            ReferenceResource(corpus: corpus),
            BackupResource(corpus: corpus),
            MetricsResource(
                metrics: metrics, corpus: corpus, queue: queue, spoolStatus: spoolStatus, monitor: monitor,
                started: started),
            LivenessResource(),
            ReadinessResource(corpus: corpus),
        ]
    }

    /// The router that answers requests.
    package func responder() -> some HTTPResponder<APIContext> {
        let router = Router(context: APIContext.self)
        var routes = RouteList()
        for resource in resources { routes.add(resource.method, resource.path) }
        router.add(middleware: ProblemMiddleware(routes: routes))
        for resource in resources {
            router.on(RouterPath(resource.path), method: resource.method) { request, context in
                try await resource.respond(to: request, context: context)
            }
            guard resource.method == .get else { continue }
            router.on(RouterPath(resource.path), method: .head) { request, context in
                try await resource.respond(to: request, context: context).withoutBody
            }
        }
        return router.buildResponder()
    }
}
