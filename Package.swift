// swift-tools-version: 6.2
import PackageDescription

// The house, floor by floor (docs/ARCHITECTURE.md). Arrows go down only; the build checks the imports
// (`--explicit-target-dependency-import-check error`), so a line that is not listed here cannot be crossed.

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

// What `pkg-config --cflags libtorrent-rasterbar` says: these change the layout of its classes, and SwiftPM takes no
// defines from pkg-config. A test compares the two lists.
let libtorrentDefines: [CXXSetting] = [
  "TORRENT_LINKING_SHARED", "BOOST_ASIO_ENABLE_CANCELIO", "BOOST_ASIO_NO_DEPRECATED", "TORRENT_USE_OPENSSL",
  "TORRENT_USE_LIBCRYPTO", "TORRENT_SSL_PEERS", "OPENSSL_NO_SSL2", "BOOST_ALL_NO_LIB",
].map { .define($0) }

let package = Package(
  name: "shoal",
  products: [.executable(name: "shoal", targets: ["shoal"])],
  targets: [
    // bedrock: C headers and nothing else
    .target(name: "CLinux", path: "CShims/CLinux"),
    .target(name: "CHash", path: "CShims/CHash"),
    .systemLibrary(
      name: "CSQLite", path: "CShims/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(
      name: "COpenSSL", path: "CShims/COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CCurl", path: "CShims/CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(
      name: "CYAML", path: "CShims/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(
      name: "CHTTPParser", path: "CShims/CHTTPParser", providers: [.apt(["libhttp-parser-dev"])]),

    .target(
      name: "CTorrent", path: "CShims/CTorrent", cxxSettings: libtorrentDefines,
      linkerSettings: [.linkedLibrary("torrent-rasterbar"), .linkedLibrary("ssl"), .linkedLibrary("crypto")]),

    // cellar: plumbing that has never heard of a registry
    .target(name: "BlockingWork", dependencies: ["CLinux"], swiftSettings: strict),
    .target(name: "Telemetry", dependencies: ["BlockingWork"], swiftSettings: strict),
    .target(name: "OpenSSLKit", dependencies: ["COpenSSL", "BlockingWork"], swiftSettings: strict),
    .target(name: "TorrentHashing", dependencies: ["OpenSSLKit", "BlockingWork", "CHash"], swiftSettings: strict),
    .target(name: "Wire", dependencies: ["CLinux", "BlockingWork", "OpenSSLKit"], swiftSettings: strict),
    .target(
      name: "CurlKit", dependencies: ["CCurl", "COpenSSL", "CLinux", "BlockingWork"], swiftSettings: strict),

    // floor 0: nouns, rules, state machines, ports
    .target(name: "RegistryCore", swiftSettings: strict),
    // what members of a fleet tell each other and conclude: state machines without sockets, disks or clocks
    .target(name: "FleetCore", dependencies: ["RegistryCore"], swiftSettings: strict),
    // how a blob spreads among peers: state machines without sockets, disks or clocks
    .target(name: "SwarmCore", dependencies: ["RegistryCore"], swiftSettings: strict),

    // floor 1: verbs
    .target(
      name: "RegistryService",
      dependencies: ["RegistryCore", "BlockingWork", "OpenSSLKit", "Telemetry", "TorrentHashing"],
      swiftSettings: strict),

    .target(
      name: "FleetService", dependencies: ["FleetCore", "RegistryCore", "BlockingWork", "OpenSSLKit", "Telemetry"],
      swiftSettings: strict),

    // floor 2: one outside world each
    .target(
      name: "RegistryHTTP", dependencies: ["RegistryCore", "RegistryService", "Wire", "Telemetry", "BlockingWork"],
      swiftSettings: strict),
    .target(
      name: "FleetHTTP",
      dependencies: [
        "RegistryCore", "FleetCore", "RegistryService", "FleetService", "Wire", "CurlKit", "OpenSSLKit",
        "TorrentHashing", "Telemetry", "BlockingWork",
      ],
      swiftSettings: strict),
    .target(
      name: "BlobStoreDisk", dependencies: ["RegistryCore", "BlockingWork", "OpenSSLKit", "TorrentHashing", "CLinux"],
      swiftSettings: strict),
    .target(
      name: "SwarmTorrent", dependencies: ["RegistryCore", "SwarmCore", "BlockingWork", "Telemetry", "CTorrent"],
      swiftSettings: strict),
    .target(
      name: "SwarmTunnels",
      dependencies: ["RegistryCore", "SwarmCore", "Wire", "OpenSSLKit", "BlockingWork", "Telemetry"],
      swiftSettings: strict),
    .target(
      name: "CatalogSQLite", dependencies: ["RegistryCore", "BlockingWork", "CSQLite"], swiftSettings: strict),
    .target(name: "Configuration", dependencies: ["RegistryCore", "CYAML"], swiftSettings: strict),

    // floor 3: commands and wiring
    .executableTarget(
      name: "shoal",
      dependencies: [
        "RegistryCore", "RegistryService", "RegistryHTTP", "BlobStoreDisk", "CatalogSQLite", "SwarmTorrent",
        "SwarmTunnels", "Configuration", "FleetCore", "FleetService", "FleetHTTP", "Wire", "OpenSSLKit", "Telemetry",
        "BlockingWork", "CLinux",
      ],
      swiftSettings: strict),

    // aside: in-memory ports, contract suites, fixtures
    .target(
      name: "RegistryTesting",
      dependencies: ["RegistryCore", "FleetCore", "SwarmCore", "OpenSSLKit", "BlockingWork", "TorrentHashing"],
      swiftSettings: strict
    ),
    // whole fleets in one process, run from the command line: a thousand seeds, a thousand nodes
    .executableTarget(name: "simulate", dependencies: ["RegistryTesting"], swiftSettings: strict),

    // threads for tests that block
    .target(
      name: "BlockingBodies", dependencies: ["BlockingWork"], path: "Tests/BlockingBodies", swiftSettings: strict),

    .testTarget(
      name: "BlockingWorkTests", dependencies: ["BlockingWork"], swiftSettings: strict),
    .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", "BlockingWork"], swiftSettings: strict),
    .testTarget(
      name: "OpenSSLKitTests", dependencies: ["OpenSSLKit", "COpenSSL", "BlockingWork"], swiftSettings: strict),
    .testTarget(
      name: "WireTests",
      dependencies: [
        "Wire", "OpenSSLKit", "COpenSSL", "BlockingWork", "BlockingBodies", "CHTTPParser", "CLinux",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CurlKitTests",
      dependencies: [
        "CurlKit", "CCurl", "Wire", "OpenSSLKit", "COpenSSL", "BlockingWork", "BlockingBodies", "CLinux",
      ],
      swiftSettings: strict),
    // libtorrent's own opinion, for tests only
    .target(
      name: "TorrentOracle", path: "Tests/TorrentOracle", cxxSettings: libtorrentDefines,
      linkerSettings: [.linkedLibrary("torrent-rasterbar"), .linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    .testTarget(
      name: "TorrentHashingTests",
      dependencies: [
        "TorrentHashing", "RegistryService", "RegistryCore", "OpenSSLKit", "BlockingWork", "TorrentOracle",
      ],
      swiftSettings: strict),
    .testTarget(name: "RegistryCoreTests", dependencies: ["RegistryCore", "OpenSSLKit"], swiftSettings: strict),
    .testTarget(
      name: "FleetCoreTests",
      dependencies: ["FleetCore", "RegistryCore", "RegistryTesting", "OpenSSLKit", "BlockingWork"],
      swiftSettings: strict),
    .testTarget(
      name: "SwarmCoreTests", dependencies: ["SwarmCore", "RegistryCore", "FleetCore", "RegistryTesting"],
      swiftSettings: strict),
    // What earlier releases wrote, read by this one.
    .testTarget(
      name: "CompatibilityTests",
      dependencies: ["FleetCore", "FleetService", "RegistryService", "CatalogSQLite", "RegistryCore", "OpenSSLKit"],
      exclude: ["Written"], swiftSettings: strict),
    .testTarget(
      name: "FleetServiceTests",
      dependencies: [
        "FleetService", "FleetHTTP", "FleetCore", "RegistryCore", "RegistryService", "RegistryTesting", "OpenSSLKit",
        "BlockingWork", "Telemetry", "Wire",
      ],
      swiftSettings: strict),
    // The disk behind the torrents, tried without a session. C++, since what it faces is libtorrent's own interface.
    .target(
      name: "CTorrentDiskTrials", dependencies: ["CTorrent"], path: "Tests/CTorrentDiskTrials",
      cxxSettings: libtorrentDefines + [.headerSearchPath("../../CShims/CTorrent")]),
    .testTarget(
      name: "CTorrentDiskTests", dependencies: ["CTorrentDiskTrials"], swiftSettings: strict),
    .testTarget(
      name: "SwarmTunnelsTests",
      dependencies: [
        "SwarmTunnels", "SwarmCore", "RegistryCore", "Wire", "OpenSSLKit", "BlockingWork", "BlockingBodies",
        "Telemetry", "CLinux",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "SwarmTorrentTests",
      dependencies: [
        "SwarmTorrent", "SwarmCore", "CTorrent", "RegistryCore", "RegistryTesting", "TorrentHashing", "OpenSSLKit",
        "BlockingWork",
        "Telemetry",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RegistryServiceTests",
      dependencies: ["RegistryService", "RegistryCore", "RegistryTesting", "OpenSSLKit", "Telemetry", "BlockingWork"],
      swiftSettings: strict),
    .testTarget(
      name: "RegistryHTTPTests",
      dependencies: [
        "RegistryHTTP", "RegistryService", "RegistryCore", "RegistryTesting", "Wire", "Telemetry", "OpenSSLKit",
        "BlockingWork",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "BlobStoreDiskTests",
      dependencies: ["BlobStoreDisk", "RegistryCore", "RegistryTesting", "OpenSSLKit", "BlockingWork", "CLinux"],
      swiftSettings: strict),
    .testTarget(
      name: "CatalogSQLiteTests",
      dependencies: ["CatalogSQLite", "RegistryCore", "RegistryTesting", "OpenSSLKit", "BlockingWork", "CSQLite"],
      swiftSettings: strict),
    .testTarget(name: "ConfigurationTests", dependencies: ["Configuration"], swiftSettings: strict),
    .testTarget(
      name: "ShoalTests", dependencies: ["shoal", "Configuration", "RegistryCore"], swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "FleetCore", "FleetService", "RegistryCore", "OpenSSLKit", "BlockingWork", "BlockingBodies", "CLinux", "shoal",
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// Under a sanitizer (.ci/sanitize) only those tests are built that it can tell something by, and what they need. Pointers
// are the floors' below and the outside worlds'; threads and locks the verbs' and the engines' too. libtorrent is not built
// with the thread sanitizer, which would then see races that are none; the core has neither pointers nor threads; and tests
// that start other processes would watch the wrong one.
let sanitized = [
  "address": [
    "BlockingWork", "Telemetry", "OpenSSLKit", "TorrentHashing", "Wire", "CurlKit", "RegistryCore", "BlobStoreDisk",
    "SwarmTorrent", "SwarmTunnels", "CTorrentDisk", "CatalogSQLite", "Configuration",
  ],
  "thread": [
    "BlockingWork", "Telemetry", "Wire", "CurlKit", "RegistryService", "FleetService", "RegistryHTTP", "BlobStoreDisk",
    "CatalogSQLite", "SwarmTunnels",
  ],
]

if let chosen = Context.environment["SANITIZER"].flatMap({ sanitized[$0] }) {
  var needed = Set(chosen.map { $0 + "Tests" })
  var unseen = Array(needed)
  while let name = unseen.popLast() {
    for case .byNameItem(let next, _) in package.targets.first(where: { $0.name == name })?.dependencies ?? []
    where needed.insert(next).inserted {
      unseen.append(next)
    }
  }
  package.products = []
  package.targets.removeAll { !needed.contains($0.name) }
}
