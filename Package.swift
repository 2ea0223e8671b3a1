// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6 language mode, warnings are errors, and each unsafe use says so.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// Tests follow the same rules.
let testing = strict

let package = Package(
    name: "nnnd",
    products: [
        .executable(name: "nnnd", targets: ["nnnd"]),
        .executable(name: "nnnctl", targets: ["nnnctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C and C++, nothing of Swift.
        .systemLibrary(name: "CLMDB", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CFaiss", dependencies: ["CKernels"], linkerSettings: [.linkedLibrary("faiss")]),
        .target(name: "CKernels"),

        // The libraries. Dependencies point down only; `Tests/Structure` checks the imports.
        .target(
            name: "PosixSupport", dependencies: [.product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: strict),
        .target(name: "LMDB", dependencies: ["CLMDB"], swiftSettings: strict),
        .target(name: "VectorMath", dependencies: ["CFaiss", "CKernels", "CZlib"], swiftSettings: strict),
        .target(name: "ShardFormats", dependencies: ["CZlib"], swiftSettings: strict),
        .target(name: "WireAPI", swiftSettings: strict),
        .target(
            name: "SpoolProtocol", dependencies: ["COpenSSL", "PosixSupport", "ShardFormats", "WireAPI"],
            swiftSettings: strict),
        .target(
            name: "IncrementalBias",
            dependencies: [
                "LMDB", "ShardFormats", "VectorMath", .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Evaluation", dependencies: ["IncrementalBias", "ShardFormats", "VectorMath", "WireAPI"],
            swiftSettings: strict),
        .target(
            name: "Prometheus", dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: strict
        ),
        .target(
            name: "Observability",
            dependencies: [
                "IncrementalBias", "Prometheus", "ShardFormats", "WireAPI",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "SpoolIngest",
            dependencies: [
                "IncrementalBias", "Observability", "PosixSupport", "ShardFormats", "SpoolProtocol", "WireAPI",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "QuerySampling",
            dependencies: [
                "IncrementalBias", "Observability", "PosixSupport", "ShardFormats", "SpoolProtocol",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "HTTPServer",
            dependencies: [
                "Evaluation", "IncrementalBias", "Observability", "PosixSupport", "Prometheus", "QuerySampling",
                "ShardFormats", "SpoolProtocol", "VectorMath", "WireAPI",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationEssentialsCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "DaemonSupport",
            dependencies: [
                "CMalloc", "IncrementalBias", "LMDB", "Observability", "PosixSupport", "QuerySampling", "ShardFormats",
                "SpoolProtocol", "VectorMath",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "ControlClient",
            dependencies: [
                "PosixSupport", "ShardFormats", "SpoolProtocol", "WireAPI",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),

        // The programs: composition and commands.
        .executableTarget(
            name: "nnnd",
            dependencies: [
                "DaemonSupport", "Evaluation", "HTTPServer", "IncrementalBias", "Observability", "PosixSupport",
                "QuerySampling", "SpoolIngest", "WireAPI",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "nnnctl",
            dependencies: [
                "ControlClient", "ShardFormats", "WireAPI",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        // Faiss's public index, which needs BLAS and OpenMP: for tests and benchmarks only.
        .target(
            name: "CFaissFlat", path: "Tests/CFaissFlat",
            linkerSettings: ["faiss", "blas", "lapack", "gomp"].map { .linkedLibrary($0) }),

        // Tests, one target for each library.
        .testTarget(name: "LMDBTests", dependencies: ["LMDB"], swiftSettings: testing),
        .testTarget(name: "VectorMathTests", dependencies: ["CFaissFlat", "VectorMath"], swiftSettings: testing),
        .testTarget(
            name: "ShardFormatsTests", dependencies: ["ShardFormats"], exclude: ["Fixtures"], swiftSettings: testing),
        .testTarget(name: "WireAPITests", dependencies: ["WireAPI"], swiftSettings: testing),
        .testTarget(name: "PosixSupportTests", dependencies: ["PosixSupport"], swiftSettings: testing),
        .testTarget(
            name: "ControlClientTests",
            dependencies: ["ControlClient", "PosixSupport", "ShardFormats", "SpoolProtocol", "WireAPI"],
            swiftSettings: testing),
        .testTarget(
            name: "SpoolProtocolTests", dependencies: ["PosixSupport", "ShardFormats", "SpoolProtocol"],
            swiftSettings: testing),
        .testTarget(
            name: "SpoolIngestTests",
            dependencies: [
                "IncrementalBias", "Observability", "PosixSupport", "ShardFormats", "SpoolIngest", "SpoolProtocol",
                "VectorMath", "WireAPI", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: testing),
        .testTarget(
            name: "QuerySamplingTests",
            dependencies: ["Observability", "QuerySampling"], swiftSettings: testing),
        .testTarget(
            name: "IncrementalBiasTests", dependencies: ["IncrementalBias", "LMDB", "ShardFormats", "VectorMath"],
            swiftSettings: testing),
        .testTarget(
            name: "EvaluationTests", dependencies: ["Evaluation", "IncrementalBias", "ShardFormats", "VectorMath"],
            swiftSettings: testing),
        .testTarget(
            name: "PrometheusTests",
            dependencies: ["Prometheus", .product(name: "Metrics", package: "swift-metrics")], swiftSettings: testing),
        .testTarget(
            name: "HTTPServerTests",
            dependencies: [
                "HTTPServer", "IncrementalBias", "Observability", "PosixSupport", "ShardFormats", "VectorMath",
                "WireAPI",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: testing),
        .testTarget(
            name: "DaemonSupportTests",
            dependencies: [
                "DaemonSupport", "IncrementalBias", "Observability", "PosixSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: testing),
        .testTarget(
            name: "ObservabilityTests",
            dependencies: [
                "IncrementalBias", "Observability", "ShardFormats", "WireAPI",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: testing),
    ],
    cxxLanguageStandard: .cxx17
)
